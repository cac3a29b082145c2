"""The TorToise detector against the recorded one, small and at the published size."""

import pytest
import torch

from tests.parity.published_configs import classifier_config
from tortoise_core.models.classifier import TortoiseClassifier, classification_loss


@pytest.mark.golden("classifier")
def test_small_classifier(golden):
    network = TortoiseClassifier(classifier_config(golden.config["ctor"])).eval()
    network.load_state_dict(golden.weights("classifier"))
    logits = network(golden["clip"])
    golden.compare("logits", logits)
    golden.compare("probs", logits.softmax(-1))
    assert torch.equal(network.synthetic_probability(golden["clip"]), logits.softmax(-1)[:, 0])
    batch = network(golden["batch"])
    golden.compare("batch_logits", batch)
    golden.compare("loss", classification_loss(batch, golden["labels"]))
    distributed = classification_loss(batch, golden["labels"], distribute_zero=True)
    golden.compare("loss_distributed_zero_label", distributed)


@pytest.mark.golden("official_classifier")
def test_published_size(golden):
    with torch.device("meta"):
        network = TortoiseClassifier(classifier_config(golden.config["ctor"])).eval()
    network.load_state_dict(golden.official_weights(), assign=True)
    logits = network(golden["clip"])
    golden.compare("logits", logits)
    golden.compare("probs", logits.softmax(-1))
    golden.compare("encoder", network.enc(golden["clip"]))
