"""The distributions that codes are drawn from, and the drawn codes, against the recorded ones."""

from typing import Any

import pytest
import torch

from tests.parity.published_language_models import autoregressive_config, small_model
from tortoise_core.inference.flight import Prompt
from tortoise_core.inference.logits import UPSTREAM_UNCACHED, DecodingSettings, keep_typical, process_logits
from tortoise_core.inference.sampling import decode
from tortoise_core.models.autoregressive import AutoregressiveModel

pytestmark = pytest.mark.golden("sampling")


@pytest.fixture(scope="module")
def model(golden):
    return small_model(golden, AutoregressiveModel(autoregressive_config(golden.config["ctor"])), "ar")


def settings_of(case: dict[str, Any], max_codes: int) -> DecodingSettings:
    """The generation library's defaults under the arguments of the call; length_penalty had no effect."""
    known = {
        "temperature",
        "top_k",
        "top_p",
        "repetition_penalty",
        "length_penalty",
        "typical_sampling",
        "typical_mass",
    }
    assert set(case) <= known
    return DecodingSettings(
        temperature=case.get("temperature", 1.0),
        top_k=case.get("top_k", 50),
        top_p=case.get("top_p", 1.0),
        repetition_penalty=case.get("repetition_penalty", 1.0),
        typical_mass=case.get("typical_mass", 0.9) if case.get("typical_sampling") else None,
        max_codes=max_codes,
        quirks=UPSTREAM_UNCACHED,
    )


def recorded_steps(model, golden, codes: torch.Tensor, settings: DecodingSettings) -> list[torch.Tensor]:
    """Processed scores (rows, V) at each step of the recorded rows."""
    rows, steps = codes.shape
    codes_in = model.code_input(codes)[:, :steps]
    text_in = model.text_input(golden["text"]).expand(rows, -1)
    logits = model.mel_head(model.hidden_states(golden["cond"].expand(rows, -1), text_in, codes_in).codes)
    spoken = torch.zeros(rows, model.config.code_tokens, dtype=torch.bool)
    spoken[:, [1, model.config.code_start]] = True
    scores = []
    for step in range(steps):
        scores.append(process_logits(logits[:, step], spoken, settings))
        spoken[torch.arange(rows), codes[:, step]] = True
    return scores


def test_drawn_codes(golden, model):
    for name, case in golden.config["cases"].items():
        settings = settings_of(case, golden.config["max_generate_length"])
        draws = golden[f"{name}.u"].T
        prompt = Prompt(golden["cond"][0], golden["text"][0])
        ((_, rows),) = decode(model, [prompt], [0] * golden.config["num_return_sequences"], draws, settings)
        stop = model.config.code_stop
        width = golden.out(f"{name}.codes").shape[1]
        padded = [torch.nn.functional.pad(row.codes, (0, width - len(row.codes)), value=stop) for row in rows]
        golden.compare(f"{name}.codes", torch.stack(padded))


def test_distributions(golden, model):
    for name, case in golden.config["cases"].items():
        settings = settings_of(case, golden.config["max_generate_length"])
        scores = recorded_steps(model, golden, golden.out(f"{name}.codes"), settings)
        first = torch.stack(scores[:4])
        if f"{name}.probs_first4" in golden.required:
            golden.compare(f"{name}.probs_first4", first.softmax(-1))
        if f"{name}.logprobs_first4" in golden.required:
            golden.compare(f"{name}.logprobs_first4", first.log_softmax(-1))
        kept = torch.stack([(step.softmax(-1) > 0).sum(-1) for step in scores])
        # Without top-k the cut falls among codes of tiny probability, where rounding decides (README of the goldens).
        golden.compare(f"{name}.n_nonzero", kept, atol=None if settings.top_k else 5)


def test_typical_filter(golden):
    for output in golden.required:
        if output.startswith("typical_warper_"):
            mass = float(output.removeprefix("typical_warper_").removesuffix(".kept"))
            golden.compare(output, keep_typical(golden["typical.scores"], mass).isfinite())
