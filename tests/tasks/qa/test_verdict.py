"""A verdict from what the checks found, and the best take of several."""

import json

import numpy as np
import pytest

from storage.hearing import Hearing
from storage.records import Take, Verdict
from tasks.qa.checks import CHECKS, Rendering
from tasks.qa.verdict import DOUBT, HEARD, RANK, best, judge, rank
from tests.tasks.audio import RATE, tone


def test_one_reason_is_enough_to_doubt(settings):
    judgement = judge(Rendering(tone(2.0), tone(2.0), RATE, "Twenty-eight characters long"), settings.qa)
    assert judgement.verdict is Verdict.DOUBTFUL
    assert len(judgement.reasons) == 1
    assert judgement.scores[DOUBT] == 1


def test_all_scores_are_kept_and_are_json(settings):
    judgement = judge(Rendering(np.zeros(1), np.zeros(1), RATE, ""), settings.qa)
    assert set(judgement.scores) == {*CHECKS, DOUBT}
    assert json.loads(json.dumps(judgement.scores, allow_nan=False)) == judgement.scores


def take(attempt, doubt, liked=0.0, **scores):
    verdict = Verdict.DOUBTFUL if doubt else Verdict.OK
    scores = scores or {RANK: liked}
    return Take(f"k{attempt}", "u", attempt, 0, "a", RATE, 1, verdict, scores={DOUBT: float(doubt), **scores})


@pytest.mark.parametrize(
    ("takes", "kept"),
    [
        ([take(0, 2), take(1, 1), take(2, 3)], 1),
        ([take(0, 1, 0.9), take(1, 0, 0.1)], 1),
        ([take(0, 1, 0.1), take(1, 1, 0.9)], 1),
        ([take(1, 1), take(0, 1)], 0),
        # what was heard of a take counts more than its rank, and less than a doubt
        ([take(0, 0, rank=0.9, heard=0.8), take(1, 0, rank=0.1, heard=1.0)], 1),
        ([take(0, 0, rank=0.1, heard=1.0), take(1, 0, rank=0.9, heard=1.0)], 1),
        ([take(0, 0, rank=0.9), take(1, 0, rank=0.1, heard=0.5)], 1),
        ([take(0, 1, rank=0.9, heard=1.0), take(1, 0, rank=0.1, heard=0.5)], 1),
        # takes from before there was one rank: the sum of two scores
        ([take(0, 0, clvp=2.0, speller=-9.0), take(1, 0, clvp=1.0, speller=-2.0)], 1),
        ([take(0, 0, clvp=2.0, speller=-4.0), take(1, 0, -1.0), take(2, 0, -3.0)], 1),
    ],
)
def test_best(takes, kept):
    assert best(takes).attempt == kept


def test_best_of_nothing():
    with pytest.raises(ValueError, match="empty"):
        best([])


def test_severities_add_up_and_what_was_misheard_is_one_more(settings):
    silent = judge(Rendering(np.zeros(RATE), np.zeros(RATE), RATE, "x" * 99, hit_length_cap=True), settings.qa)
    assert silent.scores[DOUBT] == 2 + 2 + 2  # silence, too short, no end
    assert len(silent.reasons) == 3
    good = np.concatenate([tone(2.0), np.zeros(RATE // 5, dtype=np.float32)])
    fine = Rendering(good, tone(2.0), RATE, "Twenty-eight characters long", "Twenty-eight characters long")
    assert judge(fine, settings.qa).verdict is Verdict.OK
    heard = judge(fine, settings.qa, Hearing("Twenty-eight characters long", (), 0.75))
    assert (heard.verdict, heard.scores[HEARD], heard.scores[DOUBT]) == (Verdict.OK, 0.75, 0)
    assert HEARD not in judge(fine, settings.qa).scores


def test_scores_have_six_digits(settings):
    scores = judge(Rendering(tone(0.7), tone(0.7), RATE, "abc"), settings.qa).scores
    assert scores["seconds_per_char"] == round(0.7 / 3, 6)


@pytest.mark.parametrize(
    ("scores", "ranked"),
    [({RANK: 2.0, "clvp": 9.0}, 2.0), ({"clvp": 1.5, "speller": -4.0}, -2.5), ({"clvp": 1.5}, 1.5), ({}, 0.0)],
)
def test_the_rank_of_a_take_is_its_own_or_that_of_two_scores(scores, ranked):
    assert rank(take(0, 0, **{"x": 1.0, **scores})) == ranked
