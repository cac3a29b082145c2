"""Makes the content key of a master from all that shapes its audio, so that an unchanged chapter is not made again.

It must not know what is stored under the key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from configs.settings import MasterSettings, StitchSettings
from storage.records import ChosenTake

# Raise it when the code of stitch or master turns equal inputs into other audio.
MASTER_FORMAT_VERSION = 2


def master_key(cues: Sequence[ChosenTake], stitch: StitchSettings, master: MasterSettings) -> str:
    """Returns the sha256 (64 hexadecimal digits) of a chapter's takes in order, their pauses, and all settings.

    Args:
        cues: the chapter's utterances with their takes, in reading order.
        stitch: all settings of the stitch stage.
        master: all settings of the master stage.
    """
    content = {
        "version": MASTER_FORMAT_VERSION,
        "takes": [[cue.utterance.index, cue.take.key, cue.take.audio_sha256, _pause(cue)] for cue in cues],
        "stitch": stitch.model_dump(mode="json"),
        "master": master.model_dump(mode="json"),
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _pause(cue: ChosenTake) -> str | float:
    """Returns what decides the silence after an utterance: seconds that the text asks for, else the pause's kind."""
    return cue.utterance.pause.value if cue.utterance.pause_s is None else cue.utterance.pause_s
