"""Schedule, process and samplers against the recorded ones, with the small diffusion network."""

import re

import pytest
import torch

from tests.parity.published_configs import diffusion_config
from tortoise_core.audio.constants import DIFFUSION_MEL_MAX, DIFFUSION_MEL_MIN
from tortoise_core.audio.mel import denormalize_mel
from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.diffusion.samplers.ancestral import sample_ancestral
from tortoise_core.diffusion.samplers.ddim import sample_ddim
from tortoise_core.diffusion.samplers.loop import Guidance
from tortoise_core.diffusion.schedule import NoiseSchedule, linear_betas, space_timesteps
from tortoise_core.models.diffusion_decoder import DiffusionDecoder

pytestmark = pytest.mark.golden("diffusion_process")

TABLES = (
    "timestep_map",
    "betas",
    "alphas_cumprod",
    "alphas_cumprod_prev",
    "posterior_variance",
    "posterior_log_variance_clipped",
    "posterior_mean_coef1",
    "posterior_mean_coef2",
    "sqrt_recip_alphas_cumprod",
    "sqrt_recipm1_alphas_cumprod",
)
LOOP_NAME = re.compile(r"(p|ddim_eta(?P<eta>[\d.]+))_(?P<guidance>condfree|plain)\.samples")  # e.g. ddim_eta0.7_plain


class Loop:
    """The recorded sampling set-up: network, utterance and noises."""

    def __init__(self, golden):
        self.golden = golden
        self.network = DiffusionDecoder(diffusion_config(golden.config["ctor"])).eval()
        self.network.load_state_dict(golden.weights("diffusion"))
        schedule = NoiseSchedule.linear(golden.config["trained_steps"])
        self.process = GaussianDiffusion(schedule.evenly_respaced(golden.config["loop_steps"]))
        self.frames = int(golden["loop.seq_len"])
        with torch.no_grad():
            self.embedding = self.network.timestep_independent(golden["loop.latents"], golden["loop.cond"], self.frames)

    def run(self, sampler, guided, temperature=1.0, **options):
        """All samples, and the estimates of the clean signal at each step."""
        samples = []
        clean = []
        unconditioned = self.network.unconditioned(1, self.frames)
        strength = torch.tensor([float(self.golden.config["cond_free_k"])])
        guidance = Guidance(strength, lambda x, t: self.network(x, t, unconditioned)) if guided else None
        noises = [self.golden.tensors[key] for key in sorted(self.golden.tensors) if "in.loop.step_noise." in key]
        sampler(
            self.process,
            lambda x, t: self.network(x, t, self.embedding),
            self.golden["loop.init_noise"] * temperature,
            iter(noises),
            guidance=guidance,
            observe=lambda x, x_start: (samples.append(x), clean.append(x_start)),
            **options,
        )
        return samples, clean


@pytest.fixture(scope="module")
def loop(golden):
    return Loop(golden)


def test_schedule_tables(golden):
    steps = golden.config["trained_steps"]
    base = NoiseSchedule.linear(steps)
    golden.compare("base.betas", linear_betas(steps))
    golden.compare("base.alphas_cumprod", base.alphas_cumprod)
    for count in golden.config["respaced"]:
        respaced = base.evenly_respaced(count)
        for table in TABLES:
            golden.compare(f"spaced{count}.{table}", getattr(respaced, table))


def whole_strides(steps, count):
    """The original's other spacing, which nothing of ours uses: every k-th timestep, with the k that keeps `count`."""
    return next(range(0, steps, k) for k in range(1, steps) if len(range(0, steps, k)) == count)


def test_spacings(golden):
    for name in sorted(golden.meta["outputs"]):
        kind, _, rest = name.partition("_")
        if kind != "space":
            continue
        steps, _, spec = rest.partition("_")  # e.g. space_300_10_15_20 or space_300_ddim25
        if spec.startswith("ddim"):
            kept = list(whole_strides(int(steps), int(spec.removeprefix("ddim"))))
        else:
            kept = space_timesteps(int(steps), [int(count) for count in spec.split("_")])
        golden.compare(name, torch.tensor(kept))


def test_mel_domain(golden):
    golden.compare("mel_constants", torch.tensor([DIFFUSION_MEL_MIN, DIFFUSION_MEL_MAX], dtype=torch.float64))


def test_sampling_loops(golden, loop):
    recorded = [match for name in golden.meta["outputs"] if (match := LOOP_NAME.fullmatch(name))]
    assert recorded
    for match in recorded:
        sampler = sample_ancestral
        options = {}
        if match["eta"] is not None:
            sampler = sample_ddim
            options = {"eta": float(match["eta"])}
        samples, clean = loop.run(sampler, match["guidance"] == "condfree", **options)
        case = match[0].removesuffix(".samples")
        golden.compare(f"{case}.samples", torch.cat(samples))
        golden.compare(f"{case}.pred_xstart_last", clean[-1])
        golden.compare(f"{case}.denormalised", denormalize_mel(samples[-1]))


def test_whole_spectrogram_diffusion(golden, loop):
    prefix = "do_spectrogram_diffusion_temp"
    for name in [name for name in golden.meta["outputs"] if name.startswith(prefix)]:
        temperature = float(name.removeprefix(prefix))
        samples, _ = loop.run(sample_ancestral, True, temperature)
        golden.compare(name, denormalize_mel(samples[-1]))


def test_reading_a_network_output(golden, loop):
    x = golden["one.x"]
    output = golden["one.cond_output"]
    bare = golden["one.uncond_output"]
    strength = torch.full((x.shape[0],), float(golden.config["cond_free_k"]))
    for t in golden["one.t"].tolist():
        i = torch.full((x.shape[0],), t)
        for case, seen in (("condfree", loop.process.guide(output, bare, i, strength)), ("plain", output)):
            for clip in (True, False):
                estimate = loop.process.estimate(seen, x, i, clip=clip)
                place = f"one.{case}.t{t}.{'clip' if clip else 'noclip'}"
                golden.compare(f"{place}.mean", estimate.mean)
                golden.compare(f"{place}.variance", estimate.variance)
                golden.compare(f"{place}.log_variance", estimate.log_variance)
                golden.compare(f"{place}.pred_xstart", estimate.x_start)


def test_training_terms(golden, loop):
    process = GaussianDiffusion(NoiseSchedule.linear(golden.config["trained_steps"]))
    x_start = golden["train.x_start"]
    noise = golden["train.noise"]
    i = golden["train.t"]
    x = process.q_sample(x_start, i, noise)
    golden.compare("train.q_sample", x)
    embedding = loop.network.timestep_independent(golden["train.latents"], golden["train.cond"], x.shape[2])
    terms = process.training_terms(loop.network(x, i, embedding), x_start, i, noise)
    golden.compare("train.mse", terms.mse)
    golden.compare("train.vb", terms.vb)
    golden.compare("train.loss", terms.loss)
    golden.compare("train.x_start_predicted", terms.x_start)
