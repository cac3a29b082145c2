"""The whole model at the published size, with weights that are seeded by their names: the `official_seeded` set.

Each network is built, compared and dropped before the next, so that the largest alone decides how much memory it takes.
"""

import itertools

import pytest
import torch
from torch import nn

from tests.parity.harness import Golden, seeded_weights
from tortoise_core.audio.mel import MelSpectrogram22k, MelSpectrogram24k
from tortoise_core.audio.resample import resample
from tortoise_core.checkpoints.published import PUBLISHED_FILES
from tortoise_core.checkpoints.registry import NETWORK_TYPES, type_name
from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.diffusion.samplers.ancestral import sample_ancestral
from tortoise_core.diffusion.samplers.ddim import sample_ddim
from tortoise_core.diffusion.samplers.loop import Guidance
from tortoise_core.diffusion.schedule import NoiseSchedule
from tortoise_core.inference.flight import Prompt
from tortoise_core.inference.logits import UPSTREAM_CACHED, UPSTREAM_UNCACHED, DecodingSettings
from tortoise_core.inference.sampling import sample_codes
from tortoise_core.nn.positions import inverse_frequencies
from tortoise_core.nn.weight_norm import fold_weight_norm

pytestmark = [pytest.mark.golden("official_seeded"), pytest.mark.timeout(1200)]  # a busy machine may take its time

STEPS = 5  # of the recorded sampling loops
GUIDANCE = 2.0


def kept_value(key: str, shape: torch.Size) -> torch.Tensor:
    """Entries that the recipe leaves at their initial value."""
    if "inv_freq" in key:
        return inverse_frequencies(2 * shape[0])
    return torch.ones(shape) if key == "temperature" else torch.zeros(shape)


def seeded_network(role: str) -> nn.Module:
    config = next(item.config for item in PUBLISHED_FILES if item.role == role)
    with torch.device("meta"):
        network = NETWORK_TYPES[type_name(config)].build(config)
    shapes = {key: value.shape for key, value in network.state_dict().items()}
    weights = seeded_weights(shapes, vocoder=role == "vocoder")
    weights |= {key: kept_value(key, shape) for key, shape in shapes.items() if key not in weights}
    network.load_state_dict(weights, assign=True)
    return network.eval()


def test_autoregressive(golden: Golden):
    network = seeded_network("autoregressive")
    text = golden["ar.text"]
    codes = golden["ar.codes"]
    cond = network.conditioning(golden["ar.cond_mels"])
    golden.compare("ar.cond_latent", cond)
    golden.compare("ar.latents", network.latents(cond, text, codes))
    forced = network(cond, text, codes)
    golden.compare("ar.loss_text", forced.text_loss)
    golden.compare("ar.loss_mel", forced.code_loss)
    golden.compare("ar.mel_logits_last", forced.code_logits[:, -1])
    for name, penalty, quirks in [
        ("ar.greedy12", 1.0, UPSTREAM_UNCACHED),
        ("ar.greedy12_rep2", 2.0, UPSTREAM_UNCACHED),
        ("ar.greedy12_upstream_kvcache_bug", 1.0, UPSTREAM_CACHED),
    ]:
        width = golden.out(name).shape[1]
        settings = DecodingSettings(greedy=True, max_codes=width, repetition_penalty=penalty, quirks=quirks)
        ((row,),) = sample_codes(network, [Prompt(cond[0], text[0])], settings, [[0]])
        golden.compare(name, row.codes[None])


def test_clvp(golden: Golden):
    network = seeded_network("clvp")
    golden.compare("clvp.sim", network.scores(golden["clvp.text"], golden["clvp.codes"]))
    golden.compare("clvp.loss", network.loss(golden["clvp.text"], golden["clvp.codes"]))


def test_cvvp(golden: Golden):
    network = seeded_network("cvvp")
    golden.compare("cvvp.sim", network.scores(golden["cvvp.mel"], golden["cvvp.codes"]))


def test_diffusion(golden: Golden):
    network = seeded_network("diffusion")
    x = golden["diff.x"]
    x_start = golden["diff.x0"]
    noise = golden["diff.noise"]
    frames = x.shape[2]
    voice = network.conditioning_latent(golden["diff.cond_mels"])
    golden.compare("diff.cond_latent", voice)
    embedding = network.timestep_independent(golden["diff.latents"], voice, frames)
    golden.compare("diff.ti_latent", embedding[:, :16])
    from_codes = network.timestep_independent(golden["diff.codes"], voice, frames)
    golden.compare("diff.ti_codes", from_codes[:, :16])
    for t in (0, 37, 3999):
        golden.compare(f"diff.out_t{t}", network(x, torch.tensor([t]), embedding))
    bare = network.unconditioned(1, frames)
    golden.compare("diff.out_t37_condfree", network(x, torch.tensor([37]), bare))

    process = GaussianDiffusion(NoiseSchedule.linear())
    for t in (0, 1500):
        i = torch.tensor([t])
        output = network(process.q_sample(x_start, i, noise), i, embedding)
        terms = process.training_terms(output, x_start, i, noise)
        golden.compare(f"diff.train_mse_t{t}", terms.mse)
        golden.compare(f"diff.train_vb_t{t}", terms.vb)

    short = GaussianDiffusion(NoiseSchedule.linear().evenly_respaced(STEPS))
    guidance = Guidance(torch.tensor([GUIDANCE]), lambda x, t: network(x, t, bare))
    for name, sampler in (("p_sample", sample_ancestral), ("ddim", sample_ddim)):
        for guided in (1, 0):
            generator = torch.Generator().manual_seed(123)
            draws = (torch.randn(x.shape, generator=generator) for _ in itertools.count())
            result = sampler(
                short, lambda x, t: network(x, t, embedding), x, draws, guidance=guidance if guided else None
            )
            golden.compare(f"diff.{name}_N{STEPS}_cf{guided}", result)


def test_vocoder(golden: Golden):
    network = seeded_network("vocoder")
    fold_weight_norm(network)
    golden.compare("voc.wav", network.vocode(golden["voc.mel"], golden["voc.z"]))


@pytest.mark.parametrize(("role", "channels"), [("rlg_auto", 1024), ("rlg_diffuser", 2048)])
def test_random_latents(golden: Golden, role: str, channels: int):
    network = seeded_network(role)
    golden.compare(f"rlg{channels}.seed7", network.sample(torch.Generator().manual_seed(7)))


def test_hifi_decoder(golden: Golden):
    network = seeded_network("hifi_decoder")
    golden.compare("hifi.wav", network(golden["hifi.lat"], golden["hifi.g"]))


def test_classifier(golden: Golden):
    network = seeded_network("classifier")
    golden.compare("cls.logits", network(golden["cls.wav"]))


def test_dvae(golden: Golden):
    network = seeded_network("dvae")
    mel = golden["dvae.mel"]
    codes = network.encode(mel)
    golden.compare("dvae.codes", codes)
    golden.compare("dvae.decoded", network.decode(codes))
    output = network(mel[..., :116])
    golden.compare("dvae.recon_mean_116", output.reconstruction_loss)
    golden.compare("dvae.commit_116", output.commitment_loss)


def test_front_ends(golden: Golden):
    wav = golden["mel.wav"]
    golden.compare("mel22.out", MelSpectrogram22k()(wav))
    golden.compare("mel24.out", MelSpectrogram24k()(wav))
    golden.compare("resample.22050_24000", resample(wav, 22050, 24000))
