"""What is spoken once more: by place, or for which doubts."""

from types import SimpleNamespace

import pytest

from flows.order.request import Request, Retrial
from flows.order.retrial import chosen_again, reasons_of
from tasks.errors import BadInputError

DOUBTS = {(0, 0): ("silence: -90 dBFS",), (0, 1): ("too long: 9 s",), (1, 0): ("clipping: 2%", "too short: 0.1 s")}


def order(**asked):
    """An order of three utterances, all of them doubtful."""
    places = [SimpleNamespace(chapter_index=chapter, index=index) for chapter, index in DOUBTS]
    flagged = [
        SimpleNamespace(utterance=u, take=SimpleNamespace(reasons=DOUBTS[u.chapter_index, u.index])) for u in places
    ]
    rows = SimpleNamespace(takes=SimpleNamespace(flagged=lambda *asked: flagged if asked == ("s", (0, 1)) else []))
    return SimpleNamespace(
        request=Retrial(book="/b.epub", **asked),
        source="s",
        chapters=(0, 1),
        keyed=[SimpleNamespace(key=str(number), utterance=utterance) for number, utterance in enumerate(places)],
        services=SimpleNamespace(database=SimpleNamespace(read=lambda ask: ask(rows))),
    )


@pytest.mark.parametrize(
    ("reason", "keys"),
    [
        ("", "012"),
        ("silence", "0"),
        ("silence,long", "01"),
        ("short, silence", "02"),
        ("gap", ""),
        ("rejected", ""),  # has no take that may be used, so it is spoken in any case
        ("rejected,long", "1"),
    ],
)
def test_what_is_doubted_for_one_of_the_reasons(reason, keys):
    assert "".join(item.key for item in chosen_again(order(reason=reason))) == keys


@pytest.mark.parametrize("reason", ["ugly", "silence,ugly", "silence,", ","])
def test_what_names_no_reason_is_refused(reason):
    with pytest.raises(BadInputError, match="--reason"):
        reasons_of(reason)


def test_places_go_before_reasons():
    assert [item.key for item in chosen_again(order(only="2:1", reason="silence"))] == ["2"]
    with pytest.raises(BadInputError, match="9:9"):
        chosen_again(order(only="9:9"))


def test_a_text_that_occurs_twice_is_spoken_once():
    twice = order()
    twice.keyed[2].key = twice.keyed[0].key
    assert [item.utterance for item in chosen_again(twice)] == [item.utterance for item in twice.keyed[:2]]


@pytest.mark.parametrize(
    ("text", "names"), [("", set()), ("short", {"short"}), (" short , rejected ", {"short", "rejected"})]
)
def test_reasons_are_read_with_blanks_around_them(text, names):
    assert reasons_of(text) == names


def test_places_are_spoken_in_reading_order_whatever_order_they_are_named_in():
    assert [item.key for item in chosen_again(order(only="2:1,1:1"))] == ["0", "2"]


def test_a_request_that_is_no_retrial_speaks_all_that_is_doubted():
    plain = order()
    plain.request = Request(book="/b.epub", out="/out")
    assert [item.key for item in chosen_again(plain)] == ["0", "1", "2"]
