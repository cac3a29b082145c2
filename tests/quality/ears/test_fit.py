"""What is learned of takes whose faults are known, and how it is told: on evidence made up for the purpose."""

import random
from dataclasses import replace

import numpy as np
import pytest

from tasks.qa.listeners.listener import Sound
from tasks.qa.listeners.sound import Opinion, Opinions
from tests.quality.ears import fit
from tests.quality.ears.fit import Listened, cross_validated, greatest_doubt, learn, threshold
from tests.quality.ears.rates import rates
from tests.quality.ears.takes import NATURAL, Known
from tortoise_core.inference.evidence import Evidence, GapEvidence, WordEvidence

COUNT = 6  # words of a sentence
WELL = WordEvidence(0, 1, 0.0, 0.1, ("T",), ("T",), -20.0, -20.0, -20.0, -1e4, 0.5, (0.5,))
OPINIONS = Opinions((Opinion(),) * COUNT, (Opinion(),) * (COUNT + 1))


def take(sentence, wrong=None, more=False, noise=0.0):
    """A take of a sentence of six words; the wrong one is missing, or something is added after the last."""
    words = [replace(WELL, start=n, end=n + 1, first_s=n / 5, last_s=n / 5 + 0.1) for n in range(COUNT)]
    spans = ()
    if wrong is not None:
        words[wrong] = replace(words[wrong], missing=4.0 + noise, unlike=9.0 + noise)
        spans = ((wrong, wrong + 1),)
        for beside in (wrong - 1, wrong + 1):  # what stands there is disturbed as much
            if 0 <= beside < COUNT:
                words[beside] = replace(words[beside], missing=4.0 + noise, unlike=9.0 + noise)
    gaps = [GapEvidence(n / 5, n / 5 + 0.02, (), 0.3 + abs(noise)) for n in range(COUNT + 1)]
    if more:
        gaps[-1] = GapEvidence(1.2, 2.0, ("T",) * 6, 30.0 + noise)
    kind = "dropped" if wrong is not None else "babble" if more else NATURAL
    known = Known(None, kind, Sound(np.zeros(1, np.float32), 24_000, sentence), spans)
    return Listened(known, (Evidence(tuple(words), tuple(gaps), 0.2, 1.4), OPINIONS))


def several(sentences):
    source = random.Random(0)
    for n in range(sentences):
        yield take(f"sentence {n}", noise=source.gauss(0, 0.5))
        yield take(f"sentence {n}", wrong=source.randrange(COUNT), noise=source.gauss(0, 0.5))
        yield take(f"sentence {n}", more=True, noise=source.gauss(0, 0.5))


def test_what_is_learned_tells_takes_apart():
    weighings = learn(several(14))
    assert greatest_doubt(take("new"), weighings) < 0.1
    assert greatest_doubt(take("new", wrong=2), weighings) > 0.9
    assert greatest_doubt(take("new", more=True), weighings) > 0.9
    assert greatest_doubt(replace(take("new"), found=None), weighings) == 1


def test_words_beside_a_wrong_one_are_neither_right_nor_wrong(monkeypatch):
    learned = {}
    monkeypatch.setattr(fit, "_regression", lambda samples: learned.setdefault(len(learned), samples))
    learn([take("one", wrong=2), take("two", more=True)])
    words, gaps = learned.values()
    assert [sample.is_wrong for sample in words] == [False, True, False, False] + [False] * (COUNT - 1)
    assert len(gaps) == COUNT + 1 - 2 + COUNT + 1 and [sample.is_wrong for sample in gaps].count(True) == 1


def test_a_take_is_judged_by_what_other_sentences_taught(monkeypatch):
    takes = list(several(fit.FOLDS))
    seen = []

    def learned(others):
        seen.append({other.known.sound.spoken for other in others})
        return len(seen)

    monkeypatch.setattr(fit, "learn", learned)
    monkeypatch.setattr(fit, "greatest_doubt", lambda _take, fold: fold)
    folds = cross_validated(takes)
    assert all(own.known.sound.spoken not in seen[fold - 1] for own, fold in zip(takes, folds, strict=True))
    assert all(len(others) == fit.FOLDS - 1 for others in seen)


def test_the_threshold_lets_so_many_good_takes_be_doubted():
    most = [0.1, 0.2, 0.3, 0.4, 0.9]
    faulty = [False] * 4 + [True]
    assert sum(doubt >= threshold(most, faulty, 0.25) for doubt in most[:4]) == 1
    assert sum(doubt >= threshold(most, faulty, 0.0) for doubt in most[:4]) == 0


def test_rates_come_with_their_bounds_and_the_curve():
    takes = [own for n in range(20) for own in (take(f"{n}"), take(f"{n}", wrong=1), take(f"{n}", more=True))]
    most = [doubt for n in range(20) for doubt in (0.9 if n == 0 else 0.1, 0.8, 0.2 if n < 10 else 0.7)]
    found = rates(takes, most, 0.5)
    assert (found["tested"], found["as rendered"], found["dropped"], found["babble"]) == (60, 20, 100, 50)
    assert (found["recall"], found["false alarms"], found["precision"]) == (75.0, 5.0, 96.8)
    assert found["recall, from"] < 75 < found["recall, to"] and found["false alarms, from"] == 0
    assert found["false alarms, to"] == pytest.approx(15, abs=5)
    assert found["recall at 5% false alarms"] == 100 and found["recall at 1% false alarms"] == 0
