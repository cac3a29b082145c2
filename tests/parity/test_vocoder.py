"""UnivNet against the recorded one, small and at the published size."""

import pytest
import torch

from tests.parity.published_configs import univnet_config
from tortoise_core.models.univnet import UnivNet
from tortoise_core.nn.weight_norm import fold_weight_norm


@pytest.mark.golden("vocoder")
def test_small_vocoder(golden):
    network = UnivNet(univnet_config({**golden.config.get("defaults", {}), **golden.config["ctor"]})).eval()
    network.load_state_dict(golden.weights("vocoder"))
    golden.compare("forward", network(golden["mel"], golden["z"]))
    fold_weight_norm(network)
    golden.compare("inference", network.vocode(golden["mel"], golden["z_inf"]))
    golden.compare("inference_single", network.vocode(golden["mel"][:1], golden["z_inf"][:1]))
    kernels, bias = network.res_stack[0].kernel_predictor(golden["mel"][:1])
    golden.compare("block0_kernels", kernels)
    golden.compare("block0_bias", bias)


@pytest.mark.golden("official_vocoder")
def test_published_size(golden):
    with torch.device("meta"):
        network = UnivNet(univnet_config(golden.config["ctor"])).eval()
    network.load_state_dict(golden.official_weights(), assign=True)
    mel = golden["mel"]
    z = golden["z"]
    golden.compare("forward_first", network(mel, z[..., : mel.shape[2]]))
    fold_weight_norm(network)
    golden.compare("wav", network.vocode(mel, z))
