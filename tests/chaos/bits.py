"""Flips random bits of takes, masters, voices and weights, one at a time: `python -m tests.chaos.bits --count 5000`.

Each must be found where it is used, before it is heard, and by what looks for damage; what cannot be made again must be
refused with the commands that mend it. Everything runs in this process, without Prefect.
"""

import argparse
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from configs.settings import load_settings
from flows.services import open_services
from storage.artifacts import ArtifactStore
from storage.errors import DamagedArtifactError
from storage.records import Master, PlacedUtterance
from tasks.errors import BadInputError
from tasks.models.catalogue import how_to_mend
from tasks.package.audio.encode import Stretch, sound
from tasks.stitch.assemble import stitch_chapter
from tasks.synthesize.render import encode_flac
from tasks.voices.catalogue import read_latents
from tests.flows.samples import add_voice
from tests.tasks.audio import RATE, cue, utterance
from tortoise_core.checkpoints import read_manifest, verify, write_manifest, write_network
from tortoise_core.errors import CheckpointError, DamagedWeightsError
from tortoise_core.models.univnet import UnivNet, UnivNetConfig

SECONDS = 0.2
SMALL = UnivNetConfig(noise_channels=4, channels=4, strides=(2, 2), predictor_channels=4, mel_bands=6)


class Takes:
    """Takes, used when a chapter is stitched. A run finds them by `is_whole`, and speaks them again."""

    def __init__(self, folder):
        self._store = ArtifactStore(folder / "takes")
        self._folder = folder
        self._settings = load_settings().stitch
        noise = np.random.default_rng(0)
        audio = [0.1 * noise.standard_normal(round(SECONDS * RATE)) for _ in range(8)]
        self._cues = [cue(self._store, one, index) for index, one in enumerate(audio)]
        self.files = [self._store.path(cue.take.audio_sha256) for cue in self._cues]

    def is_found(self, number):
        used = self._cues[number]
        try:
            stitch_chapter(self._store, [used], self._settings, self._folder / "chapter.flac")
        except DamagedArtifactError as error:
            return not self._store.is_whole(used.take.audio_sha256) and "run the same command again" in str(error)
        return False


class Masters:
    """Masters, used when an edition is encoded. A run finds them by `is_whole`, and makes them of their takes."""

    def __init__(self, folder):
        self._store = ArtifactStore(folder / "masters")
        audio = 0.1 * np.random.default_rng(1).standard_normal(round(5 * SECONDS * RATE))
        address = self._store.put_bytes(encode_flac(audio, RATE))
        placed = (PlacedUtterance(utterance(0), "take", 0, len(audio)),)
        self._master = Master(0, "One", address, RATE, len(audio), -10.0, -4.4, placed)
        self.files = [self._store.path(address)]

    def is_found(self, number):
        try:
            list(sound(self._store, Stretch(self._master, 0, self._master.samples)))
        except DamagedArtifactError as error:
            return not self._store.is_whole(self._master.audio_sha256) and "run the same command again" in str(error)
        return False


class Voices:
    """The latents of a voice that was added, used when an engine speaks: refused, with the commands to type."""

    def __init__(self, folder):
        home = folder / "home"
        add_voice(home)
        storage = {"data_dir": str(home)}
        with open_services(load_settings(storage=storage, synthesize={"engine": "fake", "model": "sound"})) as services:
            (self._voice,) = services.added_voices()
            self._store = services.store
        self.files = [self._store.path(self._voice.latents_sha256)]

    def is_found(self, number):
        try:
            read_latents(self._voice, self._store)
        except BadInputError as error:
            return "`talepress voice remove tone`, then `talepress voice add tone" in str(error)
        return False


class Weights:
    """Weights, used when a model is loaded: refused with the file's name; the catalogue has the commands to type."""

    def __init__(self, folder):
        self._folder = folder / "model"
        self._folder.mkdir()
        write_manifest(
            self._folder,
            "small",
            {"vocoder": write_network(self._folder, "vocoder", SMALL, UnivNet(SMALL).state_dict())},
        )
        self.files = [self._folder / "vocoder.safetensors"]

    def is_found(self, number):
        return all(self._is_refused(use) for use in (self._load, self._verify)) and bool(how_to_mend(self._folder))

    def _load(self):
        read_manifest(self._folder).load("vocoder")

    def _verify(self):
        verify(self._folder)

    def _is_refused(self, use):
        try:
            use()
        except (DamagedWeightsError, CheckpointError) as error:
            return str(self.files[0]) in str(error)
        return False


KINDS = (Takes, Masters, Voices, Weights)


def flip(path, draw):
    """Flips one bit of a file. Returns the file's bytes of before, and which bit."""
    whole = path.read_bytes()
    at = draw.randrange(len(whole))
    bit = draw.randrange(8)
    path.chmod(0o644)
    path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << bit)]) + whole[at + 1 :])
    return whole, f"bit {bit} of byte {at}"


def run(count, seed, folder):
    """Flips `count` bits. Returns how many were flipped of each kind, and which were not found."""
    draw = random.Random(seed)
    kinds = [kind(folder) for kind in KINDS]
    tried = Counter()
    unfound = []
    for _ in range(count):
        kind = draw.choice(kinds)
        number = draw.randrange(len(kind.files))
        whole, what = flip(kind.files[number], draw)
        name = type(kind).__name__.lower()
        tried[name] += 1
        if not kind.is_found(number):
            unfound.append(f"{name}: {what} of {len(whole)}")
        kind.files[number].write_bytes(whole)
    return tried, unfound


def main():
    """Prints what was flipped, and what was not found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="talepress-bits-") as folder:
        tried, unfound = run(options.count, options.seed, Path(folder))
    print(f"flipped {dict(tried)}, found {tried.total() - len(unfound)} of {tried.total()}")
    print("\n".join(unfound))
    sys.exit(1 if unfound else 0)


if __name__ == "__main__":
    main()
