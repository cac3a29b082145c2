"""The first half of the engine: requests in, the best row of speech codes of each out (spec 4 and 5).

Candidates of all requests share one autoregressive batch and CLVP picks one per request. Knows nothing of audio.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tortoise_core.errors import TextError
from tortoise_core.inference.codes import clean_codes, pad_codes, spoken_length
from tortoise_core.inference.formats import FrontEnd
from tortoise_core.inference.interface import SamplingSettings, SpeechRequest
from tortoise_core.inference.logits import DecodingSettings
from tortoise_core.inference.sampling import CodeRow, Keep, Prompt, sample_codes
from tortoise_core.inference.seeds import derived_seed
from tortoise_core.inference.text_side import TorToiseText
from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.models.clvp import Clvp


@dataclass(frozen=True, eq=False)
class Chosen:
    """The candidate that was kept of one request."""

    codes: Tensor  # (M,), cut where the speech ends
    aligned: Tensor  # (M, D) latents, or the codes again: what the decoder is told
    stopped: bool
    score: float | None  # CLVP's; None where there was nothing to choose


class CodeStage:
    """Text and voice to speech codes, and to what the diffusion decoder is told of them."""

    def __init__(
        self, autoregressive: AutoregressiveModel, clvp: Clvp, text: TorToiseText, front_end: FrontEnd
    ) -> None:
        self.autoregressive, self._clvp, self._text, self._front_end = autoregressive, clvp, text, front_end

    @property
    def _device(self) -> torch.device:
        return self.autoregressive.mel_embedding.weight.device

    def choose(self, requests: Sequence[SpeechRequest]) -> list[Chosen]:
        """Samples candidates for requests of equal settings and keeps the best of each."""
        settings = requests[0].settings
        texts = [torch.tensor(self._text_ids(request.text)) for request in requests]
        prompts = [Prompt(r.voice.auto[0], text) for r, text in zip(requests, texts, strict=True)]
        seeds = [[derived_seed(r.seed, "candidate", c) for c in range(settings.candidates)] for r in requests]
        second_pass = self._front_end.codes.calm is not None  # repaired codes differ from the sampled ones
        keep = Keep(latents=self._text.speech.decoder_input == "latents" and not second_pass)
        rows = sample_codes(self.autoregressive, prompts, _decoding(settings), seeds, keep)
        return [self._best(prompt, candidates, settings) for prompt, candidates in zip(prompts, rows, strict=True)]

    def _text_ids(self, text: str) -> list[int]:
        ids = self._text.text_ids(text)
        if not ids:
            raise TextError(f"nothing to say in {text!r}: it holds no speakable characters")
        if len(ids) > self._text.max_text_tokens:
            raise TextError(
                f"text of {len(ids)} tokens is longer than the {self._text.max_text_tokens} allowed: split it"
            )
        return ids

    def _best(self, prompt: Prompt, rows: Sequence[CodeRow], settings: SamplingSettings) -> Chosen:
        cleaned = [self._clean(row, settings.max_codes) for row in rows]
        scores: list[float] | None = None
        best = 0
        if len(rows) > 1:
            scores = self._scores(prompt, cleaned, rows)
            best = max(range(len(rows)), key=lambda i: scores[i] if scores else 0.0)
        codes = cleaned[best]
        end = spoken_length(codes, self._front_end.codes)
        aligned = codes
        if self._text.speech.decoder_input == "latents":
            kept = rows[best].latents
            aligned = self._second_pass(prompt, codes) if kept is None else kept
        return Chosen(codes[:end], aligned[:end], rows[best].stopped, None if scores is None else scores[best])

    def _clean(self, row: CodeRow, max_codes: int) -> Tensor:
        """The sampled codes as the codec wants them: as they are, or padded and repaired (spec 4)."""
        code_format = self._front_end.codes
        if code_format.calm is None:
            return row.codes
        return clean_codes(pad_codes(row.codes, max_codes, code_format.stop), code_format)

    def _scores(self, prompt: Prompt, codes: Sequence[Tensor], rows: Sequence[CodeRow]) -> list[float]:
        """CLVP's opinion of each candidate. A row without a stop has run away: it loses to any that ended."""
        text = prompt.text.to(self._device)[None]
        lengths = torch.tensor([max(1, len(c)) for c in codes], device=self._device)
        batch = torch.nn.utils.rnn.pad_sequence(list(codes), batch_first=True).to(self._device)
        if batch.shape[1] == 0:  # every candidate stopped at once
            return [0.0] * len(codes)
        batch = batch.clamp(max=self._clvp.config.code_tokens - 1)
        owners = torch.zeros(len(codes), dtype=torch.long, device=self._device)
        text_length = torch.tensor([text.shape[1]], device=self._device)
        scores = self._clvp.scores(text, batch, text_length, lengths, owners).tolist()
        return [score if row.stopped else score - 1e3 for score, row in zip(scores, rows, strict=True)]

    def _second_pass(self, prompt: Prompt, codes: Tensor) -> Tensor:
        voice, text = prompt.voice.to(self._device)[None], prompt.text.to(self._device)[None]
        return self.autoregressive.latents(voice, text, codes.to(self._device)[None])[0]


def _decoding(settings: SamplingSettings) -> DecodingSettings:
    return DecodingSettings(
        temperature=settings.temperature,
        top_k=settings.top_k,
        top_p=settings.top_p,
        repetition_penalty=settings.repetition_penalty,
        max_codes=settings.max_codes,
    )
