"""A master's key covers whatever its audio depends on, and stays what it was."""

import hashlib
import json
from dataclasses import replace

import pytest

from configs.settings import MasterSettings, PauseSettings, StitchSettings
from storage.records import ChosenTake, PauseKind, Take, Verdict
from tasks.master.master_key import MASTER_FORMAT_VERSION, master_key
from tests.tasks.audio import RATE, utterance

PAUSES = {name: number / 10 for number, name in enumerate(PauseSettings.model_fields, start=1)}
STITCH = {"head_s": 0.5, "tail_s": 1.0, "pauses": PAUSES}
MASTER = {"target_lufs": -19.0, "ceiling_dbtp": -3.5}


def cue(index, key, sha256, pause=PauseKind.SENTENCE, pause_s=None):
    spoken = replace(utterance(index, pause), pause_s=pause_s)
    return ChosenTake(spoken, Take(key * 64, "u", 0, 0, sha256 * 64, RATE, 4800, Verdict.OK))


CUES = (cue(0, "a", "b"), cue(1, "c", "d", PauseKind.SCENE), cue(2, "e", "f", pause_s=0.7))


def key(cues=CUES, stitch=STITCH, master=MASTER):
    return master_key(cues, StitchSettings(**stitch), MasterSettings(**master))


def test_the_key_is_the_digest_of_all_that_shapes_a_master():
    """Written down with version 2. Another key has every chapter mastered again: do so only with a new version."""
    content = {
        "version": 2,
        "takes": [[0, "a" * 64, "b" * 64, "sentence"], [1, "c" * 64, "d" * 64, "scene"], [2, "e" * 64, "f" * 64, 0.7]],
        "stitch": STITCH,
        "master": MASTER,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert MASTER_FORMAT_VERSION == 2
    assert key() == hashlib.sha256(text.encode()).hexdigest()


OTHERS = {
    "order": {"cues": CUES[::-1]},
    "one take less": {"cues": CUES[:2]},
    "take": {"cues": (cue(0, "0", "b"), *CUES[1:])},
    "audio": {"cues": (cue(0, "a", "0"), *CUES[1:])},
    "place": {"cues": (cue(9, "a", "b"), *CUES[1:])},
    "kind of pause": {"cues": (cue(0, "a", "b", PauseKind.SCENE), *CUES[1:])},
    "no pause at all": {"cues": (cue(0, "a", "b", pause_s=0.0), *CUES[1:])},
    "length of a pause": {"cues": (*CUES[:2], cue(2, "e", "f", pause_s=0.8))},
    "head": {"stitch": {**STITCH, "head_s": 0.6}},
    "tail": {"stitch": {**STITCH, "tail_s": 1.1}},
    **{name: {"stitch": {**STITCH, "pauses": {**PAUSES, name: 5.0}}} for name in PAUSES},
    "loudness": {"master": {**MASTER, "target_lufs": -20.0}},
    "ceiling": {"master": {**MASTER, "ceiling_dbtp": -3.0}},
}


@pytest.mark.parametrize("what", OTHERS)
def test_whatever_is_other_makes_another_key(what):
    assert key(**OTHERS[what]) != key()


def test_all_others_differ_among_each_other():
    assert len({key(**changed) for changed in OTHERS.values()}) == len(OTHERS)
