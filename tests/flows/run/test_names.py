"""Task runs are named after chapters and utterances, as people count them."""

from types import SimpleNamespace

from flows.run.names import mastering_name, speaking_name
from flows.run.synthesis import _UnderWay


def test_speaking_is_named_after_chapter_and_utterances():
    assert speaking_name([(2, index) for index in range(40, 72)]) == "speak ch 3: 41-72"
    assert speaking_name([(2, 40)]) == "speak ch 3: 41"
    assert speaking_name([(2, 71), (2, 40), (2, 50)]) == "speak ch 3: 3 of 41-72"
    assert speaking_name([(2, 71), (3, 0)]) == "speak ch 3-4: 2 utterances"


def test_mastering_is_named_after_its_chapters():
    assert mastering_name([2]) == "master ch 3"
    assert mastering_name([2, 3, 4, 5]) == "master ch 3-6"


def test_a_text_that_occurs_again_is_named_by_its_first_place():
    places = [(0, 1), (1, 4)]
    keyed = [SimpleNamespace(key="a", utterance=SimpleNamespace(chapter_index=c, index=i)) for c, i in places]
    chapters = [SimpleNamespace(title="One"), SimpleNamespace(title="Two")]
    under_way = _UnderWay(SimpleNamespace(book=SimpleNamespace(chapters=chapters), keyed=keyed))
    batches = ((SimpleNamespace(utterance_key="a"),),)
    under_way.begin(batches)
    assert (under_way.name_of(batches), under_way.title) == ("speak ch 1: 2", "One")
