"""The diffusion network against the recorded one, small and at the published size."""

import gc

import pytest
import torch

from tests.parity.published_configs import diffusion_config
from tortoise_core.models.diffusion_decoder import DiffusionDecoder, timestep_embedding
from tortoise_core.nn.attention import relative_position_bucket


@pytest.fixture(scope="module")
def network(golden):
    model = DiffusionDecoder(diffusion_config(golden.config["ctor"])).eval()
    model.load_state_dict(golden.weights("diffusion"))
    return model


@pytest.mark.golden("diffusion")
def test_conditioning(golden, network):
    for case in ("single", "pair", "batch"):
        golden.compare(f"cond.{case}", network.conditioning_latent(golden[f"cond.mel_{case}"]))


@pytest.mark.golden("diffusion")
def test_timestep_independent(golden, network):
    voice = golden["ti.cond"]
    frames = int(golden["ti.seq_len"])
    from_latents = network.timestep_independent(golden["ti.latents"], voice, frames)
    golden.compare("ti.from_latents", from_latents)
    golden.compare("ti.from_latents_mel_pred", network.surrogate_mel(from_latents))
    longer = golden.out("ti.from_codes").shape[2]
    golden.compare("ti.from_codes", network.timestep_independent(golden["ti.codes"], voice, longer))


@pytest.mark.golden("diffusion")
def test_steps(golden, network):
    x = golden["fw.x"]
    times = golden["fw.t"]
    embedding = golden.out("ti.from_latents")
    for number, t in enumerate(times):
        rows = golden.out(f"fw.cond_t{number}").shape[0]
        x_rows = x[:rows]
        t_rows = t[:rows]
        golden.compare(f"fw.cond_t{number}", network(x_rows, t_rows, embedding[:rows]))
        golden.compare(f"fw.uncond_t{number}", network(x_rows, t_rows, network.unconditioned(rows, x.shape[2])))


@pytest.mark.golden("diffusion")
def test_steps_without_precomputed_embedding(golden, network):
    x = golden["fw.x"]
    t = golden["fw.t"][1]
    voice = golden["ti.cond"]
    for source in ("latents", "codes"):
        embedding = network.timestep_independent(golden[f"ti.{source}"], voice, x.shape[2])
        golden.compare(f"fw.direct_{source}", network(x, t, embedding))
    golden.compare("fw.direct_codes_mel_pred", network.surrogate_mel(embedding))


@pytest.mark.golden("diffusion")
def test_very_short_input(golden, network):
    x = golden["short.x"]
    embedding = network.timestep_independent(golden["short.latents"], golden["ti.cond"][:1], x.shape[2])
    golden.compare("short.out", network(x, torch.tensor([77]), embedding))


@pytest.mark.golden("diffusion")
def test_position_encodings(golden, network):
    width = network.config.model_channels
    golden.compare("time.embedding", timestep_embedding(golden["time.t"], width))
    first, last = golden.out("relpos.offset")[[0, -1]].tolist()
    offset = torch.arange(first, last + 1)
    golden.compare("relpos.offset", offset)
    golden.compare("relpos.bucket", relative_position_bucket(offset))
    bias = network.latent_conditioner[1].relative_pos_embeddings(golden.out("relpos.bias_100").shape[-1])
    golden.compare("relpos.bias_100", bias[None])


@pytest.mark.golden("official_diffusion")
def test_published_size(golden):
    with torch.device("meta"):
        network = DiffusionDecoder(diffusion_config(golden.config["ctor"])).eval()
    network.load_state_dict(golden.official_weights(), assign=True)
    x = golden["x"]
    t = golden["t"]
    voice = network.conditioning_latent(golden["mel"])
    golden.compare("cond", voice)
    embedding = network.timestep_independent(golden["latents"], voice, x.shape[2])
    golden.compare("ti_latents", embedding)
    golden.compare("out_cond", network(x, t, embedding))
    golden.compare("out_uncond", network(x, t, network.unconditioned(x.shape[0], x.shape[2])))
    from_codes = network.timestep_independent(golden["codes"], voice, x.shape[2])
    golden.compare("ti_codes", from_codes)
    golden.compare("ti_codes_mel_pred", network.surrogate_mel(from_codes))
    del network
    gc.collect()
