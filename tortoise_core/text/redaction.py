"""Speaking [bracketed] text and cutting it out again (spec 6.5): which parts stay, and the string alignment behind it.

Which sample a character is spoken at comes from the caller's aligner; no speech recognition here. The author considers
the feature unreliable, so nothing uses it unless asked to.

Must not know how speech is recognised.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

UNMATCHED = "~"


def max_alignment(expected: str, heard: str) -> str:
    """`expected` with every character that a best common subsequence with `heard` leaves out replaced by `~`.

    Equal first characters are matched at once; of equally long alternatives the one that leaves out the earlier
    character of `expected` is taken.
    """
    rows, columns = len(expected), len(heard)
    common = [[0] * (columns + 1) for _ in range(rows + 1)]  # longest common subsequence of expected[i:] and heard[j:]
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            same = expected[i] == heard[j]
            common[i][j] = common[i + 1][j + 1] + 1 if same else max(common[i + 1][j], common[i][j + 1])
    aligned = []
    j = 0
    for i in range(rows):
        while j < columns and expected[i] != heard[j] and common[i][j + 1] > common[i + 1][j]:
            j += 1
        matched = j < columns and expected[i] == heard[j]
        aligned.append(expected[i] if matched else UNMATCHED)
        j += matched
    return "".join(aligned)


def unredacted_text(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without its brackets, and the character ranges (first, last) of the parts that were outside of them."""
    parts = [part for piece in text.split("[") for part in piece.split("]")]
    kept = []
    position = 0
    for index, part in enumerate(parts):
        if part and index % 2 == 0:
            kept.append((position, position + len(part) - 1))
        position += len(part)
    return "".join(parts), kept


def redact(audio: torch.Tensor, text: str, align: Callable[[torch.Tensor, str], Sequence[int]]) -> torch.Tensor:
    """Audio of `text` without what stands in brackets there.

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
