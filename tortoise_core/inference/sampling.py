"""Samples speech codes for many utterances and all their candidates in one batch; knows nothing of text or audio.

The batch (`flight.py`) has a limited number of places. When a row ends, the next row that waits takes its place, of
whichever utterance; an utterance leaves when its last row has ended.

`sampling_reference.py` does the same one row at a time and without a cache; a test holds the two equal.
"""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from tortoise_core.errors import ConfigError
from tortoise_core.inference.flight import CODES_ALONE, STEPS_PER_LOOK, CodeRow, Flight, Keep, Prompt, Seat
from tortoise_core.inference.logits import DecodingSettings, uniform_draws
from tortoise_core.models.autoregressive import AutoregressiveModel

ROWS_IN_FLIGHT = 128  # rows decoded together unless the caller says otherwise
# Busy share of the batch at which idle rows are thrown out: copying the cache costs about a step. A GPU gains less from
# fewer rows, and wants few different shapes.
_COMPACT_AT = {"cpu": 0.75, "cuda": 0.5}
_SHORTEST = 20  # codes, about a second: a median below this says nothing of how long a row may be


def sample_codes(
    model: AutoregressiveModel,
    prompts: Sequence[Prompt],
    settings: DecodingSettings,
    seeds: Sequence[Sequence[int]],
    keep: Keep = CODES_ALONE,
    in_flight: int = ROWS_IN_FLIGHT,
) -> list[list[CodeRow]]:
    """Samples one row of codes per seed of every prompt.

    Args:
        model: the network, in eval mode.
        prompts: one per utterance.
        settings: how to draw; the same for all rows.
        seeds: the candidates' seeds, one list per prompt. A row depends on its prompt and seed, not on its neighbours
            (up to float rounding, which differs between batch sizes).
        keep: what else to return.
        in_flight: most rows decoded together; memory grows with this, not with the number of rows.

    Returns: the rows of each prompt, in the order of its seeds.
    """
    rows = dict(sample_each(model, prompts, settings, seeds, keep, in_flight))
    return [rows[number] for number in range(len(prompts))]


def sample_each(
    model: AutoregressiveModel,
    prompts: Sequence[Prompt],
    settings: DecodingSettings,
    seeds: Sequence[Sequence[int]],
    keep: Keep = CODES_ALONE,
    in_flight: int = ROWS_IN_FLIGHT,
) -> Iterator[tuple[int, list[CodeRow]]]:
    """Samples like `sample_codes`; yields the number and the rows of each prompt once the last of them has ended.

    The rows of other prompts go on when the next one is asked for.
    """
    yield from ((number, []) for number, group in enumerate(seeds) if not group)
    flat = [seed for group in seeds for seed in group]
    if flat:
        owners = [index for index, group in enumerate(seeds) for _ in group]
        draws = uniform_draws(flat, settings.max_codes)
        yield from decode(model, prompts, owners, draws, settings, keep, in_flight)


@torch.no_grad()
def decode(
    model: AutoregressiveModel,
    prompts: Sequence[Prompt],
    owners: Sequence[int],
    draws: torch.Tensor,
    settings: DecodingSettings,
    keep: Keep = CODES_ALONE,
    in_flight: int = ROWS_IN_FLIGHT,
) -> Iterator[tuple[int, list[CodeRow]]]:
    """Samples rows, at least one; row i continues prompt `owners[i]` and draws with `draws` (R, max_codes)[i].

    Yields the number and the rows of each prompt once the last of them has ended.
    """
    if keep.attention and model.config.alignment_head is None:
        raise ConfigError("the model has no alignment_head, so there is no attention to keep")
    if model.code_positions is not None and settings.max_codes >= model.code_positions:
        raise ConfigError(
            f"max_codes {settings.max_codes} must stay below the model's {model.code_positions} positions"
        )
    # The longest texts first: they are likely to take longest, and a row that runs alone at the end is slow.
    waiting = deque(sorted(range(len(owners)), key=lambda row: (-len(prompts[owners[row]].text), owners[row])))
    groups = {owner: _Candidates(count, settings.runaway_excess) for owner, count in Counter(owners).items()}
    flight = Flight(model, settings, keep, min(in_flight, len(owners)), max(len(prompt.text) for prompt in prompts))
    idle = list(range(flight.places))
    kind = model.mel_embedding.weight.device.type
    while waiting or len(idle) < flight.places:
        rows = [waiting.popleft() for _ in range(min(len(idle), len(waiting)))]
        if rows:
            flight.admit(idle[: len(rows)], [Seat(row, owners[row], prompts[owners[row]], draws[row]) for row in rows])
        idle = idle[len(rows) :]
        if flight.places - len(idle) <= _COMPACT_AT[kind] * flight.places:
            flight.drop(idle)
            idle = []
        for _ in range(STEPS_PER_LOOK[kind]):
            flight.step()
        for row, result, place in flight.retire():
            idle.append(place)
            owner = owners[row]
            groups[owner].add(row, result)
            if groups[owner].is_complete:
                yield owner, groups.pop(owner).rows()
        if settings.runaway_excess:
            late = [place for row, codes, place in flight.running() if groups[owners[row]].has_run_away(codes)]
            if late:
                flight.end(late)


class _Candidates:
    """The rows of one prompt, as they end; says which have run away.

    One that is longer than the median (of an even number the upper one) by more than `excess` has, whatever it does
    afterwards. That may be known before it ends: once more than half of the rows have ended, the median can only be
    what it would be if all others were longer, or less.
    """

    def __init__(self, count: int, excess: float) -> None:
        self._count = count
        self._excess = excess
        self._rows: dict[int, CodeRow] = {}
        self._most: int | None = None  # codes of a row that has not run away, as far as is known; it only falls

    def add(self, number: int, row: CodeRow) -> None:
        """Takes in a row that has ended."""
        self._rows[number] = row
        middle = self._count // 2
        if self._excess and len(self._rows) > middle:
            lengths = sorted(len(row.codes) for row in self._rows.values())
            self._most = int((1 + self._excess) * max(lengths[middle], _SHORTEST))

    @property
    def is_complete(self) -> bool:
        """Whether all rows have ended."""
        return len(self._rows) == self._count

    def has_run_away(self, codes: int) -> bool:
        """Whether a row of at least so many codes is known to have run away."""
        return self._most is not None and codes > self._most

    def rows(self) -> list[CodeRow]:
        """All rows in the order of their numbers; those that ran away are cut where they did, and have no stop."""
        ordered = [self._rows[number] for number in sorted(self._rows)]
        return [_cut(row, self._most) if self.has_run_away(len(row.codes)) else row for row in ordered]


def _cut(row: CodeRow, most: int | None) -> CodeRow:
    """The first codes of a row, which then does not end by itself."""
    kept = [None if own is None else own[:most] for own in (row.latents, row.attention)]
    return replace(row, codes=row.codes[:most], stopped=False, latents=kept[0], attention=kept[1])


@torch.no_grad()
def decode_states(
    model: AutoregressiveModel, prompt: Prompt, draws: torch.Tensor, settings: DecodingSettings
) -> Iterator[torch.Tensor]:
    """Samples one row with `draws` (max_codes,); yields the state (C,) behind each code, and behind the stop code."""
    flight = Flight(model, settings, Keep(latents=True), 1, len(prompt.text))
    flight.admit([0], [Seat(0, 0, prompt, draws)])
    for count in itertools.count():
        flight.step()
        yield flight.state(0, count)
        if flight.retire():
            return
