"""Owns the letter-to-sound model, which pronounces any string of letters: its file's layout and its search.

Must not know dictionaries, apostrophes or inflections (`g2p.py`), nor how the model was trained (`g2p_train.py`).

It is a joint-sequence model (Bisani and Ney, "Joint-sequence models for grapheme-to-phoneme conversion", 2008): a
back-off n-gram over units, each a letter with the phones it makes. Pronouncing a word is finding the likeliest sequence
of units that spells it, by beam search.

File: gzip of a safetensors blob. The n-grams form a trie stored level by level (level 1 first, each level sorted by
parent, then unit), which makes every array small and well compressible:
    units     (bytes,)   uint8    one line per unit: the letter, then its phones; lines 0 and 1 are word end and start
    unit      (nodes,)   uint16   last unit of each n-gram
    children  (nodes,)   uint16   how many n-grams continue it
    log_prob  (nodes,)   uint8    -log P(unit | context) in steps of `STEP` nats
    back_off  (nodes,)   uint8    -log of the weight for leaving this context for a shorter one, same steps
"""

from __future__ import annotations

import gzip
from array import array
from bisect import bisect_left
from functools import lru_cache

import numpy as np
from safetensors.numpy import load as load_safetensors

from tortoise_core.text.lexicon import DATA, Phones

MODEL_PATH = DATA / "letters_to_sounds.gz"
STEP = 1 / 16  # nats
END = 0  # the unit that ends a word
START = 1  # the unit that begins one
BEAM = 24
BEAM_WIDTH = 6.0  # nats behind the best hypothesis

ROOT = 0  # state of the empty context


class LetterToSoundModel:
    """A back-off n-gram over letter-phone units, as an automaton: a state is the longest context the model knows.

    Args:
        arrays: the arrays of the model file.
    """

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        lines = arrays["units"].tobytes().decode("ascii").split("\n")
        self._unit_count = len(lines)
        self._phones: list[Phones] = [tuple(line.split(" ")[1:]) for line in lines]
        self._units_of: dict[str, list[int]] = {}
        for unit, line in enumerate(lines[START + 1 :], START + 1):
            self._units_of.setdefault(line[0], []).append(unit)
        children = arrays["children"].astype(np.int64)
        shorter = _shorter_contexts(arrays["unit"].astype(np.int64), children, self._unit_count)
        roots = len(shorter) - 1 - int(children.sum())
        # Flat arrays, not lists and a dict: these hold half a million nodes, and Python's objects take 100 MB for them.
        # Node n's children are the nodes after number `below[n]`, up to and with `below[n + 1]`, ascending by unit.
        self._below = array("q", np.cumsum(np.concatenate(([0, roots], children))).tobytes())
        self._unit = array("q", arrays["unit"].astype(np.int64).tobytes())
        self._shorter = array("q", shorter.tobytes())
        self._log_prob = array("d", np.append(0.0, arrays["log_prob"] * -STEP).tobytes())
        self._back_off = array("d", np.append(0.0, arrays["back_off"] * -STEP).tobytes())
        self._remembered = lru_cache(maxsize=1 << 15)(self._expand)  # a few thousand contexts make most of English

    def _advance(self, state: int, unit: int) -> tuple[int, float]:
        """Returns the state after a unit, and the unit's log probability in this state."""
        weight = 0.0
        while True:
            end = self._below[state + 1]
            at = bisect_left(self._unit, unit, self._below[state], end)
            if at < end and self._unit[at] == unit:
                return at + 1, weight + self._log_prob[at + 1]
            weight += self._back_off[state]
            state = self._shorter[state]

    def _expand(self, state: int, letter: str) -> list[tuple[int, float, Phones]]:
        """Lists the worthwhile readings of a letter in a state: next state, log probability, phones made."""
        units = self._units_of[letter]
        reached = self._advance_each(state, units)
        worst = max(gain for _, gain in reached.values()) - BEAM_WIDTH
        return [(*reached[unit], self._phones[unit]) for unit in units if reached[unit][1] >= worst]

    def _advance_each(self, state: int, units: list[int]) -> dict[int, tuple[int, float]]:
        """Does `_advance` for all units of a letter, which lie side by side below every state: one look for all."""
        reached: dict[int, tuple[int, float]] = {}
        weight = 0.0
        while len(reached) < len(units):
            end = self._below[state + 1]
            first = bisect_left(self._unit, units[0], self._below[state], end)
            for at in range(first, bisect_left(self._unit, units[-1] + 1, first, end)):
                reached.setdefault(self._unit[at], (at + 1, weight + self._log_prob[at + 1]))
            weight += self._back_off[state]
            state = self._shorter[state]
        return reached

    def pronounce(self, letters: str) -> Phones:
        """Returns the likeliest phones of a string of letters a-z. The same letters always give the same phones."""
        start, _ = self._advance(ROOT, START)
        beam: dict[int, tuple[float, Phones]] = {start: (0.0, ())}
        for letter in letters:
            reached: dict[int, tuple[float, Phones]] = {}
            for state, (score, phones) in beam.items():
                for node, gain, made in self._remembered(state, letter):
                    total = score + gain
                    if node not in reached or total > reached[node][0]:
                        reached[node] = (total, phones + made)
            beam = _prune(reached)
        finished = [(score + self._advance(state, END)[1], phones) for state, (score, phones) in beam.items()]
        return max(finished)[1]


def _prune(hypotheses: dict[int, tuple[float, Phones]]) -> dict[int, tuple[float, Phones]]:
    """Keeps the best few hypotheses that are not far behind the best one."""
    ranked = sorted(hypotheses.items(), key=lambda item: item[1][0], reverse=True)[:BEAM]
    worst = ranked[0][1][0] - BEAM_WIDTH
    return {state: hypothesis for state, hypothesis in ranked if hypothesis[0] >= worst}


def _shorter_contexts(unit: np.ndarray, children: np.ndarray, unit_count: int) -> np.ndarray:
    """Finds for every node, the root included, the node of its longest known proper suffix.

    Node i of the file has number i + 1, the root is 0.

    Args:
        unit: (nodes,) int64, see the file layout.
        children: (nodes,) int64.
        unit_count: number of different units.

    Returns:
        (nodes + 1,) int64.
    """
    first_level = len(unit) - int(children.sum())  # all other nodes have a parent
    parent = np.concatenate([np.zeros(first_level, np.int64), np.repeat(np.arange(1, len(unit) + 1), children)])
    keys = parent * unit_count + unit  # of edges; ascending
    shorter = np.zeros(len(unit) + 1, np.int64)
    begin = first_level
    end = first_level + int(children[:first_level].sum())
    while begin < end:  # level by level: a node's suffix is found through its parent's suffix
        shorter[begin + 1 : end + 1] = _suffixes(keys, shorter, parent[begin:end], unit[begin:end], unit_count)
        following = end + int(children[begin:end].sum())
        begin = end
        end = following
    return shorter


def _suffixes(
    keys: np.ndarray, shorter: np.ndarray, parent: np.ndarray, unit: np.ndarray, unit_count: int
) -> np.ndarray:
    """Finds the nodes of the longest known proper suffixes of nodes below the first level; all shapes (n,)."""
    context = shorter[parent]
    found = np.zeros(len(unit), np.int64)
    open_ = np.arange(len(unit))
    while len(open_):  # ends at the root, below which every unit is known
        wanted = context[open_] * unit_count + unit[open_]
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        hit = keys[at] == wanted
        found[open_[hit]] = at[hit] + 1
        open_ = open_[~hit]
        context[open_] = shorter[context[open_]]
    return found


@lru_cache(maxsize=1)
def default_model() -> LetterToSoundModel:
    """Returns the packaged model, read once."""
    return LetterToSoundModel(load_safetensors(gzip.decompress(MODEL_PATH.read_bytes())))
