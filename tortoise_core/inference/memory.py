"""Estimates how many rows and frames the two halves of the engine can work on at once in the memory that is free.

On the safe side for ordinary utterances. Where an estimate was too high, the engine halves it and tries again; where
nothing is left to halve, it raises `OutOfMemoryError`, and its caller halves the batch. Knows nothing of networks but
their sizes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import torch

from tortoise_core.inference.precision import Precision
from tortoise_core.models.autoregressive import AutoregressiveConfig
from tortoise_core.models.diffusion_decoder import DiffusionDecoderConfig

# Of the memory that is free once the networks are loaded. The halves work one after the other, but candidates are
# ranked while the cache of decoding is there.
BUDGET_SHARE = 0.5
MOST_ROWS = {"cpu": 128, "cuda": 1024}  # more cost memory and gain no speed
MOST_FRAMES = {"cpu": 8_192, "cuda": 131_072}
MOST_VOCODED_FRAMES = {"cpu": 1_536, "cuda": 24_576}
VOCODED_FRAME_BYTES = 524_288  # of the published vocoder; measured on a CPU
PROMPT_SLOTS = 128  # positions of an ordinary prompt
FRAMES_EACH = 1_000  # of a long utterance: attention is quadratic in them
LIVE_TENSORS = 16  # of `model_channels` for each frame, at the deepest point of a layer
LOGIT_COPIES = 4  # while they are filtered
_GROWS_AFTER = 20  # batches that went well, until a halved estimate is doubled again
# In messages of allocators other than PyTorch's own for GPUs: cuBLAS, cuDNN, cuFFT, the driver, and the CPU's.
_MEMORY_WORDS = ("ALLOC_FAILED", "ALLOCATION_FAILED", "out of memory", "can't allocate memory", "not enough memory")
_BYTES: dict[Precision, int] = {"float32": 4, "bfloat16": 2, "int8": 2, "w8a8": 2}  # of a number in the cache


@dataclass(frozen=True)
class Capacity:
    """Rows of codes decoded together at most, mel frames denoised together, and frames vocoded together."""

    rows: int
    frames: int
    vocoded_frames: int


class Budget:
    """The share of a capacity that is used: halved where memory ran out, doubled again when all has gone well."""

    def __init__(self, capacity: Capacity) -> None:
        self._whole = capacity
        self._share = 1.0
        self._well = 0

    @property
    def now(self) -> Capacity:
        """What to work on at once at present."""
        return Capacity(
            max(1, int(self._whole.rows * self._share)),
            max(FRAMES_EACH, int(self._whole.frames * self._share)),
            max(1, int(self._whole.vocoded_frames * self._share)),
        )

    def ran_out(self) -> bool:
        """Halves the share; False where that changes nothing any more."""
        before = self.now
        self._share /= 2
        self._well = 0
        return self.now != before

    def went_well(self) -> None:
        """Counts a batch that fitted."""
        self._well += 1
        if self._well >= _GROWS_AFTER:
            self._share = min(1.0, 2 * self._share)
            self._well = 0


def is_memory_error(error: BaseException) -> bool:
    """Whether an error says that memory could not be had, whoever was asked for it."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _MEMORY_WORDS)


def capacity(
    autoregressive: AutoregressiveConfig,
    decoder: DiffusionDecoderConfig,
    precision: Precision,
    max_codes: int,
    device: torch.device,
    free_bytes: int,
) -> Capacity:
    """The rows and frames that fit into `free_bytes`; at least one row, and the frames of one long utterance.

    Args:
        autoregressive: sizes of the cache that each row has.
        decoder: sizes of what each frame needs, twice where guidance is used.
        precision: of the cache; denoising keeps its residual stream in float32.
        max_codes: most codes of a row.
        device: decides how many rows still gain speed: a GPU gains from more than a CPU.
        free_bytes: see `free_memory`.
    """
    budget = BUDGET_SHARE * free_bytes
    rows = int(budget / row_bytes(autoregressive, precision, max_codes))
    frames = int(budget / frame_bytes(decoder))
    kind = "cuda" if device.type == "cuda" else "cpu"
    vocoded = min(int(budget / VOCODED_FRAME_BYTES), MOST_VOCODED_FRAMES[kind])
    return Capacity(
        max(1, min(rows, MOST_ROWS[kind])),
        max(FRAMES_EACH, min(frames, MOST_FRAMES[kind])),
        max(FRAMES_EACH, vocoded) if kind == "cuda" else MOST_VOCODED_FRAMES[kind],
    )


def row_bytes(config: AutoregressiveConfig, precision: Precision, max_codes: int) -> int:
    """Bytes of the keys, values and logits of one row that uses all its codes."""
    slots = PROMPT_SLOTS + max_codes
    cache = 2 * config.layers * config.width * slots * _BYTES[precision]
    return cache + LOGIT_COPIES * config.code_tokens * _BYTES["float32"]


def frame_bytes(config: DiffusionDecoderConfig) -> int:
    """Bytes of one frame's activations with guidance, and of its share of the attention of a long utterance."""
    activations = (LIVE_TENSORS + config.ff_mult) * config.model_channels
    attention = 2 * config.heads * FRAMES_EACH
    return 2 * _BYTES["float32"] * (activations + attention)


def free_memory(device: torch.device) -> int:
    """Bytes that are free on a device now: on a GPU, or on this machine within its control group's limit."""
    if device.type == "cuda":
        torch.cuda.empty_cache()  # else what PyTorch keeps of freed weights counts as used
        return int(torch.cuda.mem_get_info(device)[0])
    return min(_available(), _group_limit())


def _available() -> int:
    """Bytes that Linux calls available; half of all memory on systems that do not say."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _group_limit(folder: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes that a container may still take; without a limit, more than any machine has."""
    try:
        limit, used = ((folder / name).read_text("ascii").strip() for name in ("memory.max", "memory.current"))
    except OSError:
        return 1 << 62
    return 1 << 62 if limit == "max" else max(0, int(limit) - int(used))
