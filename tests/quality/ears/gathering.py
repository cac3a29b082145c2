"""Has listeners gather what they hear of takes, and keeps what is slow. Must not know what becomes of it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tasks.qa.listeners import built_in, light, whisper
from tasks.qa.listeners.built_in import ModelListener, SecondOpinion
from tasks.qa.listeners.listener import Sound
from tasks.qa.listeners.sound import Opinion, Opinions
from tests.quality.ears.fit import Listened
from tests.quality.ears.takes import Known
from tortoise_core.inference.evidence import Evidence

KINDS = (built_in.NAME, light.NAME, whisper.NAME)


class Kept:
    """Keeps the opinions of a recogniser: the same recording is not listened to twice. Implements `SecondOpinion`."""

    def __init__(self, second: SecondOpinion, folder: Path) -> None:
        self.digest = second.digest
        self._second = second
        self._folder = folder

    def hear(self, sound: Sound, evidence: Evidence) -> Opinions:
        """See `SecondOpinion`."""
        content = hashlib.sha256(sound.audio.tobytes() + f"{self.digest} {sound.spoken}".encode()).hexdigest()
        path = self._folder / f"{content[:32]}.json"
        if not path.exists():
            opinions = self._second.hear(sound, evidence)
            self._folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(asdict(opinions)), "utf-8")
        kept = json.loads(path.read_text("utf-8"))
        return Opinions(*(tuple(Opinion(**own) for own in kept[side]) for side in ("words", "gaps")))


@dataclass(frozen=True)
class Ear:
    """A kind of listener to be measured."""

    kind: str  # as in `policy.json`
    listener: ModelListener
    afresh: ModelListener  # the same without what was kept


def ears(model: Path, kinds: Sequence[str], whisper_model: str, folder: Path) -> list[Ear]:
    """The listeners of these kinds, what is slow of them kept in a folder."""

    def slow(second: SecondOpinion, name: str) -> Ear:
        kept = Kept(second, folder / name)
        return Ear(name, ModelListener(model, name, kept), ModelListener(model, name, second))

    def quick() -> Ear:
        own = ModelListener(model)
        return Ear(built_in.NAME, own, own)

    makers: dict[str, Callable[[], Ear]] = {
        built_in.NAME: quick,
        light.NAME: lambda: slow(light.LightOpinion(), light.NAME),
        whisper.NAME: lambda: slow(whisper.WhisperOpinion(whisper_model), whisper.NAME),
    }
    return [makers[kind]() for kind in kinds]


def cost(ear: Ear, takes: Sequence[Known]) -> float:
    """Seconds of processor time for a second of audio; the first take loads the networks and is not counted."""
    ear.afresh.evidence(takes[0].sound)
    begun = time.process_time()
    for take in takes[1:]:
        ear.afresh.evidence(take.sound)
    return (time.process_time() - begun) / sum(take.sound.seconds for take in takes[1:])


def gather(ear: Ear, takes: Iterable[Known]) -> Iterator[Listened]:
    """Yields what a listener gathers of each take."""
    for take in takes:
        yield Listened(take, ear.listener.evidence(take.sound))
