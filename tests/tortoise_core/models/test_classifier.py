"""The detector of synthetic speech: its probability, its window and its losses."""

import math

import pytest
import torch
from torch.nn import functional as F

from tortoise_core.models.classifier import (
    LONGEST_CLIP_SAMPLES,
    ClassifierConfig,
    TortoiseClassifier,
    classification_loss,
)

SMALL = ClassifierConfig(channels=8, stages=2, embedding=16, attention_blocks=1, heads=2, res_blocks=1)


def test_probability_is_that_of_class_zero():
    torch.manual_seed(0)
    model = TortoiseClassifier(SMALL).eval()
    clip = torch.randn(2, 1, 3000)
    torch.testing.assert_close(model.synthetic_probability(clip), model(clip).softmax(-1)[:, 0])


def test_only_the_first_seconds_are_looked_at():
    model = TortoiseClassifier(SMALL)
    seen = []
    model.forward = lambda clip: seen.append(clip.shape) or torch.zeros(1, 2)
    model.synthetic_probability(torch.zeros(1, 1, LONGEST_CLIP_SAMPLES + 1))
    assert seen == [(1, 1, LONGEST_CLIP_SAMPLES)] == [(1, 1, 220_000)]  # spec 3.7


def test_plain_loss_is_cross_entropy():
    logits = torch.randn(5, 3)
    labels = torch.tensor([0, 1, 2, 0, 1])
    torch.testing.assert_close(classification_loss(logits, labels), F.cross_entropy(logits, labels))


def test_distributed_loss_softens_class_zero_only():
    even = torch.zeros(1, 2)
    sure = torch.tensor([[9.0, 0.0]])
    zero = torch.tensor([0])
    one = torch.tensor([1])
    assert classification_loss(even, zero, distribute_zero=True).item() == pytest.approx(math.log(2))
    torch.testing.assert_close(classification_loss(sure, one, distribute_zero=True), classification_loss(sure, one))
    softened = classification_loss(sure, zero, distribute_zero=True) - classification_loss(sure, zero)
    assert softened.item() == pytest.approx(0.2 * 9)


def test_published_network_has_its_122_tensors():
    with torch.device("meta"):
        assert len(TortoiseClassifier(ClassifierConfig()).state_dict()) == 122
