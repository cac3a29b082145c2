"""The first half of the engine: text and voice in, the best row of speech codes of each request out (spec 4 and 5).

In the order of the work: the autoregressive model samples candidates of all requests in one batch; CLVP and, where the
model has one, the CTC scorer rate each candidate; the best one of each request is cleaned and cut where the speech
ends; the autoregressive model's latents of what is left condition the diffusion decoder. Knows nothing of audio.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import torch
from torch import Tensor

from tortoise_core.errors import TextError
from tortoise_core.inference.codes import CodeFormat, clean_codes, pad_codes, spoken_length
from tortoise_core.inference.flight import CodeRow, Keep, Prompt
from tortoise_core.inference.front_end import CVVP, TorToiseFrontEnd
from tortoise_core.inference.interface import SpeechRequest
from tortoise_core.inference.logits import DecodingSettings, uniform_draws
from tortoise_core.inference.precision import Precision
from tortoise_core.inference.presets import SamplingSettings, own_settings
from tortoise_core.inference.sampling import ROWS_IN_FLIGHT, decode_states, sample_each
from tortoise_core.inference.seeds import derived_seed
from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.models.clvp import Clvp
from tortoise_core.models.code_speller import CodeSpeller
from tortoise_core.models.cvvp import Cvvp
from tortoise_core.nn.int8 import int8_for_few_rows, int8_for_many_rows
from tortoise_core.nn.packed import PackedKind, PackedLinear
from tortoise_core.nn.upload import upload

_RANKED_AT_ONCE = 768  # candidates of utterances that are complete; the rows of others go on afterwards
_SCORED_AT_ONCE = {"cpu": 32, "cuda": 256}  # candidates; texts, too
_ALIGNED_AT_ONCE = 8  # utterances
AUTOREGRESSIVE_KINDS: dict[Precision, PackedKind] = {
    "bfloat16": PackedLinear,
    "int8": int8_for_few_rows,
    "w8a8": int8_for_few_rows,
}
CLVP_KINDS: dict[Precision, PackedKind] = {
    "bfloat16": PackedLinear,
    "int8": PackedLinear,
    "w8a8": int8_for_many_rows,
}
_RUNAWAY_PENALTY = 1e3  # more than any two scores differ by


@dataclass(frozen=True)
class Rating:
    """What the ranking networks say of one candidate: log-likelihoods in nats, so they add up."""

    clvp: float  # or a blend with CVVP's, where the settings ask for its opinion
    spelled: float | None = None  # by the CTC scorer, that the codes spell the text; None where the model has none

    @property
    def total(self) -> float:
        """What candidates are ranked by."""
        return self.clvp + (self.spelled or 0.0)


_NOT_RATED = Rating(0.0)  # of a single candidate: there is nothing to choose


@dataclass(frozen=True, eq=False)
class Chosen:
    """A candidate that was kept of one request."""

    codes: Tensor  # (M,), cut where the speech ends
    aligned: Tensor  # (M, D) latents, or the codes (M,) again: what conditions the decoder
    stopped: bool  # the model ended the row by itself
    rating: Rating = _NOT_RATED
    others: tuple[Chosen, ...] = ()  # the next best, best first, where the request keeps more than one


@dataclass(frozen=True, eq=False)
class _Wanted:
    """What the candidates of some utterances are compared with, as the ranking networks want it."""

    texts: Tensor  # ids (U, T), right-padded
    lengths: Tensor  # of the texts, (U,)
    latents: Tensor  # of the texts, CLVP's, (U, D)
    voices: Tensor | None  # CVVP's, (U, L); None where its opinion is not asked
    cvvp_amount: float  # its share in the blend with CLVP's


class CodeStage:
    """Text and voice to speech codes, and to what the diffusion decoder is conditioned on."""

    def __init__(
        self,
        autoregressive: AutoregressiveModel,
        clvp: Clvp,
        front_end: TorToiseFrontEnd,
        code_format: CodeFormat,
        precision: Precision = "float32",
        scorer: CodeSpeller | None = None,
        cvvp: Callable[[], Cvvp] | None = None,
    ) -> None:
        """The networks become this stage's own: but for "float32" they are packed in place.

        Args:
            autoregressive: samples the codes and gives their latents.
            clvp: rates how well codes fit the text.
            front_end: makes ids of a text, and says what the decoder takes in.
            code_format: how the codec's rows end.
            precision: what the first two compute in.
            scorer: the CTC scorer, if the model has one.
            cvvp: gives CVVP, where settings ask for its opinion; it is loaded then.
        """
        self.autoregressive = autoregressive
        self._clvp = clvp
        self._scorer = scorer
        self._cvvp = cvvp
        self._front_end = front_end
        self._code_format = code_format
        if precision != "float32":
            autoregressive.pack(AUTOREGRESSIVE_KINDS[precision])
            clvp.pack(CLVP_KINDS[precision])

    @property
    def _device(self) -> torch.device:
        return self.autoregressive.mel_embedding.weight.device

    def choose(self, requests: Sequence[SpeechRequest], rows_in_flight: int = ROWS_IN_FLIGHT) -> list[Chosen]:
        """Samples candidates for requests of equal settings and keeps the best of each, with others where it asks so.

        At most `rows_in_flight` candidates are sampled at a time. Raises `TextError` for a text that cannot be spoken.
        """
        settings = own_settings(requests[0].settings)
        texts = [torch.tensor(self._text_ids(request.text)) for request in requests]
        prompts = [Prompt(_voice(r), text) for r, text in zip(requests, texts, strict=True)]
        seeds = [[derived_seed(r.seed, "candidate", c) for c in range(settings.candidates)] for r in requests]
        keep = Keep(latents=self._front_end.speech.decoder_input == "latents" and not self._cleans)
        sampled = sample_each(self.autoregressive, prompts, _decoding(settings), seeds, keep, rows_in_flight)
        chosen: dict[int, Chosen] = {}
        while batch := list(islice(sampled, max(1, _RANKED_AT_ONCE // settings.candidates))):
            numbers = [number for number, _ in batch]
            own = ([requests[number] for number in numbers], [prompts[number] for number in numbers])
            chosen |= zip(numbers, self._best(*own, [rows for _, rows in batch], settings), strict=True)
            del batch  # before the next one is sampled
        return [chosen[number] for number in range(len(requests))]

    def _best(
        self,
        requests: Sequence[SpeechRequest],
        prompts: Sequence[Prompt],
        candidates: Sequence[Sequence[CodeRow]],
        settings: SamplingSettings,
    ) -> list[Chosen]:
        """Keeps the best candidates of each request."""
        if settings.candidates > 1:
            ratings = self._ratings(requests, candidates, settings)
        else:
            ratings = [[_NOT_RATED] for _ in requests]
        best = [_ranked(own)[: request.keep] for own, request in zip(ratings, requests, strict=True)]
        kept = [(owner, index) for owner, indices in enumerate(best) for index in indices]
        rows = [candidates[owner][index] for owner, index in kept]
        codes = [self._spoken(row, settings.max_codes) for row in rows]
        aligned = self._aligned([prompts[owner] for owner, _ in kept], rows, codes)
        chosen = iter(
            Chosen(codes[i], aligned[i], rows[i].stopped, ratings[owner][index])
            for i, (owner, index) in enumerate(kept)
        )
        return [replace(next(chosen), others=tuple(islice(chosen, len(indices) - 1))) for indices in best]

    def stream(self, request: SpeechRequest) -> Iterator[Tensor]:
        """Samples one candidate and yields the state (D,) behind each of its codes, and the stop, one by one."""
        prompt = Prompt(_voice(request), torch.tensor(self._text_ids(request.text)))
        decoding = _decoding(own_settings(request.settings))
        draws = uniform_draws([derived_seed(request.seed, "candidate", 0)], decoding.max_codes)
        yield from decode_states(self.autoregressive, prompt, draws[0], decoding)

    @property
    def _cleans(self) -> bool:
        """Whether codes are changed after they were sampled, so that latents kept while sampling are not theirs."""
        return self._code_format.calm is not None

    def _text_ids(self, text: str) -> list[int]:
        ids = self._front_end.text_ids(text)
        if not ids:
            raise TextError(f"nothing to say in {text!r}: it holds no speakable characters")
        if len(ids) > self._front_end.max_text_tokens:
            raise TextError(
                f"text of {len(ids)} tokens is longer than the {self._front_end.max_text_tokens} allowed: split it"
            )
        return ids

    def _spoken(self, row: CodeRow, max_codes: int) -> Tensor:
        """The codes to decode: cleaned as the codec wants them, and cut where the speech ends (spec 4)."""
        cleaned = self._clean(row, max_codes)
        return cleaned[: spoken_length(cleaned, self._code_format)]

    def _clean(self, row: CodeRow, max_codes: int) -> Tensor:
        """The sampled codes as the codec wants them: as they are, or padded and repaired (spec 4)."""
        if not self._cleans:
            return row.codes
        return clean_codes(pad_codes(row.codes, max_codes, self._code_format.stop), self._code_format)

    def _ratings(
        self, requests: Sequence[SpeechRequest], candidates: Sequence[Sequence[CodeRow]], settings: SamplingSettings
    ) -> list[list[Rating]]:
        """Rates every candidate of every request.

        A candidate without a stop code has run away: it loses to any that ended; one without codes loses like it.
        """
        owners = [owner for owner, group in enumerate(candidates) for _ in group]
        rows = [row for group in candidates for row in group]
        padded = self._front_end.speech.score_padding
        codes = [self._clean(row, settings.max_codes) if padded else row.codes for row in rows]
        ratings = [Rating(-_RUNAWAY_PENALTY) for _ in rows]
        # Rows of like length share a batch.
        order = sorted((i for i in range(len(rows)) if len(codes[i])), key=lambda i: len(codes[i]))
        wanted = self._wanted(requests, settings)
        size = _SCORED_AT_ONCE[self._device.type]
        for begin in range(0, len(order), size):
            batch = order[begin : begin + size]
            rated = self._rate(wanted, [owners[i] for i in batch], [codes[i] for i in batch])
            for i, rating in zip(batch, rated, strict=True):
                ratings[i] = rating if rows[i].stopped else replace(rating, clvp=rating.clvp - _RUNAWAY_PENALTY)
        remaining = iter(ratings)
        return [[next(remaining) for _ in group] for group in candidates]

    def _wanted(self, requests: Sequence[SpeechRequest], settings: SamplingSettings) -> _Wanted:
        """Prepares texts and voices to be compared with the candidates."""
        texts = [torch.tensor(self._text_ids(request.text)) for request in requests]
        size = _SCORED_AT_ONCE[self._device.type]
        batches = [self._padded(texts[begin : begin + size]) for begin in range(0, len(texts), size)]
        latents = torch.cat([self._clvp.encode_texts(ids, lengths) for ids, lengths in batches])
        voices = None
        if settings.cvvp_amount:
            voices = torch.cat([torch.as_tensor(request.voice[CVVP]) for request in requests]).to(self._device)
        return _Wanted(*self._padded(texts), latents, voices, settings.cvvp_amount)

    def _rate(self, wanted: _Wanted, owners: Sequence[int], codes: Sequence[Tensor]) -> list[Rating]:
        """Rates one batch of rows of codes (M,), at least one each; row i is a candidate of request `owners[i]`."""
        speech, lengths = self._padded(codes)
        speech = speech.clamp(max=self._clvp.config.code_tokens - 1)
        rows = upload(torch.tensor(owners), self._device)
        clvp = self._clvp.score_codes(wanted.latents[rows], speech, lengths)
        if wanted.voices is not None:
            likeness = self._likeness(wanted.voices[rows], speech, lengths)
            clvp = wanted.cvvp_amount * likeness + (1 - wanted.cvvp_amount) * clvp
        if self._scorer is None:
            return [Rating(score) for score in clvp.cpu().tolist()]
        spelled = self._scorer.scores(wanted.texts, speech, wanted.lengths, lengths, rows)
        both = torch.stack([clvp, spelled], dim=1).cpu().tolist()
        return [Rating(a, max(b, -_RUNAWAY_PENALTY)) for a, b in both]

    def _likeness(self, voices: Tensor, codes: Tensor, lengths: Tensor) -> Tensor:
        """CVVP's opinion (R,) of codes (R, M), which end after `lengths` (R,), in the voices (R, L).

        Its encoder knows no padding, so only rows of one length share a batch.
        """
        assert self._cvvp is not None  # settings that ask for CVVP are refused where there is none
        scores = torch.empty(len(codes), device=self._device)
        for length in lengths.unique().tolist():
            same = (lengths == length).nonzero()[:, 0]
            scores[same] = self._cvvp().voice_scores(voices[same], codes[same, :length])
        return scores

    def _aligned(self, prompts: Sequence[Prompt], rows: Sequence[CodeRow], codes: Sequence[Tensor]) -> list[Tensor]:
        """What the decoder is conditioned on, for each row of codes (M,): latents (M, D), or the codes."""
        if self._front_end.speech.decoder_input == "codes":
            return list(codes)
        kept = [row.latents for row in rows if row.latents is not None]
        if len(kept) == len(rows):
            return kept
        # Latents look back only, so nothing past the last code is run, however far the original pads its rows.
        aligned: list[Tensor] = []
        for begin in range(0, len(rows), _ALIGNED_AT_ONCE):
            batch = slice(begin, begin + _ALIGNED_AT_ONCE)
            texts, text_lengths = self._padded([prompt.text for prompt in prompts[batch]])
            speech, lengths = self._padded(codes[batch])
            voices = torch.stack([prompt.voice for prompt in prompts[batch]]).to(self._device)
            same = bool((text_lengths == texts.shape[1]).all())
            latents = self.autoregressive.latents(voices, texts, speech, text_lengths=None if same else text_lengths)
            aligned += [row[:length] for row, length in zip(latents, lengths.tolist(), strict=True)]
        return aligned

    def _padded(self, rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Rows of ids as one batch, and their lengths, on the networks' device."""
        lengths = torch.tensor([len(row) for row in rows])
        padded = torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
        return upload(padded, self._device), upload(lengths, self._device)


def _voice(request: SpeechRequest) -> Tensor:
    """What the autoregressive model hears of a request's voice: (width,)."""
    return torch.as_tensor(request.voice["auto"][0])


def _ranked(ratings: Sequence[Rating]) -> list[int]:
    """The indices of the candidates, the one that is rated highest first; of equals the earlier one."""
    return sorted(range(len(ratings)), key=lambda index: -ratings[index].total)


def _decoding(settings: SamplingSettings) -> DecodingSettings:
    return DecodingSettings(
        temperature=settings.temperature,
        top_k=settings.top_k,
        top_p=settings.top_p,
        repetition_penalty=settings.repetition_penalty,
        typical_mass=settings.typical_mass or None,
        runaway_excess=settings.runaway_excess,
        max_codes=settings.max_codes,
    )
