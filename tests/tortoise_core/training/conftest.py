"""A tiny corpus and a tiny recipe: every stage of the training can run on them in seconds."""

import json

import numpy as np
import pytest
import torch

from tortoise_core.audio.mel import MelSpectrogram24k
from tortoise_core.training.recipe_file import read_recipe
from tortoise_core.training.run import RunOptions, run
from tortoise_core.training.stages.registry import STAGES
from tortoise_core.training.workspace import Workspace

RECIPE = """
name = "tiny"
[speech]
front_end = "phones"
prediction = "v"
shallow = 0.5
max_text_tokens = 120
[presets.fast]
candidates = 2
diffusion_steps = 2
cond_free = true
repetition_penalty = 1.0
max_codes = 24
[corpus]
voices = ["slt", "rms"]
hours = 0.01
[dvae]
channels = 100
hidden = 16
res_blocks = 1
codes = 32
code_dim = 4
normalize_codes = true
mel_shift = -6.0
mel_scale = 3.0
[vocoder]
width = 16
hidden = 32
layers = 1
[autoregressive]
layers = 2
width = 32
heads = 2
dropout = 0.0
text_tokens = 78
text_start = 1
code_tokens = 34
code_start = 32
code_stop = 33
positions = "rotary"
conditioning_mels = 100
conditioning_layers = 1
conditioning_pool = "mean"
alignment_head = [1, 0]
[clvp]
text_tokens = 78
text_width = 64
text_layers = 1
text_heads = 1
code_tokens = 32
speech_width = 64
speech_layers = 1
speech_heads = 1
latent_width = 16
mask_padding = true
[speller]
text_tokens = 78
silent = [0, 1, 2, 3, 4, 5, 6, 7, 8]
code_tokens = 32
width = 16
layers = 1
[diffusion]
model_channels = 32
layers = 1
final_res_blocks = 1
out_channels = 100
in_latent_channels = 32
in_tokens = 32
heads = 2
converter_blocks = 1
conditioner_blocks = 1
contextual_blocks = 1
integrator_layers = 1
ff_mult = 1
guess = true
surrogate_blocks = 1
layer_drop = 0.0
code_rate_hz = 24000
"""
LOOP = """
[stages.{stage}.loop]
steps = 4
warmup_steps = 2
log_every = 1
validate_every = 4
checkpoint_every = 2
bf16 = false
"""
CROPS = """
[stages.{stage}.crops]
batch = 4
frames = 32
"""
LOSSES = """
[stages.{stage}.losses]
adversarial_from = 2
mel = 1.0
context = 4
width = 2
periods = [2]
resolutions = [[256, 64]]
"""
BUCKETS = """
[stages.{stage}.buckets]
positions = 200
code_limits = [16, 24]
conditioning_frames = 32
"""
PIECES = """
[stages.{stage}.pieces]
batch = 2
codes = 8
conditioning_frames = 32
codes_share = 0.5
[stages.{stage}.denoising]
surrogate_alone = 1
absolute = 1.0
"""
CODEC = """
[stages.{stage}.codec]
phone = 0.1
absolute = 0.2
revive_every = 2
"""
RANKING = """
[stages.{stage}.ranking]
damaged = true
"""
STAGE_PARTS = {
    "dvae": LOOP + CROPS + CODEC,
    "vocoder": LOOP + CROPS + LOSSES,
    "autoregressive": LOOP + BUCKETS,
    "clvp": LOOP + BUCKETS + RANKING,
    "speller": LOOP + BUCKETS,
    "diffusion_codes": LOOP + PIECES,
    "diffusion": LOOP + PIECES,
    "vocoder_decoded": LOOP + CROPS + LOSSES,
}


@pytest.fixture(scope="session")
def recipe_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "tiny.toml"
    path.write_text(RECIPE + "".join(parts.format(stage=stage) for stage, parts in STAGE_PARTS.items()))
    return path


@pytest.fixture(scope="session")
def recipe(recipe_file):
    return read_recipe(recipe_file)


def make_corpus(folder):
    """Writes a corpus of 100 short tones that claim to be "Note." (one in ten "Nate.", which is held out)."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    to_mel = MelSpectrogram24k()
    samples = 0
    frames = 0
    with (folder / "audio.i16").open("wb") as audio, (folder / "mel.f16").open("wb") as mels:
        lines = []
        for number in range(100):
            length = 1024 * int(random.integers(10, 24))
            wav = (0.3 * np.sin(np.arange(length) * (0.02 + 0.001 * number))).astype(np.float32)
            mel = to_mel(torch.from_numpy(wav)[None])[0, :, : length // 256].T.numpy().astype(np.float16)
            audio.write((wav * 32767).astype(np.int16).tobytes())
            mels.write(np.ascontiguousarray(mel).tobytes())
            end = length / 24000
            held_out = number % 10 == 7
            names = ["pau", "n", "ey" if held_out else "ow", "t", "pau"]
            phones = [{"name": n, "end_s": end * (i + 1) / 5} for i, n in enumerate(names)]
            item = {"text": "Nate." if held_out else "Note.", "voice": ("slt", "rms")[number % 2]}
            item |= {"sample_offset": samples, "samples": length}
            lines.append(json.dumps(item | {"frame_offset": frames, "frames": len(mel), "phones": phones}))
            samples = samples + length
            frames = frames + len(mel)
    (folder / "index.jsonl").write_text("".join(line + "\n" for line in lines))


@pytest.fixture(scope="session")
def workspace_folder(tmp_path_factory):
    """A workspace with a corpus and nothing else, to be read."""
    folder = tmp_path_factory.mktemp("mini") / "mini"
    make_corpus(folder / "corpus")
    return folder


@pytest.fixture(scope="session")
def trained(workspace_folder, tmp_path_factory, recipe):
    """A workspace in which every stage was trained for four steps."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "corpus").symlink_to(workspace_folder / "corpus")
    workspace = Workspace(folder, recipe, "cpu")
    run(workspace, list(STAGES), RunOptions())
    return workspace
