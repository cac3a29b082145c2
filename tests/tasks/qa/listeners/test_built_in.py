"""What the policy is given of each word, from made-up evidence."""

import math
from dataclasses import replace

import numpy as np
import pytest

from storage.hearing import HowHeard
from tasks.models.catalogue import SHIPPED_FOLDER
from tasks.qa.listeners.built_in import VERSION, ModelListener, gap_features, word_features
from tasks.qa.listeners.listener import Sound
from tasks.qa.listeners.policy import Policy, Weighing, policy_of
from tasks.qa.listeners.sound import Opinion, Opinions
from tortoise_core.description import read_description
from tortoise_core.inference.evidence import Evidence, GapEvidence, WordEvidence

WELL = WordEvidence(0, 1, 0.0, 0.1, ("T", "AH1"), ("T", "AH0"), -20.0, -20.0, -20.0, -1e4, 0.5, (0.5, 0.5))
REST = ("unlike as the rest", "unlike in the rest")


def evidence(*unlike):
    """Evidence of words, each unlike its text by so many nats."""
    words = tuple(replace(WELL, unlike=nats, first_s=n / 5, last_s=n / 5 + 0.1) for n, nats in enumerate(unlike))
    gaps = tuple(GapEvidence(n / 5, n / 5, (), 0.0) for n in range(len(words) + 1))
    return Evidence(words, gaps, sum(unlike) / (2 * len(words)), 2.0)


def rest(found, n):
    opinions = Opinions((Opinion(),) * len(found.words), (Opinion(),) * len(found.gaps))
    features = word_features(found, opinions, n)
    return [features[name] for name in REST]


def test_a_word_is_compared_with_the_rest_of_its_take_and_not_with_itself():
    assert rest(evidence(0.0, 20.0, 0.0), 1) == [0.0, 0.0]
    assert rest(evidence(3.0, 20.0, 3.0), 1) == pytest.approx(rest(evidence(3.0, 1.0, 3.0), 1))
    assert min(rest(evidence(3.0, 0.0, 3.0), 1)) > 0


def test_a_word_that_is_its_whole_take_is_weighed_as_if_the_rest_were_said_well():
    assert rest(evidence(20.0), 0) == [0.0, 0.0]


FIRST = WordEvidence(0, 3, 0.0, 0.5, ("T", "AH1"), (), -4.0, -1.0, -1.0, -6.0, 2.0, (1.0, 3.5))
SECOND = WordEvidence(4, 7, 1.0, 1.2, ("K", "AE1", "T"), (), 4.0, 2.0, -5.5, 4.0, 9.0, (4.0, 5.0, 3.0))
THIRD = WordEvidence(8, 10, 1.5, 2.0, ("S", "IY1"), ("S", "AH0"), -20.0, -20.0, 3.5, -1e4, 1.0, (0.5, 0.5))
GAPS = (
    GapEvidence(0.0, 0.0, (), 0.5),
    GapEvidence(0.5, 1.0, ("M",) * 3, 2.0),
    GapEvidence(1.2, 1.5, (), 5.0),
    GapEvidence(2.0, 6.0, ("M",) * 12, 60.0),
)
EVIDENCE = Evidence((FIRST, SECOND, THIRD), GAPS, 1.5, 2.5)
OPINIONS = Opinions(
    tuple(Opinion(doubt) for doubt in (0.0, 0.8, 0.25)), tuple(Opinion(doubt) for doubt in (0.1, 0.2, 0.6, 0.5))
)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("missing", (0.25, 0.75, 0.0)),
        ("doubled", (0.5, 2 / 3, 0.0)),
        ("doubled and added beside", (0.1, 1 / 3, 0.0)),
        ("exchanged", (0.5, 0.5, 0.75)),  # with the word before or with the one after
        ("mistaken", (0.125, 0.75, 0.0)),
        ("unlike", (1.098612, 2.302585, 0.693147)),
        ("unlike a phone", (1.0, 3.0, 0.5)),
        ("unlike worst phone", (1.504077, 1.791759, 0.405465)),
        ("unlike phones", (0.5, 2 / 3, 0.0)),
        ("unlike beside", (2.302585, 1.098612, 2.302585)),
        ("unlike as the rest", (1.791759, 0.916291, 1.871802)),
        ("unlike in the rest", (1.7, 0.375, 1.9)),
        ("added beside", (1.098612, 1.791759, 3.713572)),
        ("hurried", (0.0, 0.287682, 0.0)),
        ("drawn out", (0.0, 0.0, 0.262364)),
        ("last", (0.0, 0.0, 1.0)),
        ("last and unlike", (0.0, 0.0, 0.5)),
        ("second", (0.0, 0.8, 0.25)),
        ("second and unlike", (0.0, 0.18, 0.00625)),
        ("second beside", (0.2, 0.6, 0.6)),
        ("long and second", (0.0, 0.3, 0.0625)),
    ],
)
def test_each_feature_of_a_word_is_what_the_weights_were_learned_for(name, values):
    """Another value needs weights that are learned anew, and another VERSION."""
    found = [word_features(EVIDENCE, OPINIONS, n) for n in range(3)]
    assert [features[name] for features in found] == pytest.approx(values, abs=1e-6)
    assert found[0].keys() == policy_of("light").weighings["word"].weights.keys()
    assert VERSION == 2


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("added", (1.098612, 3.713572)),
        ("phones", (3.0, 10.0)),
        ("last", (0.0, 1.0)),
        ("last and added", (0.0, 3.713572)),
        ("last phones", (0.0, 10.0)),
        ("seconds", (0.5, 3.0)),
        ("unlike beside", (2.302585, 0.693147)),
        ("second", (0.2, 0.5)),
        ("second and added", (0.01, 0.5)),
    ],
)
def test_each_feature_of_a_gap_is_what_the_weights_were_learned_for(name, values):
    found = [gap_features(EVIDENCE, OPINIONS, n) for n in (1, 3)]
    assert [features[name] for features in found] == pytest.approx(values, abs=1e-6)
    assert found[0].keys() == policy_of("light").weighings["gap"].weights.keys()


class Second:
    digest = "second 1"


@pytest.fixture
def listener():
    """Doubts words that are missing, and gaps that are long."""
    made = ModelListener(SHIPPED_FOLDER / "tortoise_mini", second=Second())
    weights = {"word": {"missing": 8.0}, "gap": {"seconds": 8.0}}
    known = {"word": word_features(EVIDENCE, OPINIONS, 0), "gap": gap_features(EVIDENCE, OPINIONS, 0)}
    weighings = {kind: Weighing(-4.0, dict.fromkeys(known[kind], 0.0) | own) for kind, own in weights.items()}
    made.__dict__["_policy"] = Policy(0.5, weighings)
    made.evidence = lambda sound: (EVIDENCE, OPINIONS)
    return made


def test_a_hearing_names_all_that_it_depends_on(listener):
    assert listener.digest.startswith("built-in 2 ") and listener.digest.endswith(" second 1")
    model = read_description(SHIPPED_FOLDER / "tortoise_mini").digest()
    assert ModelListener(SHIPPED_FOLDER / "tortoise_mini", "light").digest == f"light {VERSION} {model}"


def test_words_and_gaps_are_told_in_order_where_they_are_doubted(listener):
    (heard,) = listener.listen([Sound(np.zeros(9, np.float32), 24_000, "The cat see")])
    assert [(word.start, word.end, word.how, word.start_s, word.end_s) for word in heard.words] == [
        (0, 3, HowHeard.SAID, 0.0, 0.5),
        (4, 4, HowHeard.ADDED, 0.5, 1.0),
        (4, 7, HowHeard.MISSING, 1.0, 1.2),
        (8, 10, HowHeard.SAID, 1.5, 2.0),
        (11, 11, HowHeard.ADDED, 2.0, 6.0),
    ]
    assert [word.doubt for word in heard.words] == [0.1192, 0.5, 0.8808, 0.018, 1.0]
    assert heard.score == pytest.approx(1 - sum(word.doubt for word in heard.words) / 3, abs=1e-6)


@pytest.mark.parametrize(
    ("missing", "doubled", "doubt", "how", "heard"),
    [
        (4.0, 2.0, 0.9, HowHeard.MISSING, "suh"),
        (2.0, 4.0, 0.9, HowHeard.ADDED, "suh"),
        (-1.0, -2.0, 0.9, HowHeard.DOUBTFUL, "suh"),  # neither explains it better
        (0.0, 0.0, 0.5, HowHeard.DOUBTFUL, "suh"),
        (4.0, 2.0, 0.4999, HowHeard.SAID, ""),
    ],
)
def test_a_doubted_word_is_missing_said_twice_or_like_something_else(listener, missing, doubled, doubt, how, heard):
    word = replace(THIRD, missing=missing, doubled=doubled)
    found = listener._word(word, Opinion(), doubt)
    assert (found.how, found.heard, found.doubt) == (how, heard, doubt)
    assert how is HowHeard.SAID or listener._word(word, Opinion(1.0, "sea"), doubt).heard == "sea"


def test_a_word_without_room_is_hurried_by_a_hundredth_of_a_second_for_its_phones_and_one():
    crowded = tuple(replace(WELL, first_s=at, last_s=at) for at in (0.5, 0.5, 0.5, 1.0))
    found = Evidence(crowded, (GAPS[0],) * 5, 0.0, 2.0)
    opinions = Opinions((Opinion(),) * 4, (Opinion(),) * 5)
    # 0.5, 0.01, 0.5 and 1.5 s for three each: the median is 0.5 / 3
    assert word_features(found, opinions, 1)["hurried"] == pytest.approx(math.log(50))


def test_a_gap_of_a_text_without_words_has_nothing_beside_it():
    found = gap_features(Evidence((), GAPS[:1], 0.0, 1.0), Opinions((), (Opinion(),)), 0)
    assert (found["unlike beside"], found["last"]) == (0.0, 1.0)
