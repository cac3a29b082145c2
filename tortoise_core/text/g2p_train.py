"""Trains the letter-to-sound model on the lexicon and measures it; run by hand, never at run time.

Owns the estimation of the n-gram (interpolated Kneser-Ney with modified discounts, Chen and Goodman 1999) and its
pruning. Every twentieth word, by a hash of its letters, is held out for measuring and never trained on, so the numbers
printed belong to the very file that is written. Takes about a minute on one core.

    python -m tortoise_core.text.g2p_train

Must not know how the model is used.
"""

from __future__ import annotations

import argparse
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save as save_safetensors

from tortoise_core.errors import ConfigError
from tortoise_core.text.g2p_align import Chunk, align_dictionary, without_stress
from tortoise_core.text.g2p_model import END, MODEL_PATH, START, STEP, LetterToSoundModel
from tortoise_core.text.lexicon import Phones, dictionary

ORDER = 7
BITS = 9  # of a unit within an n-gram's key: 7 units of 9 bits fit into an int64
RAREST_UNIT = 3  # words with a unit seen more rarely are exceptions that teach nothing
PRUNE_FROM = 5  # n-grams this long or longer that were seen once are left out
HELD_OUT_EVERY = 20

Entry = tuple[str, Phones]


@dataclass(frozen=True)
class Level:
    """The n-grams of one length: sorted keys, and per key log P(last | rest) and the log back-off weight; (n,) each."""

    keys: np.ndarray
    log_prob: np.ndarray
    back_off: np.ndarray


def split_dictionary(words: dict[str, str]) -> tuple[list[Entry], list[Entry]]:
    """Splits the plain words (two letters or more) into training and held-out entries."""
    entries = [(word, tuple(phones.split(" "))) for word, phones in words.items() if re.fullmatch("[a-z]{2,}", word)]
    held_out = [zlib.crc32(word.encode()) % HELD_OUT_EVERY == 0 for word, _ in entries]
    train = [entry for entry, out in zip(entries, held_out, strict=True) if not out]
    return train, [entry for entry, out in zip(entries, held_out, strict=True) if out]


def to_units(aligned: list[tuple[str, list[Chunk]]]) -> tuple[list[str], list[list[int]]]:
    """Numbers the units.

    Returns:
        The unit lines as in the model file, and every word as unit numbers between START and END.
    """
    lines = [[" ".join((letter, *chunk)) for letter, chunk in zip(*pair, strict=True)] for pair in aligned]
    counts = Counter(line for word in lines for line in word)
    lines = [word for word in lines if all(counts[line] >= RAREST_UNIT for line in word)]
    kept = sorted({line for word in lines for line in word})
    if len(kept) + 2 > 1 << BITS:
        raise ConfigError(f"{len(kept)} letter-phone units do not fit into {BITS} bits: raise RAREST_UNIT")
    number = {line: unit for unit, line in enumerate(kept, START + 1)}
    return ["</s>", "<s>", *kept], [[START, *(number[line] for line in word), END] for word in lines]


def count_ngrams(sequences: list[list[int]]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Counts the n-grams of length 1..ORDER that end on a unit of a word or its END.

    Returns:
        For every length, sorted keys (first unit in the highest bits) and how often each occurs.
    """
    flat = np.array([unit for sequence in sequences for unit in sequence], np.int64)
    place = np.concatenate([np.arange(len(sequence)) for sequence in sequences])
    levels = []
    keys = np.zeros_like(flat)
    for length in range(1, ORDER + 1):
        shifted = np.concatenate([np.zeros(length - 1, np.int64), flat])[: len(flat)]
        keys = keys | shifted << BITS * (length - 1)
        complete = place >= max(length - 1, 1)  # START itself is given, not predicted
        levels.append(np.unique(keys[complete], return_counts=True))
    return levels


def kneser_ney_counts(levels: list[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
    """Replaces the counts of all but the longest n-grams by the number of different units seen before them.

    N-grams that begin with START have nothing before them and keep their counts.
    """
    adjusted = []
    for length, (keys, counts) in enumerate(levels[:-1], 1):
        longer, _ = levels[length]
        suffixes, continuations = np.unique(longer & (1 << BITS * length) - 1, return_counts=True)
        merged = counts.copy()
        first = keys >> BITS * (length - 1)
        at = np.searchsorted(keys, suffixes)
        merged[at] = continuations
        merged[first == START] = counts[first == START]
        adjusted.append(merged)
    return [*adjusted, levels[-1][1]]


def discounts(counts: np.ndarray, prune: bool) -> np.ndarray:
    """Returns what to subtract from a count of 0, 1, 2, and 3 or more, shape (4,). Pruning takes all of a 1.

    Raises:
        ConfigError: there are too few words to tell.
    """
    n1, n2, n3, n4 = (float((counts == n).sum()) for n in (1, 2, 3, 4))
    if not n1 * n2 * n3:
        raise ConfigError("too few words to estimate the letter-to-sound model: give it some thousands")
    y = n1 / (n1 + 2 * n2)
    return np.array([0.0, 1.0 if prune else 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])


def estimate(levels: list[tuple[np.ndarray, np.ndarray]], unit_count: int) -> list[Level]:
    """Estimates all probabilities and back-off weights."""
    counts = kneser_ney_counts(levels)
    below = Level(np.zeros(1, np.int64), np.array([-np.log(unit_count)]), np.zeros(1))  # the uniform distribution
    done: list[Level] = []
    for length, (keys, _) in enumerate(levels, 1):
        count = counts[length - 1]
        discount = discounts(count, length >= PRUNE_FROM)[np.minimum(count, 3)]
        contexts, group = np.unique(keys >> BITS, return_inverse=True)
        total = np.bincount(group, count)
        weight = np.bincount(group, discount) / total  # what the discounts leave for the shorter context
        shorter = below.log_prob[np.searchsorted(below.keys, keys & (1 << BITS * (length - 1)) - 1)]
        probability = (count - discount) / total[group] + weight[group] * np.exp(shorter)
        if done:
            done[-1].back_off[np.searchsorted(done[-1].keys, contexts)] = np.log(weight)
        below = Level(keys, np.log(probability), np.zeros(len(keys)))
        done.append(below)
    return done


def prune(levels: list[Level], counts: list[np.ndarray]) -> list[Level]:
    """Drops the wholly discounted n-grams, unless a kept longer one begins with them."""
    kept: list[Level] = []
    needed = np.zeros(0, np.int64)
    for length in range(len(levels), 0, -1):
        level = levels[length - 1]
        keep = np.isin(level.keys, needed)
        keep |= counts[length - 1] > 1 if length >= PRUNE_FROM else True
        kept.append(Level(level.keys[keep], level.log_prob[keep], level.back_off[keep]))
        needed = np.unique(kept[-1].keys >> BITS)
    return kept[::-1]


def to_arrays(lines: list[str], levels: list[Level]) -> dict[str, np.ndarray]:
    """Lays the n-grams out as the model file wants them."""
    children = []
    for level, longer in zip(levels, [*levels[1:], None], strict=True):
        contexts = longer.keys >> BITS if longer else np.zeros(0, np.int64)
        children.append(np.searchsorted(contexts, level.keys, "right") - np.searchsorted(contexts, level.keys))

    def steps(values: list[np.ndarray]) -> np.ndarray:
        return np.clip(np.round(-np.concatenate(values) / STEP), 0, 255).astype(np.uint8)

    return {
        "units": np.frombuffer("\n".join(lines).encode("ascii"), np.uint8),
        "unit": np.concatenate([level.keys & (1 << BITS) - 1 for level in levels]).astype(np.uint16),
        "children": np.concatenate(children).astype(np.uint16),
        "log_prob": steps([level.log_prob for level in levels]),
        "back_off": steps([level.back_off for level in levels]),
    }


def train(entries: list[Entry]) -> dict[str, np.ndarray]:
    """Trains on dictionary entries; returns the arrays of the model file."""
    lines, sequences = to_units(align_dictionary(entries))
    counted = count_ngrams(sequences)
    # START is never predicted, but it begins contexts: give it an entry of its own on the first level.
    keys, counts = counted[0]
    counted[0] = (np.insert(keys, START, START), np.insert(counts, START, 1))
    return to_arrays(lines, prune(estimate(counted, len(lines)), kneser_ney_counts(counted)))


def edit_distance(one: Phones, other: Phones) -> int:
    """Counts the insertions, deletions and substitutions between two phone strings (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        diagonal = row[0]
        row[0] = i
        for j, right in enumerate(other, 1):
            cheapest = min(row[j] + 1, row[j - 1] + 1, diagonal + (left != right))
            diagonal = row[j]
            row[j] = cheapest
    return row[-1]


def measure(pronounce: Callable[[str], Phones], entries: list[Entry]) -> dict[str, float]:
    """Scores pronunciations: share of words wholly right and phone error rate, with and without stress."""
    guesses = [(pronounce(word), phones) for word, phones in entries]
    bare = [(without_stress(guess), without_stress(truth)) for guess, truth in guesses]

    def score(pairs: list[tuple[Phones, Phones]]) -> tuple[float, float]:
        right = sum(guess == truth for guess, truth in pairs) / len(pairs)
        return right, sum(edit_distance(*pair) for pair in pairs) / sum(len(truth) for _, truth in pairs)

    names = ("word_accuracy", "phone_error_rate", "word_accuracy_no_stress", "phone_error_rate_no_stress")
    return dict(zip(names, (*score(guesses), *score(bare)), strict=True))


def main() -> None:
    """Trains the model, writes its file and prints how well it does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=MODEL_PATH)
    output = parser.parse_args().output
    training, held_out = split_dictionary(dictionary())
    arrays = train(training)
    output.write_bytes(gzip.compress(save_safetensors(arrays), compresslevel=9, mtime=0))
    print(f"{len(training)} words, {len(arrays['unit'])} n-grams, {output.stat().st_size} bytes")
    for name, value in measure(LetterToSoundModel(arrays).pronounce, held_out).items():
        print(f"{name:28} {value:.4f}")


if __name__ == "__main__":
    main()
