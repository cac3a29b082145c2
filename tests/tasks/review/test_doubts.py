"""Every reason of a check has plain words."""

import ast
import inspect

import pytest

from tasks.errors import BadInputError
from tasks.qa import checks
from tasks.review.doubts import DOUBTS, doubt_of, in_words, require_doubt


def reasons_of_the_checks():
    """The constant text of every reason that stands in the checks' source."""
    found = []
    for node in ast.walk(ast.parse(inspect.getsource(checks))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding" and len(node.args) > 1:
            reason = node.args[1]
            parts = reason.values if isinstance(reason, ast.JoinedStr) else [reason]
            found.append("".join(part.value for part in parts if isinstance(part, ast.Constant)))
    return found


def test_each_reason_of_the_checks_is_of_exactly_one_kind():
    reasons = [*reasons_of_the_checks(), "may have dropped 'lantern' at 0:03"]  # the last: a listener's
    assert len(reasons) == len(DOUBTS)
    kinds = [[doubt.name for doubt in DOUBTS if doubt.sign in reason] for reason in reasons]
    assert all(len(names) == 1 for names in kinds), list(zip(reasons, kinds, strict=True))
    assert {names[0] for names in kinds} == {doubt.name for doubt in DOUBTS}


def test_reasons_are_said_once_and_in_words():
    assert in_words(["misspelled: -2.1 nats a character", "misspelled: -3 nats a character", "silence: -90 dBFS"]) == (
        "may have dropped or mispronounced a word",
        "nothing is heard",
    )
    assert in_words(["a reason of tomorrow"]) == ("a reason of tomorrow",)


def test_an_unknown_kind_is_refused_and_the_known_ones_are_named():
    assert require_doubt("misspelled") is doubt_of("misspelled: x")
    with pytest.raises(BadInputError, match=r"'mispelled'.*silence.*misspelled"):
        require_doubt("mispelled")


@pytest.mark.parametrize(
    ("reason", "name", "words"),
    [
        ("silence: -90 dBFS", "silence", "nothing is heard"),
        ("clipping: 2.0% of samples", "clipping", "is distorted"),
        ("constant offset of 0.1", "offset", "may click at its edges"),
        ("too long: 9.1 s for 3 words", "long", "is too long: may have added or repeated words"),
        ("too short: 0.1 s for 30 words", "short", "is too short: may have dropped words"),
        ("silence of 3.4 s inside", "gap", "has a gap inside"),
        ("cut off: -2 dB at the end", "cut-off", "may be cut off at its end"),
        ("misspelled: -2.1 nats a character", "misspelled", "may have dropped or mispronounced a word"),
        (
            "length cap: 604 codes",
            "endless",
            "did not come to an end by itself: may go on with sounds that are no words",
        ),
        ("its direction may still be heard", "direction", "may begin with the direction of its voice"),
        ("may have dropped 'lantern' at 0:03", "misheard", "may have dropped 'lantern' at 0:03"),
        ("7 samples are no numbers", "damaged", "is damaged"),
    ],
)
def test_what_listeners_are_told_of_each_kind(reason, name, words):
    """Its name is an option of `talepress review list`."""
    assert doubt_of(reason) is require_doubt(name)
    assert in_words([reason]) == (words,)
