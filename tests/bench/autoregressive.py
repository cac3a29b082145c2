"""How fast speech codes are written and chosen at the published size: `python -m tests.bench official`.

The work is that of the preset `ultra_fast` for one utterance: 60 text tokens, 16 candidates of 100 codes, what CLVP
thinks of them, and the latents of the best. Weights are random: speed does not depend on them.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch import nn

from tortoise_core.inference.code_stage import AUTOREGRESSIVE_KINDS, CLVP_KINDS
from tortoise_core.inference.flight import Prompt
from tortoise_core.inference.logits import DecodingSettings
from tortoise_core.inference.precision import Precision
from tortoise_core.inference.sampling import sample_codes
from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.models.clvp import Clvp

TEXT_TOKENS = 61  # the published program's stop included
CANDIDATES = 16
CODES = 100
PADDED = 500  # codes to which the published program pads a row before it scores it
# Of the machine that docs/numbers.md tells of, measured idle: two cores.
BYTES_PER_S = 20e9
FLOPS_PER_S = {"float32": 180e9, "bfloat16": 400e9, "int8": 400e9, "w8a8": 800e9}
BYTES_OF: dict[Precision, tuple[int, int]] = {
    "float32": (4, 4),
    "bfloat16": (2, 2),
    "int8": (1, 2),
    "w8a8": (1, 2),
}  # weight, cache


def random_network(kind: Callable[[], nn.Module], device: torch.device) -> nn.Module:
    """A network of the published size with weights of the usual scale, made much faster than its own initial ones."""
    with torch.device("meta"):
        network = kind()
    network = network.to_empty(device=device)
    noise = 0.02 * torch.randn(1 << 20, generator=torch.Generator().manual_seed(0)).to(device)
    with torch.no_grad():
        for name, tensor in [*network.named_parameters(), *network.named_buffers()]:
            if name.endswith(("inv_freq", "temperature")) or (tensor.dim() == 1 and name.endswith(("weight", "g"))):
                tensor.fill_(1.0)
            else:
                repeats = -(-tensor.numel() // len(noise))
                tensor.copy_(noise.repeat(repeats)[: tensor.numel()].view_as(tensor))
    return network.eval()


def language_model(precision: Precision, device: torch.device) -> AutoregressiveModel:
    """The autoregressive network, which never stops by itself."""
    model = random_network(AutoregressiveModel, device)
    assert isinstance(model, AutoregressiveModel)
    with torch.no_grad():
        model.mel_head.bias[model.config.code_stop] = -1e9
    if precision != "float32":
        model.pack(AUTOREGRESSIVE_KINDS[precision])
    return model


def decoding(
    model: AutoregressiveModel, precision: Precision, rows: int = CANDIDATES, codes: int = CODES
) -> dict[str, float]:
    """Samples candidates of one utterance: seconds, codes per second, and the share of the machine's ceiling."""
    generator = torch.Generator().manual_seed(1)
    prompt = Prompt(torch.randn(model.config.width, generator=generator), _text(generator))
    settings = DecodingSettings(max_codes=codes)
    seconds = _seconds(lambda: sample_codes(model, [prompt], settings, [list(range(rows))]), _device(model))
    return {
        "seconds": seconds,
        "codes_per_s": rows * codes / seconds,
        "share_of_ceiling": _least_seconds(model, precision, rows, codes) / seconds,
    }


def latents(model: AutoregressiveModel, codes: int = CODES) -> float:
    """Seconds for the latents of one row of codes, on its true length."""
    generator = torch.Generator().manual_seed(2)
    device = _device(model)
    inputs = torch.randn(1, model.config.width, generator=generator), _text(generator)[None], _codes(1, codes)
    moved = [tensor.to(device) for tensor in inputs]
    return _seconds(lambda: model.latents(*moved), device)


def scoring(model: Clvp, rows: int = CANDIDATES, codes: int = CODES) -> float:
    """Seconds for CLVP's opinion of the candidates of one text."""
    device = model.text_emb.weight.device
    text = _text(torch.Generator().manual_seed(3))[None].to(device)
    speech = _codes(rows, codes).to(device)
    return _seconds(lambda: model.score_codes(model.encode_texts(text).expand(rows, -1), speech), device)


def measure(precision: Precision, device: str = "cpu", repeats: int = 5) -> dict[str, float]:
    """All figures of the first half of an utterance, medians over repeats."""
    target = torch.device(device)
    figures = decoding_figures(precision, target, repeats)
    model = language_model(precision, target)
    figures["latents_s"] = statistics.median(latents(model) for _ in range(repeats))
    del model
    clvp = random_network(Clvp, target)
    assert isinstance(clvp, Clvp)
    if precision != "float32":
        clvp.pack(CLVP_KINDS[precision])
    figures["clvp_s"] = statistics.median(scoring(clvp) for _ in range(repeats))
    figures["total_s"] = figures["decoding_seconds"] + figures["latents_s"] + figures["clvp_s"]
    return figures


def decoding_figures(precision: Precision, device: torch.device, repeats: int = 5) -> dict[str, float]:
    """The figures of `decoding`, medians over repeats."""
    model = language_model(precision, device)
    runs = [decoding(model, precision) for _ in range(repeats)]
    return {f"decoding_{key}": statistics.median(run[key] for run in runs) for key in runs[0]}


def _least_seconds(model: AutoregressiveModel, precision: Precision, rows: int, codes: int) -> float:
    """What the CPU's memory and arithmetic would need at least: the larger of the two, for weights and cache alone."""
    config = model.config
    weights = 12 * config.layers * config.width**2 + config.width * config.code_tokens
    positions = 1 + TEXT_TOKENS + 2 + (codes + 1) / 2  # seen by a code on average
    cache = 2 * config.layers * config.width * positions * rows
    weight_bytes, cache_bytes = BYTES_OF[precision]
    bytes_s = codes * (weight_bytes * weights + cache_bytes * cache) / BYTES_PER_S
    flops = codes * 2 * rows * (weights + 2 * config.layers * config.width * positions)
    return max(bytes_s, flops / FLOPS_PER_S[precision])


def _device(model: AutoregressiveModel) -> torch.device:
    return model.mel_embedding.weight.device


def _text(generator: torch.Generator) -> torch.Tensor:
    return torch.randint(1, 200, (TEXT_TOKENS,), generator=generator)


def _codes(rows: int, codes: int) -> torch.Tensor:
    return torch.randint(0, 8192, (rows, codes), generator=torch.Generator().manual_seed(4))


def _seconds(work: Callable[[], object], device: torch.device) -> float:
    begin = time.perf_counter()
    with torch.inference_mode():
        work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - begin
