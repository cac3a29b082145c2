"""A stream begins with a short part, and says every word once."""

import io
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from flows.actions import stream
from flows.actions.stream import FIRST_CHARS, Planned, Streamed, plan_stream, stream_text, streamed_json
from flows.services import open_services, read_settings
from tasks.errors import BadInputError
from tasks.synthesize.wav import HEADER_BYTES, UNKNOWN_LENGTH

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


@pytest.mark.usefixtures("home")
def test_what_is_asked_of_the_engine_is_what_one_asks_for():
    with open_services(read_settings(synthesize={"voice": "slt"})) as services:
        planned = plan_stream(services, " Hello. ", seed=7, candidates=3, force=False)
        (request,) = planned.requests
        assert (request.text, request.seed, request.settings) == ("Hello.", 7, services.sampling_with(candidates=3))
        assert planned.voice == "slt"
        (request,) = plan_stream(services, "Hello.", seed=7, candidates=None, force=False).requests
        assert request.settings == services.sampling


FRENCH = "Il était une fois une petite fille qui vivait avec sa mère dans une maison au bord de la forêt. " * 4


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("text", "voice", "message"),
    [
        (" \n", "slt", "is empty"),
        ("[sad,] Hello.", "slt", "leave --stream out"),
        ("Hello.", "slt [sad,]", "leave --stream out"),
        ("***", "slt", "leaves nothing to say"),
        (FRENCH, "slt", "the text is in French"),
    ],
)
def test_what_cannot_be_streamed_is_refused_before_anything_is_heard(text, voice, message):
    with open_services(read_settings(synthesize={"voice": voice})) as services:
        with pytest.raises(BadInputError, match=message):
            plan_stream(services, text, seed=0, candidates=None, force=False)
        if text == FRENCH:
            assert plan_stream(services, text, seed=0, candidates=None, force=True).requests


class Pipe(io.BytesIO):
    """Cannot go back, and notes how much was there each time when it was handed on."""

    def __init__(self):
        super().__init__()
        self.handed_on = []

    def seekable(self):
        return False

    def flush(self):
        self.handed_on.append(len(self.getvalue()))


@pytest.fixture
def engine(monkeypatch):
    """Says each request in two chunks of two samples and one, a second after the other."""
    now = [5.0]

    def speak(request):
        for chunk in ([0.5, 1.5], [-2.0]):
            now[0] += 1.0
            yield np.array(chunk, np.float32)

    monkeypatch.setattr(stream, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    return SimpleNamespace(engine=SimpleNamespace(sample_rate=1000, stream=speak), settings=read_settings())


PLANNED = Planned((SimpleNamespace(seed=9),) * 3, (0.1, 0.3, 0.7), "joe")


@pytest.mark.usefixtures("home")
def test_between_two_parts_lies_the_silence_after_the_first(engine):
    sink = Pipe()
    streamed = stream_text(engine, PLANNED, sink)
    samples = np.frombuffer(sink.getvalue()[HEADER_BYTES:], "<i2")
    assert [int(at) for at in np.flatnonzero(samples)] == [0, 1, 2, 103, 104, 105, 406, 407, 408]
    assert samples[:3].tolist() == [16384, 32767, -32767]  # what is over full scale is cut, not turned over
    assert streamed == Streamed(0.409, 1.0, 6.0, "joe", "fast", 9, 1000)
    assert streamed_json(streamed, Path("x.wav")) == {
        "path": "x.wav",
        "voice": "joe",
        "preset": "fast",
        "seed": 9,
        "sample_rate": 1000,
        "audio_seconds": 0.409,
        "first_audio_seconds": 1.0,
        "wall_seconds": 6.0,
        "rtf": 14.67,
    }


@pytest.mark.usefixtures("home")
def test_each_chunk_is_handed_on_as_soon_as_it_is_made(engine):
    sink = Pipe()
    stream_text(engine, PLANNED, sink)
    sound = np.array([2, 3, 103, 105, 106, 406, 408, 409])
    assert sink.handed_on == (HEADER_BYTES + 2 * sound).tolist()


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("mode", ["wb", "ab"])
def test_what_stands_around_a_stream_in_a_file_stays(engine, tmp_path, mode):
    """As in `{ echo a log; talepress say --stream ...; echo more; } > FILE`, or `>> FILE`."""
    with (tmp_path / "log").open(mode) as sink:
        sink.write(b"before")
        stream_text(engine, PLANNED, sink)
        sink.write(b"after")
    written = (tmp_path / "log").read_bytes()
    sound = 2 * 409
    assert (written[:6], written[-5:], len(written)) == (b"before", b"after", 6 + HEADER_BYTES + sound + 5)
    told = int.from_bytes(written[6:][HEADER_BYTES - 4 : HEADER_BYTES], "little")
    assert told == (sound if mode == "wb" else UNKNOWN_LENGTH)
