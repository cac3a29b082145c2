"""An engine is lent to one thread at a time, in parts that fit into memory, until the user asks for the end."""

import pytest

from tasks import stopping
from tasks.errors import EngineMemoryError, TalepressError, TransientError
from tasks.synthesize.speaker import Speaker
from tests.tasks.audio import latents
from tortoise_core.errors import OutOfMemoryError, TextError
from tortoise_core.inference.fake import FakeEngine
from tortoise_core.inference.interface import SpeechRequest
from tortoise_core.inference.presets import SamplingSettings

REQUESTS = [SpeechRequest(f"Words number {n}.", latents(), SamplingSettings(), n) for n in range(7)]


def test_parts_are_halved_until_they_fit_and_results_keep_their_order():
    engine = FakeEngine(max_batch=2)
    spoken = Speaker(engine).speak(REQUESTS)
    assert engine.batch_sizes == [7, 4, 2, 2, 2, 1]  # 4 do not fit, so no more than 2 are tried again
    for request, result in zip(REQUESTS, spoken, strict=True):
        (alone,) = FakeEngine().speak([request])
        assert result.audio.tobytes() == alone.audio.tobytes()


def test_the_next_part_is_not_begun_once_the_user_asks_for_the_end(monkeypatch):
    engine = FakeEngine(max_batch=4)
    speaker = Speaker(engine)
    speaker.speak(REQUESTS)
    engine.batch_sizes.clear()
    asked = iter([False, True])
    monkeypatch.setattr(stopping._stop, "requested", False)
    monkeypatch.setattr(stopping, "check", lambda: next(asked) and (_ for _ in ()).throw(stopping.Stopped))
    with pytest.raises(stopping.Stopped):
        speaker.speak(REQUESTS)
    assert len(engine.batch_sizes) == 1
    with pytest.raises(StopIteration):  # the lock is free again, and the next caller is asked as well
        speaker.speak(REQUESTS)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (OutOfMemoryError("no"), EngineMemoryError, "a single utterance of 15 characters: close other programs"),
        (TextError("too long"), TalepressError, "the model cannot speak a text: too long"),
        (OSError("cable"), TransientError, "speaking failed: cable"),
        (TimeoutError("late"), TransientError, "speaking failed: late"),
    ],
)
def test_what_an_engine_raises_says_whether_another_try_may_help(monkeypatch, error, kind, words):
    engine = FakeEngine()
    monkeypatch.setattr(engine, "speak", lambda requests: (_ for _ in ()).throw(error))
    with pytest.raises(kind, match=words) as caught:
        Speaker(engine).speak(REQUESTS[:1])
    assert type(caught.value) is kind
