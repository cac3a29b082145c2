"""The autoregressive network and its greedy decoding against the recorded ones, small and at the published size."""

import copy
import gc
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch

from tests.parity.harness import Golden
from tests.parity.published_language_models import autoregressive_config, official_model, small_model
from tortoise_core.inference.codes import pad_codes
from tortoise_core.inference.flight import CodeRow, Prompt
from tortoise_core.inference.logits import UPSTREAM_CACHED, UPSTREAM_UNCACHED, DecodingSettings
from tortoise_core.inference.sampling import sample_codes
from tortoise_core.inference.sampling_reference import sample_row
from tortoise_core.models.autoregressive import AutoregressiveModel, TeacherForced
from tortoise_core.nn.caches import make_cache

QUIRKS = {"nocache": UPSTREAM_UNCACHED, "kvcache": UPSTREAM_CACHED}


@pytest.fixture(scope="module")
def model(golden):
    config = autoregressive_config(golden.config["ctor"], golden.config["constants"])
    return small_model(golden, AutoregressiveModel(config), "ar")


def greedy(golden: Golden, output: str, repetition_penalty: float = 1.0) -> DecodingSettings:
    """The settings behind a recorded row: its name says which mode, its width how far it went."""
    quirks = next(quirks for mode, quirks in QUIRKS.items() if mode in output)
    width = golden.out(output).shape[1]
    return DecodingSettings(greedy=True, max_codes=width, repetition_penalty=repetition_penalty, quirks=quirks)


def as_recorded(rows: Sequence[CodeRow], settings: DecodingSettings, stop: int) -> torch.Tensor:
    """The original returns rows filled with stops up to where the last one ended, its stop included."""
    width = max(len(row.codes) + row.stopped for row in rows)
    return torch.stack([pad_codes(row.codes, min(width, settings.max_codes), stop) for row in rows])


def decode_greedily(model, voice, text, settings, given=None) -> torch.Tensor:
    prompts = [Prompt(voice[row], text[row], None if given is None else given[row]) for row in range(len(voice))]
    rows = [row for (row,) in sample_codes(model, prompts, settings, [[0]] * len(prompts))]
    return as_recorded(rows, settings, model.config.code_stop)


def cached_logits(model, cond, text_in, codes_in, positions: Sequence[int]) -> torch.Tensor:
    prompts = model.prefill(cond, text_in)
    cache = make_cache(prompts, 1, slots=1, most_slots=1000)
    cache.admit([0], prompts)
    steps = zip(codes_in[0], positions, strict=True)
    return torch.cat(
        [model.decode_step(code[None], torch.tensor([position]), cache).logits for code, position in steps]
    )


def compare_losses(golden: Golden, prefix: str, forced: TeacherForced) -> None:
    golden.compare(f"{prefix}loss_text", forced.text_loss)
    golden.compare(f"{prefix}loss_mel", forced.code_loss)
    golden.compare(f"{prefix}text_logits", forced.text_logits.transpose(1, 2))
    mel_logits = forced.code_logits.transpose(1, 2)
    if f"{prefix}mel_logits_every_11th" in golden.required:
        golden.compare(f"{prefix}mel_logits_every_11th", mel_logits.flatten()[::11])
    else:
        golden.compare(f"{prefix}mel_logits", mel_logits)


@pytest.mark.golden("autoregressive")
def test_conditioning(golden, model):
    for case in ("single", "pair", "batch"):
        golden.compare(f"cond.{case}", model.conditioning(golden[f"cond.mel_{case}"]))


@pytest.mark.golden("autoregressive")
def test_latents(golden, model):
    cond = golden["latent.cond"]
    text = golden["latent.text"]
    codes = golden["latent.codes"]
    untouched = model.stop_past_end(codes, golden["latent.wav_lengths"])
    golden.compare("latent.latents", model.latents(cond, text, untouched))
    golden.compare("latent_single.latents", model.latents(cond[:1], text[:1], untouched[:1]))
    stopped = model.stop_past_end(codes, golden["latent_pad.wav_lengths"])
    golden.compare("latent_pad.latents", model.latents(cond, text, stopped))
    golden.compare("latent_pad.codes_after_call", stopped)
    assert codes.equal(golden["latent.codes"])  # the original wrote into its argument; ours must not


@pytest.mark.golden("autoregressive")
def test_losses(golden, model):
    inputs = [golden[f"loss.{name}"] for name in ("cond", "text", "codes")]
    wav_lengths = golden["loss.wav_lengths"]
    text_lengths = golden["loss.text_lengths"]
    compare_losses(golden, "loss.", model(*inputs, text_lengths=text_lengths, wav_lengths=wav_lengths))
    compare_losses(golden, "loss_noclip.", model(*inputs, wav_lengths=wav_lengths))
    codes_first = model(*inputs, text_lengths=text_lengths, wav_lengths=wav_lengths, codes_first=True)
    compare_losses(golden, "loss_speech_first.", codes_first)


@pytest.mark.golden("autoregressive")
def test_single_steps(golden, model):
    cond = golden["step.cond"]
    text_in = model.text_input(golden["step.text"])
    codes = golden["step.codes"]
    codes_in = model.code_input(codes)[:, :-1]
    states = model.hidden_states(cond, text_in, codes_in)
    golden.compare("step.logits_nocache", model.mel_head(states.codes)[0])
    golden.compare("step.logits_nocache", cached_logits(model, cond, text_in, codes_in, range(codes_in.shape[1])))
    # Upstream's cache never uses position 1.
    positions = [0, *range(2, codes_in.shape[1] + 1)]
    golden.compare("step.logits_kvcache", cached_logits(model, cond, text_in, codes_in, positions))


@pytest.mark.golden("autoregressive")
@pytest.mark.parametrize("mode", QUIRKS)
def test_greedy_decoding(golden, model, mode):
    cond = golden["greedy.cond"]
    text = golden["greedy.text"]
    given = golden["greedy.prompt"]
    for case, penalty, start in (("plain", 1.0, None), ("reppen2", 2.0, None), ("prompted", 2.0, given)):
        name = f"greedy.{mode}_{case}"
        golden.compare(name, decode_greedily(model, cond, text, greedy(golden, name, penalty), start))


@pytest.mark.golden("autoregressive")
def test_greedy_decoding_to_the_default_length(golden, model):
    name = "greedy.nocache_default_length"
    settings = replace(greedy(golden, name, 2.0), max_codes=model.config.max_codes - 1)
    golden.compare(name, decode_greedily(model, golden["greedy.cond"], golden["greedy.text"], settings))


@pytest.mark.golden("autoregressive")
def test_plain_reference_decodes_the_same(golden, model):
    name = "greedy.nocache_prompted"
    prompt = Prompt(golden["greedy.cond"][0], golden["greedy.text"][0], golden["greedy.prompt"][0])
    settings = greedy(golden, name, 2.0)
    row = torch.tensor(sample_row(model, prompt, settings, seed=0))
    golden.compare(name, pad_codes(row, settings.max_codes, model.config.code_stop)[None])


@pytest.mark.golden("autoregressive")
@pytest.mark.parametrize("mode", QUIRKS)
def test_rows_that_stop_early(golden, model, mode):
    eager = copy.deepcopy(model)
    eager.mel_head.bias[eager.config.code_stop] += golden.config["early_stop_bias_shift"]
    name = f"batch_early_stop.{mode}"
    settings = greedy(golden, name, 2.0)
    golden.compare(name, decode_greedily(eager, golden["batch.cond"], golden["batch.text"], settings))


@pytest.mark.golden("official_autoregressive")
def test_published_size(golden):
    model = official_model(golden, AutoregressiveModel, autoregressive_config(golden.config["ctor"]))
    text = golden["text"]
    codes = golden["codes"]
    cond = model.conditioning(golden["mel"])
    golden.compare("cond", cond)
    golden.compare("latents", model.latents(cond, text, codes))
    compare_losses(golden, "", model(cond, text, codes))
    for name in ("greedy8_nocache", "greedy8_kvcache"):
        golden.compare(name, decode_greedily(model, cond, text, greedy(golden, name, 2.0)))
    del model
    gc.collect()
