"""Owns the rows of codes that are sampled together, a step at a time. Knows nothing of those that wait to join."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from tortoise_core.inference.logits import DecodingSettings, next_codes
from tortoise_core.models.autoregressive import AutoregressiveModel, DecodedStep
from tortoise_core.nn.caches import make_cache
from tortoise_core.nn.key_value_cache import Cache, PromptKeys
from tortoise_core.nn.upload import upload

STEPS_PER_LOOK = {"cpu": 1, "cuda": 8}  # steps between looks at which rows have ended: a GPU is held up by each
_FIRST_SLOTS = 128  # codes that the cache has room for before it grows: most rows end before
_PROMPTS_AT_ONCE = 16  # prompts run in one pass
_PENALISED_PROMPT_ID = 1  # what the published program fills its prompt with


@dataclass(frozen=True, eq=False)
class Prompt:
    """What a row of codes is conditioned on: voice, text, and codes to begin with."""

    voice: torch.Tensor  # (C,) conditioning latent
    text: torch.Tensor  # (T,) int64 text ids; the model's start and stop are added here
    codes: torch.Tensor | None = None  # (K,) codes that the row must begin with


@dataclass(frozen=True, eq=False)
class CodeRow:
    """One sampled row."""

    codes: torch.Tensor  # (M,) int64 on the CPU, without the stop code
    stopped: bool  # the model ended the row by itself
    latents: torch.Tensor | None = None  # (M, C), the states that predicted the codes
    attention: torch.Tensor | None = None  # (M, T') shares of attention on the text with its start and stops


@dataclass(frozen=True)
class Keep:
    """What a `CodeRow` holds besides its codes."""

    latents: bool = False
    attention: bool = False  # needs a model with an `alignment_head`


CODES_ALONE = Keep()


@dataclass(frozen=True, eq=False)
class Seat:
    """A row that is to take a place in the batch."""

    row: int  # its number
    owner: int  # the number of its prompt
    prompt: Prompt
    draws: torch.Tensor  # (max_codes,)


class Flight:
    """The rows that are being sampled. Each has a place in the batch; all tensors here hold one entry per place.

    An idle place takes part in every step, and its results are ignored. A row that ends is marked on the device; the
    program learns of it in `retire`, so that nothing waits for a step.
    """

    def __init__(
        self, model: AutoregressiveModel, settings: DecodingSettings, keep: Keep, places: int, longest_text: int
    ) -> None:
        self._model = model
        self._settings = settings
        config = model.config
        self._device = device = model.mel_embedding.weight.device
        width = settings.max_codes + 1  # one to spare for what a place writes after its row has ended
        self._cache: Cache | None = None
        self._most_slots = 1 + longest_text + 2 + settings.max_codes + STEPS_PER_LOOK[device.type]
        self._latest: tuple[int, PromptKeys] | None = None  # number and keys of a prompt that more rows may need
        self._rows = [-1] * places  # the number of the row at each place; -1 at idle places
        self._count = 0  # steps made
        self._since = [0] * places  # how many had been made when the row came
        self._texts = [0] * places  # its text slots, with start and stops
        self._every = torch.arange(places, device=device)
        self._busy = torch.zeros(places, dtype=torch.bool, device=device)
        self._steps = torch.zeros(places, dtype=torch.long, device=device)  # codes that the row has
        self._last = torch.full((places,), config.code_start, device=device)
        self._spoken = torch.zeros(places, config.code_tokens, dtype=torch.bool, device=device)
        self._any_given = False  # whether any row began with codes
        self._given = torch.full((places, width), -1, device=device)  # codes to begin with; -1 where the model decides
        self._draws = torch.zeros(places, width, dtype=torch.float64, device=device)
        self._codes = torch.zeros(places, width, dtype=torch.long, device=device)
        self._text_slots = longest_text + 2 if keep.attention else None
        self._latents = torch.empty(places, width if keep.latents else 0, config.width, device=device)
        self._attention = torch.empty(places, width, self._text_slots or 0, device=device)

    @property
    def places(self) -> int:
        """Number of places in the batch, idle ones included."""
        return len(self._rows)

    def admit(self, places: Sequence[int], seats: Sequence[Seat]) -> None:
        """Puts a row into each of the places. Rows of one prompt must come one after another, over all calls."""
        places_of: dict[int, list[int]] = {}
        prompts: dict[int, Prompt] = {}
        self._seat(places, seats)
        for place, seat in zip(places, seats, strict=True):
            places_of.setdefault(seat.owner, []).append(place)
            prompts[seat.owner] = seat.prompt
        if self._latest is not None and self._latest[0] in prompts:
            owner, keys = self._latest
            self._cached(keys).admit(places_of[owner], keys)
            del prompts[owner]
        for begin in range(0, len(prompts), _PROMPTS_AT_ONCE):
            owners = list(prompts)[begin : begin + _PROMPTS_AT_ONCE]
            keys = self._prefill([prompts[owner] for owner in owners])
            cache = self._cached(keys)
            for index, owner in enumerate(owners):
                self._latest = owner, keys.only(index)
                cache.admit(places_of[owner], self._latest[1])

    def _seat(self, places: Sequence[int], seats: Sequence[Seat]) -> None:
        """Resets places for new rows."""
        most = self._settings.max_codes
        given = torch.full((len(seats), most + 1), -1)
        for index, (place, seat) in enumerate(zip(places, seats, strict=True)):
            self._rows[place] = seat.row
            self._since[place] = self._count
            self._texts[place] = len(seat.prompt.text) + 2
            if seat.prompt.codes is not None:
                self._any_given = True
                codes = seat.prompt.codes[:most]
                given[index, : len(codes)] = codes
        draws = torch.nn.functional.pad(torch.stack([seat.draws for seat in seats]), (0, 1))
        rows = upload(torch.tensor(places), self._device)
        self._busy.index_fill_(0, rows, True)
        self._steps.index_fill_(0, rows, 0)
        self._last.index_fill_(0, rows, self._model.config.code_start)
        self._spoken.index_fill_(0, rows, False)
        if self._settings.quirks.penalise_prompt_ids:
            for code in (_PENALISED_PROMPT_ID, self._model.config.code_start):
                self._spoken[:, code].index_fill_(0, rows, True)
        self._given.index_copy_(0, rows, upload(given, self._device))
        self._draws.index_copy_(0, rows, upload(draws, self._device))

    def _cached(self, keys: PromptKeys) -> Cache:
        """The cache; the first prompts decide how it is made."""
        if self._cache is None:
            self._cache = make_cache(keys, self.places, max(keys.lengths) + _FIRST_SLOTS, self._most_slots)
        return self._cache

    def _prefill(self, prompts: Sequence[Prompt]) -> PromptKeys:
        """Runs the model over prompts in one pass; returns their keys and values."""
        lengths = [len(prompt.text) for prompt in prompts]
        texts = torch.nn.utils.rnn.pad_sequence(
            [prompt.text for prompt in prompts], batch_first=True, padding_value=self._model.config.text_stop
        )
        text_in = self._model.text_input(upload(texts, self._device))
        voices = upload(torch.stack([prompt.voice for prompt in prompts]), self._device)
        real = None
        if len(set(lengths)) > 1:
            real = torch.tensor(lengths) + (text_in.shape[1] - texts.shape[1])
        return self._model.prefill(voices, text_in, real)

    def step(self) -> None:
        """Samples one more code for every row, without waiting for it."""
        assert self._cache is not None  # rows are admitted before they step
        self._count += 1
        config = self._model.config
        output = self._model.decode_step(self._last, self._positions(), self._cache, self._text_slots)
        if not self._settings.quirks.allow_start_code:
            output.logits[:, config.code_start] = float("-inf")
        at = self._steps[:, None]
        chosen = next_codes(output.logits, self._spoken, self._draws.gather(1, at)[:, 0], self._settings)
        if self._any_given:
            given = self._given.gather(1, at)[:, 0]
            chosen = torch.where(given >= 0, given, chosen)
        self._codes.scatter_(1, at, chosen[:, None])
        self._spoken.scatter_(1, chosen[:, None], True)
        self._record(output)
        self._last = chosen
        self._steps += self._busy
        self._busy &= (chosen != config.code_stop) & (self._steps < self._settings.max_codes)

    def _positions(self) -> torch.Tensor:
        """Code positions of the codes that are fed next: the start code first, at 0."""
        if not self._settings.quirks.shifted_cache_positions:
            return self._steps
        return self._steps + (self._steps > (self._given >= 0).sum(1))

    def _record(self, output: DecodedStep) -> None:
        """Keeps what `Keep` asks for of a step's output."""
        if self._latents.shape[1]:
            self._latents[self._every, self._steps] = output.hidden
        if output.alignment is not None:
            self._attention[self._every, self._steps] = output.alignment.exp()

    def state(self, place: int, code: int) -> torch.Tensor:
        """The state that predicted a row's code of this number, (C,)."""
        return self._latents[place, code].clone()

    def running(self) -> list[tuple[int, int, int]]:
        """Lists the rows that have not ended, right after `retire`: (row's number, number of its codes, place) each."""
        return [(row, self._count - self._since[place], place) for place, row in enumerate(self._rows) if row >= 0]

    def end(self, places: Sequence[int]) -> None:
        """Ends the rows at these places where they are, as if they had no room for more codes."""
        self._busy.index_fill_(0, upload(torch.tensor(places), self._device), False)

    def retire(self) -> list[tuple[int, CodeRow, int]]:
        """Removes the rows that have ended, whose places are idle then: (row's number, row, place) of each.

        Waits once, for all that it reads.
        """
        assert self._cache is not None
        busy = self._busy.cpu().tolist()
        ended = [place for place, row in enumerate(self._rows) if row >= 0 and not busy[place]]
        if not ended:
            return []
        steps = self._steps.cpu().tolist()
        codes = self._codes[:, : max(steps)].cpu()
        retired = []
        for place in ended:
            row = self._ended_row(place, codes[place, : steps[place]])
            retired.append((self._rows[place], row, place))
            self._rows[place] = -1
            self._cache.release(place)
        return retired

    def _ended_row(self, place: int, codes: torch.Tensor) -> CodeRow:
        """Collects what is kept of a row whose codes these are, with the stop code if there is one."""
        stopped = int(codes[-1]) == self._model.config.code_stop
        count = len(codes) - stopped
        return CodeRow(
            codes[:count].clone(),
            stopped,
            self._latents[place, :count].clone() if self._latents.shape[1] else None,
            self._attention[place, :count, : self._texts[place]].clone() if self._text_slots else None,
        )

    def drop(self, places: Sequence[int]) -> None:
        """Removes these idle places from the batch."""
        assert self._cache is not None
        kept = sorted(set(range(self.places)) - set(places))
        self._cache.keep(kept)
        rows = upload(torch.tensor(kept), self._device)
        self._rows = [self._rows[place] for place in kept]
        self._since = [self._since[place] for place in kept]
        self._texts = [self._texts[place] for place in kept]
        self._every = self._every[: len(kept)]
        self._busy = self._busy[rows]
        self._steps = self._steps[rows]
        self._last = self._last[rows]
        self._spoken = self._spoken[rows]
        self._given = self._given[rows]
        self._draws = self._draws[rows]
        self._codes = self._codes[rows]
        self._latents = self._latents[rows]
        self._attention = self._attention[rows]
