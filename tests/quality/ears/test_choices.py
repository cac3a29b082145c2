"""The best of four takes by ear, beside others who choose: with a teacher, a judge and a listener that stand in."""

from types import SimpleNamespace

import numpy as np
import soundfile

from storage.hearing import HeardWord, HowHeard
from tasks.qa.listeners.listener import hearing
from tests.quality import material
from tests.quality.ears.listening import choices
from tests.quality.ears.material import TAKES
from tests.quality.ears.rendering import Rendered

TEXTS = ["One lamp was lit.", "Nobody knew."]
RANKS = (0.1, 0.9, 0.5, 0.7)  # of the takes of each text
SCORES = (0.2, 0.9, 0.8, 0.7)
HOW = (HowHeard.SAID, HowHeard.DOUBTFUL, HowHeard.SAID, HowHeard.SAID)  # a word of each take


class Studio:
    """Has four takes of each text, whose samples say which they are."""

    def __init__(self, folder):
        self._folder = folder

    def render(self, wanted):
        return [
            Rendered(
                np.array([take.attempt], np.float32),
                24_000,
                RANKS[take.attempt],
                self._folder / f"{TEXTS.index(take.spoken)}-{take.attempt}.flac",
            )
            for take in wanted
        ]


class Listener:
    """Hears which take it is."""

    def listen(self, sounds):
        found = []
        for sound in sounds:
            number = int(sound.audio[0])
            found.append(hearing("one", [HeardWord(0, 3, HOW[number], 0.0, 0.1, 1 - SCORES[number])], 1))
        return found


def test_a_take_is_chosen_by_rank_by_ear_and_not_at_all(tmp_path, monkeypatch):
    teacher = SimpleNamespace(speak=lambda text: (np.zeros(240, np.float32), 0))
    monkeypatch.setattr(material, "teacher_of", lambda voice: teacher)
    judged = {}

    def judge(name, rows):
        judged[name] = [(row.wav.name, row.text) for row in rows]
        assert all(soundfile.info(row.reference).frames == 240 for row in rows)
        return {"utterances": len(rows), "wer": 1.0, "cer": 1.0, "dnsmos_p808": 4.0, "rows": []}

    listening = SimpleNamespace(
        material=SimpleNamespace(to_choose=TEXTS),
        studio=Studio(tmp_path),
        ears=[SimpleNamespace(kind=kind, listener=Listener()) for kind in ("built-in", "whisper")],
        judge=judge,
        out=tmp_path,
    )
    rows = choices(listening)
    assert [row["who"] for row in rows] == [
        "teacher",
        "first take",
        "best by the engine's rank",
        "best by ear: built-in",
    ]
    chosen = [[wav for wav, _ in own] for own in judged.values()]
    assert chosen == [
        ["000.wav", "001.wav"],
        ["0-0.flac", "1-0.flac"],
        ["0-1.flac", "1-1.flac"],
        ["0-2.flac", "1-2.flac"],  # the best heard of those that are not doubted
    ]
    assert all([text for _, text in own] == TEXTS for own in judged.values()) and len(RANKS) == TAKES
