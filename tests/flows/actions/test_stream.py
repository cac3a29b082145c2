"""A stream begins with a short part, and says every word once."""

import io
from types import SimpleNamespace

import numpy as np
import pytest

from flows.actions.stream import FIRST_CHARS, Planned, plan_stream, stream_text
from flows.services import open_services, read_settings

LONG = "The lamp was lit, and the old man who had listened for a step all evening put down his book. He rose. "


def parts_of(text):
    with open_services(read_settings(synthesize={"voice": "slt"})) as services:
        planned = plan_stream(services, text, seed=0, candidates=None, force=False)
        pauses = services.settings.stitch.pauses
        return [request.text for request in planned.requests], planned.pauses_s, pauses


@pytest.mark.usefixtures("home")
def test_the_first_part_of_a_stream_ends_at_its_first_mark():
    texts, pauses_s, pauses = parts_of(LONG * 3)
    assert texts[0] == "The lamp was lit,"
    assert pauses_s[0] == pauses.clause
    assert pauses_s[1] == pauses.sentence
    assert " ".join(texts) == " ".join((LONG * 3).split())


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("It was late.", ["It was late."]),
        ("It was late. Mr. Toad drove home.", ["It was late. Mister Toad drove home."]),
        (LONG[18:92], [LONG[18:92]]),  # no mark, no cut
        ('"Oh!" he said at once and went out of the room.', ['"Oh!" he said at once and went out of the room.']),
    ],
)
def test_a_text_without_a_fitting_mark_is_one_part(text, parts):
    texts, _, _ = parts_of(text)
    assert texts == parts


@pytest.mark.usefixtures("home")
def test_a_first_sentence_is_spoken_alone():
    texts, _, _ = parts_of("Nobody came up the stairs that night. The bells rang, and he put down his book again.")
    assert texts[0] == "Nobody came up the stairs that night."
    assert len(texts[0]) <= FIRST_CHARS


@pytest.mark.parametrize("pauses_s", [(0.1, 0.3, 0.7)])
def test_between_two_parts_lies_the_silence_after_the_first(pauses_s):
    """Speech is three samples a part here, so that what lies between can be counted."""
    engine = SimpleNamespace(sample_rate=1000, stream=lambda _: iter([np.full(3, 0.5, np.float32)]))
    services = SimpleNamespace(engine=engine, settings=read_settings())
    parts = (SimpleNamespace(seed=0),) * 3
    sink = io.BytesIO()
    sink.seekable = lambda: False
    stream_text(services, Planned(parts, pauses_s, "joe"), sink)
    samples = np.frombuffer(sink.getvalue()[44:], "<i2")
    assert [int(at) for at in np.flatnonzero(samples)] == [0, 1, 2, 103, 104, 105, 406, 407, 408]
