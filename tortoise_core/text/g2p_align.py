"""Owns the alignment of letters with phones that the letter-to-sound model is trained on.

Every letter makes no, one or two phones, in order ("x" makes K S, a silent e nothing). The costs come from the
dictionary itself by hard expectation maximisation: align, count, align again. Not used at run time. Must not know the
model that is trained on the result.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from tortoise_core.text.lexicon import Phones

LONGEST_CHUNK = 2
UNSEEN_COST = 15.0  # nats
PSEUDO_COUNT = 0.1

Chunk = Phones
Costs = Mapping[tuple[str, Chunk], float]


def without_stress(phones: Phones) -> Phones:
    """Strips the stress digits: which letter makes a vowel does not depend on its stress."""
    return tuple(phone.rstrip("012") for phone in phones)


def align(word: str, phones: Phones, costs: Costs) -> list[Chunk] | None:
    """Finds the cheapest division of the phones among the letters (Viterbi).

    Args:
        word: n letters.
        phones: m phones, without stress.
        costs: cost of each (letter, chunk) in nats.

    Returns:
        n chunks that concatenate to `phones`, or None where there are too many phones for the letters.
    """
    length = len(phones)
    best = [0.0] + [math.inf] * length  # best[j]: cheapest way for the letters so far to make j phones
    choices: list[list[int]] = []
    for letter in word:
        following = [math.inf] * (length + 1)
        choice = [0] * (length + 1)
        for made, cost in enumerate(best):
            if cost == math.inf:
                continue
            for size in range(min(LONGEST_CHUNK, length - made) + 1):
                total = cost + costs.get((letter, phones[made : made + size]), UNSEEN_COST)
                if total < following[made + size]:
                    following[made + size] = total
                    choice[made + size] = size
        best = following
        choices.append(choice)
    if best[length] == math.inf:
        return None
    chunks: list[Chunk] = []
    for choice in reversed(choices):
        size = choice[length]
        chunks.append(phones[length - size : length])
        length -= size
    return chunks[::-1]


def _initial_costs(entries: Iterable[tuple[str, Phones]]) -> Costs:
    """Guesses costs from which letters and phones stand at like places in words."""
    counts: defaultdict[tuple[str, Chunk], float] = defaultdict(float)
    for word, phones in entries:
        for i, letter in enumerate(word):
            counts[letter, ()] += max(1.0 - len(phones) / len(word), 0.05)
            for j in range(len(phones)):
                distance = abs((i + 0.5) / len(word) - (j + 0.5) / len(phones)) * len(word)
                closeness = math.exp(-distance)
                counts[letter, phones[j : j + 1]] += closeness
                if j + 1 < len(phones):
                    counts[letter, phones[j : j + 2]] += 0.05 * closeness
    return _costs(counts)


def _costs(counts: Mapping[tuple[str, Chunk], float]) -> Costs:
    """Turns counts into -log P(chunk | letter)."""
    totals: defaultdict[str, float] = defaultdict(float)
    for (letter, _), count in counts.items():
        totals[letter] += count
    return {
        (letter, chunk): -math.log((count + PSEUDO_COUNT) / (totals[letter] + PSEUDO_COUNT))
        for (letter, chunk), count in counts.items()
    }


def align_dictionary(
    entries: list[tuple[str, Phones]], rounds: int = 6, sample_every: int = 8
) -> list[tuple[str, list[Chunk]]]:
    """Aligns a whole dictionary; words that cannot be aligned (most are abbreviations) are left out.

    Args:
        entries: words with their phones.
        rounds: rounds of estimation.
        sample_every: all rounds but the last learn from every n-th word only, which is enough and saves time.

    Returns:
        Words with one chunk of phones (stress included) per letter.
    """
    plain = [(word, without_stress(phones)) for word, phones in entries]
    costs = _initial_costs(plain[::sample_every])
    for turn in range(rounds):
        counts: Counter[tuple[str, Chunk]] = Counter()
        for word, phones in plain[::sample_every] if turn < rounds - 1 else plain:
            counts.update(zip(word, align(word, phones, costs) or (), strict=False))
        costs = _costs(counts)
    aligned = []
    for (word, bare), (_, phones) in zip(plain, entries, strict=True):
        chunks = align(word, bare, costs)
        if chunks is not None:
            aligned.append((word, _restore_stress(chunks, phones)))
    return aligned


def _restore_stress(chunks: list[Chunk], phones: Phones) -> list[Chunk]:
    """Cuts the stressed phones into chunks of the same sizes."""
    restored = []
    at = 0
    for chunk in chunks:
        restored.append(phones[at : at + len(chunk)])
        at += len(chunk)
    return restored
