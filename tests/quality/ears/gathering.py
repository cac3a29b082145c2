"""Has listeners gather what they hear of takes, and keeps what is slow. Must not know what becomes of it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tasks.qa.listeners import built_in, light, whisper
from tasks.qa.listeners.built_in import ModelListener, SecondOpinion
from tasks.qa.listeners.listener import Sound
from tasks.qa.listeners.sound import Opinion, Opinions
from tests.quality.ears.fit import Listened
from tests.quality.ears.takes import Known
from tortoise_core.inference.evidence import Evidence

FAULTY_FOR_EACH = 2  # takes with a fault for each as rendered, where a listener is too slow for all


class Kept:
    """Keeps the opinions of a recogniser: the same recording is not listened to twice. Implements `SecondOpinion`."""

    def __init__(self, second: SecondOpinion, folder: Path) -> None:
        self.digest = second.digest
        self.cpu_seconds = 0.0  # of what was listened to by this process
        self.audio_seconds = 0.0
        self._second = second
        self._folder = folder

    def hear(self, sound: Sound, evidence: Evidence) -> Opinions:
        """See `SecondOpinion`."""
        content = hashlib.sha256(sound.audio.tobytes() + f"{self.digest} {sound.spoken}".encode()).hexdigest()
        path = self._folder / f"{content[:32]}.json"
        if not path.exists():
            begun = time.process_time()
            opinions = self._second.hear(sound, evidence)
            self.cpu_seconds += time.process_time() - begun
            self.audio_seconds += sound.seconds
            self._folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(asdict(opinions)), "utf-8")
        kept = json.loads(path.read_text("utf-8"))
        return Opinions(*(tuple(Opinion(**own) for own in kept[side]) for side in ("words", "gaps")))


@dataclass(frozen=True)
class Ear:
    """A kind of listener to be measured."""

    kind: str  # as in `policy.json`
    listener: ModelListener
    hears_all: bool  # quick enough for every take
    false_alarms: float  # share of good takes that its threshold may call doubtful


def ears(model: Path, whisper_model: str, folder: Path) -> list[Ear]:
    """The kinds of listeners, what is slow of them kept in a folder."""
    second = {light.NAME: light.LightOpinion(), whisper.NAME: whisper.WhisperOpinion(whisper_model)}
    kept = {name: Kept(own, folder / name) for name, own in second.items()}
    return [
        Ear(built_in.NAME, ModelListener(model), True, 0.05),
        Ear(light.NAME, ModelListener(model, light.NAME, kept[light.NAME]), False, 0.05),
        Ear(whisper.NAME, ModelListener(model, whisper.NAME, kept[whisper.NAME]), False, 0.03),
    ]


def subset(takes: Iterable[Known]) -> Iterator[Known]:
    """Yields every take without a planted fault, and two with one after each: other kinds in turn."""
    faulty: list[Known] = []
    turn = 0
    for take in takes:
        if take.is_faulty:
            faulty.append(take)
            continue
        for n in range(min(FAULTY_FOR_EACH, len(faulty))):
            yield faulty[(turn + n) % len(faulty)]
        turn += FAULTY_FOR_EACH
        faulty = []
        yield take


def gather(ear: Ear, takes: Iterable[Known]) -> Iterator[Listened]:
    """Yields what a listener gathers of each take; of some, where it is slow."""
    for take in takes if ear.hears_all else subset(takes):
        yield Listened(take, ear.listener.evidence(take.sound))
