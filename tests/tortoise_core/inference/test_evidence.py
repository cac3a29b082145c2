"""Evidence for and against a recording saying a text, on real speech."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch

from tasks.models.catalogue import SHIPPED_FOLDER
from tortoise_core.checkpoints.manifest import read_manifest
from tortoise_core.errors import AudioError
from tortoise_core.inference.evidence import SOUNDS, UNHEARD, EvidenceGatherer
from tortoise_core.inference.phone_hearer import PhoneHearer
from tortoise_core.text.phonemes import VOCABULARY

RECORDING = Path(__file__).parents[2] / "tasks" / "align" / "recordings" / "slt"
TEXT, WORDS = json.loads(RECORDING.with_suffix(".json").read_text("utf-8")).values()
AUDIO, RATE = soundfile.read(RECORDING.with_suffix(".flac"), dtype="float32")


RIVALS = {"kings": [("L", "AE1", "M", "P", "S"), ("R", "IH1", "NG", "Z")], "lit": [("L", "IH0", "T")]}


@pytest.fixture(scope="module")
def gatherer():
    hearer = PhoneHearer(read_manifest(SHIPPED_FOLDER / "tortoise_mini"))
    return EvidenceGatherer(hearer, lambda word: RIVALS.get(word, ()))


def of_word(evidence, word):
    return next(own for own in evidence.words if TEXT[own.start : own.end] == word)


def place(word):
    start, end = next((start, end) for text, start, end in WORDS if text == word)
    return round(start * RATE), round(end * RATE)


def test_a_recording_that_says_its_text_is_likelier_with_every_word_once(gatherer):
    evidence = gatherer.gather(AUDIO, TEXT)
    assert len(evidence.words) == len(WORDS) and len(evidence.gaps) == len(WORDS) + 1
    assert all(word.missing < 0 and word.doubled < 0 for word in evidence.words)
    assert sum(gap.added for gap in evidence.gaps) < 10
    assert all(word.exchanged < 0 and word.unlike < 10 for word in evidence.words)
    assert all(len(word.unlike_phones) == len(word.phones) for word in evidence.words)
    assert evidence.unlike < 0.5 and evidence.seconds == pytest.approx(len(AUDIO) / RATE, abs=0.1)


def test_it_is_likelier_without_a_word_that_was_cut_out(gatherer):
    start, end = place("nobody")
    evidence = gatherer.gather(np.concatenate([AUDIO[:start], AUDIO[end:]]), TEXT)
    assert of_word(evidence, "nobody").missing > 0
    assert of_word(evidence, "town").missing < 0


def test_it_is_likelier_with_a_word_twice_that_was_doubled(gatherer):
    start, end = place("lamps")
    evidence = gatherer.gather(np.concatenate([AUDIO[:end], AUDIO[start:end], AUDIO[end:]]), TEXT)
    assert of_word(evidence, "lamps").doubled > 0
    assert of_word(evidence, "nobody").doubled < 0


def test_it_is_likelier_with_two_words_exchanged_that_were(gatherer):
    start, middle = place("nobody")
    _, end = place("knew")
    pieces = (AUDIO[:start], AUDIO[middle:end], AUDIO[start:middle], AUDIO[end:])
    assert of_word(gatherer.gather(np.concatenate(pieces), TEXT), "nobody").exchanged > 0


def test_a_word_may_be_mistaken_for_its_rivals_alone(gatherer):
    evidence = gatherer.gather(AUDIO, TEXT.replace("lamps", "kings"))
    other = next(word for word in evidence.words if word.phones == ("K", "IH1", "NG", "Z"))
    assert other.mistaken > 5
    assert all(word.mistaken == UNHEARD for word in evidence.words if word is not other)  # "lit" sounds the same


def test_where_codes_begin_says_little(gatherer):
    begun = [gatherer.gather(AUDIO[samples:], TEXT) for samples in (0, 200, 400, 600)]
    unlike = np.array([[word.unlike for word in evidence.words[1:]] for evidence in begun])
    assert unlike.max() < 8 and np.median(np.ptp(unlike, axis=0)) < 1


def test_what_is_heard_instead_of_a_word_is_named(gatherer):
    evidence = gatherer.gather(AUDIO, TEXT.replace("lamps", "kings"))
    other = next(word for word in evidence.words if word.phones == ("K", "IH1", "NG", "Z"))
    assert other.unlike > 5 and {"L", "M", "P"} & set(other.heard)


def test_numbers_and_phonemes_are_words_of_their_own(gatherer):
    evidence = gatherer.gather(AUDIO, "45 {L AE1 M P S}")
    assert [(word.start, word.end) for word in evidence.words] == [(0, 2), (3, 16)]


def test_texts_without_sound_and_recordings_too_short(gatherer):
    assert gatherer.gather(AUDIO, "...").words == ()
    assert gatherer.gather(AUDIO[:3000], TEXT) is None
    with pytest.raises(AudioError):
        gatherer.gather(np.zeros(0, np.float32), TEXT)


def test_a_recording_is_heard_twice_without_stress_and_nothing_is_impossible():
    """The second time half a code later; the mean of both, the stresses of a vowel added up, in nats."""
    size = len(VOCABULARY) + 1
    shares = np.zeros((2, 5, size))
    shares[:, :, size - 1] = 1.0  # nothing new
    shares[0, 1, [VOCABULARY.index("AA0"), VOCABULARY.index("AA2"), size - 1]] = 0.5, 0.25, 0.25
    shares[1, 2, [VOCABULARY.index("AA1"), size - 1]] = 0.75, 0.25
    heard = []

    def log_probabilities(audio):
        heard.append(len(audio))
        return torch.from_numpy(shares[len(heard) - 1]).clamp_min(1e-38).log()[None]

    hearer = SimpleNamespace(step_s=0.02, sample_rate=24_000, log_probabilities=log_probabilities)
    predicted = EvidenceGatherer(hearer, lambda word: ())._predicted(np.zeros(1_000, np.float32))
    assert heard == [1_000, 1_480] and predicted.shape == (4, len(SOUNDS) + 1)
    assert predicted[1, SOUNDS.index("AA0")].exp().item() == pytest.approx(0.75)
    assert predicted[1, -1].exp().item() == pytest.approx(0.25)
    assert predicted.min().item() == pytest.approx(np.log(1e-30))
