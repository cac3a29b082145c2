"""Owns redaction: cutting [bracketed] text out of its speech (spec 6.5), and the string alignment that this needs.

The published program's own way, held to its recordings: it ends where the last character begins, and its author calls
it unreliable. Talepress cuts at words instead (`tasks/align/direction.py`). The caller's aligner tells at which sample
a character is spoken. Must not know speech recognition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

UNMATCHED = "~"


def max_alignment(expected: str, recognised: str) -> str:
    """Replaces by `~` every character of `expected` that is not in its longest common subsequence with `recognised`.

    Equal first characters are matched at once; of equally long alternatives the one that leaves out the earlier
    character of `expected` is taken.
    """
    rows = len(expected)
    columns = len(recognised)
    # common[i][j]: length of the longest common subsequence of expected[i:] and recognised[j:]
    common = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            same = expected[i] == recognised[j]
            common[i][j] = common[i + 1][j + 1] + 1 if same else max(common[i + 1][j], common[i][j + 1])
    aligned = []
    j = 0
    for i in range(rows):
        while j < columns and expected[i] != recognised[j] and common[i][j + 1] > common[i + 1][j]:
            j += 1
        matched = j < columns and expected[i] == recognised[j]
        aligned.append(expected[i] if matched else UNMATCHED)
        j += matched
    return "".join(aligned)


def unredacted_text(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Removes the brackets of a text, and lists the character ranges (first, last) that were outside of them."""
    parts = [part for piece in text.split("[") for part in piece.split("]")]
    kept = []
    position = 0
    for index, part in enumerate(parts):
        if part and index % 2 == 0:
            kept.append((position, position + len(part) - 1))
        position += len(part)
    return "".join(parts), kept


def redact(audio: torch.Tensor, text: str, align: Callable[[torch.Tensor, str], Sequence[int]]) -> torch.Tensor:
    """Cuts the bracketed parts of `text` out of its audio.

    Args:
        audio: `(1, L)`, the whole text spoken, brackets' contents included.
        align: gives the sample at which each character of a text starts; called only if there are brackets.

    Shape: `(1, L')`, L' <= L.
    """
    if "[" not in text:
        return audio
    spoken, kept = unredacted_text(text)
    starts = align(audio, spoken)
    return torch.cat([audio[:, starts[first] : starts[last]] for first, last in kept] or [audio[:, :0]], dim=-1)
