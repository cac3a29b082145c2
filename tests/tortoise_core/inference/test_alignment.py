"""Words are found where a recording has room for them: equal phones in a row need a step between them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tortoise_core.inference.alignment import WordAligner
from tortoise_core.text.phonemes import VOCABULARY


def aligner(steps):
    """Who hears anything equally well, in so many steps."""
    blank = len(VOCABULARY)
    heard = torch.zeros(1, steps, blank + 1).log_softmax(-1)
    hearer = SimpleNamespace(
        sample_rate=24_000,
        silent=frozenset(),
        device=torch.device("cpu"),
        blank=blank,
        step_s=0.01,
        log_probabilities=lambda audio: heard,
    )
    return WordAligner(hearer)


@pytest.mark.parametrize(("text", "least"), [("A lamp.", 5), ("Less sun.", 7)])  # the sound of S twice in a row
def test_a_recording_that_is_too_short_for_its_text_has_no_words(text, least):
    audio = np.zeros(240, np.float32)
    assert aligner(least - 1).align(audio, text) is None
    found = aligner(least).align(audio, text)
    assert [text[word.start : word.end].strip(".") for word in found] == text.strip(".").split()
