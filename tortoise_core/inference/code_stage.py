"""The first half of the engine: requests in, the best row of speech codes of each out (spec 4 and 5).

Candidates of all requests share one autoregressive batch, and CLVP picks one per request, with the speller where the
model has one: both give log-likelihoods, which add up. Knows nothing of audio.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from tortoise_core.errors import TextError
from tortoise_core.inference.codes import clean_codes, pad_codes, spoken_length
from tortoise_core.inference.formats import FrontEnd
from tortoise_core.inference.interface import SamplingSettings, SpeechRequest
from tortoise_core.inference.logits import DecodingSettings, uniform_draws
from tortoise_core.inference.precision import Precision
from tortoise_core.inference.sampling import ROWS_IN_FLIGHT, CodeRow, Keep, Prompt, decode_states, sample_codes
from tortoise_core.inference.seeds import derived_seed
from tortoise_core.inference.text_side import TorToiseText
from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.models.clvp import Clvp
from tortoise_core.models.code_speller import CodeSpeller

_SCORED_AT_ONCE = 32  # candidates
_ALIGNED_AT_ONCE = 8  # utterances
_RUNAWAY_PENALTY = 1e3  # more than any two scores differ by


@dataclass(frozen=True, eq=False)
class Chosen:
    """The candidate that was kept of one request."""

    codes: Tensor  # (M,), cut where the speech ends
    aligned: Tensor  # (M, D) latents, or the codes again: what the decoder is told
    stopped: bool
    scores: Mapping[str, float] = field(default_factory=dict)  # of each network that ranks; none if nothing to choose

    @property
    def score(self) -> float:
        """What it was chosen by."""
        return sum(self.scores.values())


class CodeStage:
    """Text and voice to speech codes, and to what the diffusion decoder is told of them."""

    def __init__(
        self,
        autoregressive: AutoregressiveModel,
        clvp: Clvp,
        text: TorToiseText,
        front_end: FrontEnd,
        precision: Precision = "float32",
        speller: CodeSpeller | None = None,
    ) -> None:
        """The networks become this stage's own: but for "float32" they are packed in place."""
        self.autoregressive, self._clvp, self._speller = autoregressive, clvp, speller
        self._text, self._front_end = text, front_end
        if precision != "float32":
            autoregressive.pack(int8=precision == "int8")
            clvp.pack()

    @property
    def _device(self) -> torch.device:
        return self.autoregressive.mel_embedding.weight.device

    def choose(self, requests: Sequence[SpeechRequest], rows_in_flight: int = ROWS_IN_FLIGHT) -> list[Chosen]:
        """Samples candidates for requests of equal settings, so many at once, and keeps the best of each."""
        settings = requests[0].settings
        texts = [torch.tensor(self._text_ids(request.text)) for request in requests]
        prompts = [Prompt(r.voice.auto[0], text) for r, text in zip(requests, texts, strict=True)]
        seeds = [[derived_seed(r.seed, "candidate", c) for c in range(settings.candidates)] for r in requests]
        keep = Keep(latents=self._text.speech.decoder_input == "latents" and not self._repaired)
        rows = sample_codes(self.autoregressive, prompts, _decoding(settings), seeds, keep, rows_in_flight)
        picked, scores = [group[0] for group in rows], [dict[str, float]() for _ in rows]
        if settings.candidates > 1:
            opinions = self._scores(prompts, rows, settings.max_codes)
            totals = [[sum(candidate.values()) for candidate in own] for own in opinions]
            best = [own.index(max(own)) for own in totals]
            picked = [group[index] for group, index in zip(rows, best, strict=True)]
            scores = [own[index] for own, index in zip(opinions, best, strict=True)]
        codes = [self._spoken(row, settings.max_codes) for row in picked]
        aligned = self._aligned(prompts, picked, codes)
        return [
            Chosen(row, told, kept.stopped, own)
            for row, told, kept, own in zip(codes, aligned, picked, scores, strict=True)
        ]

    def stream(self, request: SpeechRequest) -> Iterator[Tensor]:
        """Samples one candidate; the state (D,) behind each of its codes, and of the stop, as soon as it is there."""
        prompt = Prompt(request.voice.auto[0], torch.tensor(self._text_ids(request.text)))
        decoding = _decoding(request.settings)
        draws = uniform_draws([derived_seed(request.seed, "candidate", 0)], decoding.max_codes)
        yield from decode_states(self.autoregressive, prompt, draws[0], decoding)

    @property
    def _repaired(self) -> bool:
        """Whether codes are mended after they were sampled, so that latents kept while sampling are not theirs."""
        return self._front_end.codes.calm is not None

    def _text_ids(self, text: str) -> list[int]:
        ids = self._text.text_ids(text)
        if not ids:
            raise TextError(f"nothing to say in {text!r}: it holds no speakable characters")
        if len(ids) > self._text.max_text_tokens:
            raise TextError(
                f"text of {len(ids)} tokens is longer than the {self._text.max_text_tokens} allowed: split it"
            )
        return ids

    def _spoken(self, row: CodeRow, max_codes: int) -> Tensor:
        """The codes to decode, mended as the codec wants them and cut where the speech ends (spec 4)."""
        cleaned = self._clean(row, max_codes)
        return cleaned[: spoken_length(cleaned, self._front_end.codes)]

    def _clean(self, row: CodeRow, max_codes: int) -> Tensor:
        """The sampled codes as the codec wants them: as they are, or padded and repaired (spec 4)."""
        code_format = self._front_end.codes
        if code_format.calm is None:
            return row.codes
        return clean_codes(pad_codes(row.codes, max_codes, code_format.stop), code_format)

    def _scores(
        self, prompts: Sequence[Prompt], rows: Sequence[Sequence[CodeRow]], max_codes: int
    ) -> list[list[dict[str, float]]]:
        """The opinions of every candidate, by network. A row without a stop has run away: it loses to any that ended,
        and a row without codes loses like it."""
        flat = [(owner, row) for owner, group in enumerate(rows) for row in group]
        padded = self._text.speech.score_padding
        codes = [self._clean(row, max_codes) if padded else row.codes for _, row in flat]
        scores = [{"clvp": -_RUNAWAY_PENALTY} for _ in flat]
        order = sorted(
            (i for i in range(len(flat)) if len(codes[i])), key=lambda i: len(codes[i])
        )  # rows of like length
        for begin in range(0, len(order), _SCORED_AT_ONCE):
            batch = order[begin : begin + _SCORED_AT_ONCE]
            owners = sorted({flat[i][0] for i in batch})
            texts, text_lengths = self._padded([prompts[owner].text for owner in owners])
            speech, lengths = self._padded([codes[i] for i in batch])
            text_rows = torch.tensor([owners.index(flat[i][0]) for i in batch], device=self._device)
            speech = speech.clamp(max=self._clvp.config.code_tokens - 1)
            clvp = self._clvp.scores(texts, speech, text_lengths, lengths, text_rows).tolist()
            for i, score in zip(batch, clvp, strict=True):
                scores[i]["clvp"] = score if flat[i][1].stopped else score - _RUNAWAY_PENALTY
            if self._speller is not None:
                spelled = self._speller.scores(texts, speech, text_lengths, lengths, text_rows).tolist()
                for i, score in zip(batch, spelled, strict=True):
                    scores[i]["speller"] = max(score, -_RUNAWAY_PENALTY)
        remaining = iter(scores)
        return [[next(remaining) for _ in group] for group in rows]

    def _aligned(self, prompts: Sequence[Prompt], rows: Sequence[CodeRow], codes: Sequence[Tensor]) -> list[Tensor]:
        """What the decoder is told of each row of codes (M,): (M, D) latents, or the codes."""
        if self._text.speech.decoder_input == "codes":
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
        lengths = torch.tensor([len(row) for row in rows], device=self._device)
        return torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True).to(self._device), lengths


def _decoding(settings: SamplingSettings) -> DecodingSettings:
    return DecodingSettings(
        temperature=settings.temperature,
        top_k=settings.top_k,
        top_p=settings.top_p,
        repetition_penalty=settings.repetition_penalty,
        max_codes=settings.max_codes,
    )
