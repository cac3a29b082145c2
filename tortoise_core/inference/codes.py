"""Cleans and cuts a row of speech codes after it was sampled (spec 4); knows nothing of how it was sampled."""

from __future__ import annotations

from dataclasses import dataclass

import torch

# Published codes: what the first model's author found to make its decoder end in clean silence.
CALM_CODE = 83
TAIL_CODES = (45, 45, 248)
PUBLISHED_STOP_CODE = 8193
KEPT_CALM_CODES = 8  # calm codes in a row that are decoded before the rest is cut off


@dataclass(frozen=True)
class CodeFormat:
    """How a codec's rows end."""

    stop: int
    calm: int | None = None  # the code of silence; None if this codec's rows end at the stop code and need no repair
    tail: tuple[int, ...] = ()  # codes that end a repaired row


PUBLISHED_FORMAT = CodeFormat(PUBLISHED_STOP_CODE, CALM_CODE, TAIL_CODES)


def pad_codes(row: torch.Tensor, width: int, stop: int) -> torch.Tensor:
    """Pads a row of codes (M,) on the right with stop codes to (width,)."""
    return torch.nn.functional.pad(row, (0, width - len(row)), value=stop)


def clean_codes(row: torch.Tensor, code_format: CodeFormat) -> torch.Tensor:
    """Repairs one row (M,), right-padded with stop codes, into codes that can be scored and decoded (spec 4).

    A format with a calm code keeps the row's length: calm codes replace everything from the first stop on, and the
    tail replaces the last entries. A row without a stop is left as it is. A format without a calm code cuts the row at
    its first stop. The argument is not changed.
    """
    stops = (row == code_format.stop).nonzero()
    if not len(stops):
        return row.clone()
    end = int(stops[0])
    if code_format.calm is None:
        return row[:end].clone()
    cleaned = row.clone()
    cleaned[end:] = code_format.calm
    tail = torch.tensor(code_format.tail, dtype=row.dtype, device=row.device)
    cleaned[max(0, len(row) - len(tail)) :] = tail[-len(row) :]
    return cleaned


def spoken_length(row: torch.Tensor, code_format: CodeFormat) -> int:
    """How many codes of a cleaned row (M,) to decode: up to the ninth calm code in a row, otherwise all (spec 4)."""
    if code_format.calm is None or len(row) <= KEPT_CALM_CODES:
        return len(row)
    calm_runs = (row == code_format.calm).unfold(0, KEPT_CALM_CODES + 1, 1).all(1).nonzero()
    return int(calm_runs[0]) + KEPT_CALM_CODES if len(calm_runs) else len(row)
