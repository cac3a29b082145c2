"""What `make quality` measures of the whole model: text in, speech out. Each part gives figures fit for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from flows.actions.say import SayLine, cut_lines, speak_lines
from flows.services import Services, open_services, read_settings
from tasks.voices.catalogue import read_latents
from tests.quality.book import book
from tests.quality.judge import Judge, Spoken
from tests.quality.material import Speaker, write_wavs
from tortoise_core.inference.code_stage import Chosen, CodeStage, Rating
from tortoise_core.inference.engine import TorToiseEngine, load_engine
from tortoise_core.inference.flight import CodeRow, Keep, Prompt
from tortoise_core.inference.interface import SpeechRequest, VoiceLatents
from tortoise_core.inference.logits import DecodingSettings
from tortoise_core.inference.presets import SamplingSettings, own_settings
from tortoise_core.inference.sampling import sample_codes
from tortoise_core.inference.seeds import derived_seed

BATCH = 16
COMPARED = 30  # sentences of the tables that compare settings
CANDIDATES = (1, 2, 4, 8, 16)
TEMPERATURES = (0.4, 0.7, 1.0)
TOP_PS = (0.6, 0.8, 0.95)
TAKES = 4  # of each sentence, to know what a take's scores say of its words
WRONG_WER = 0.25  # a take with a quarter of its words wrong should be retaken
HEARD_SHARE = 0.1  # of a code's attention: less does not count as having looked at a token


@dataclass(frozen=True)
class Reader:
    """The whole model with its voices. `speakers`: the best voice first."""

    services: Services
    engine: TorToiseEngine
    speakers: Sequence[Speaker]
    judge: Judge
    held_out: Path  # a book
    out: Path

    @cached_property
    def settings(self) -> SamplingSettings:
        """Those of the default preset."""
        return own_settings(self.services.sampling)

    def voice(self, speaker: Speaker) -> VoiceLatents:
        """The shipped voice of that name."""
        return read_latents(self.services.voice(speaker.voice), self.services.store)

    def requests(
        self, speaker: Speaker, texts: Sequence[str], settings: SamplingSettings, seed: int = 0
    ) -> list[SpeechRequest]:
        """What a user's `talepress say` would ask of the engine. Every text must fit into one utterance."""
        lines = [SayLine(text, Path(f"{n}.wav")) for n, text in enumerate(texts)]
        lengths = self.services.settings.segment
        whole = lengths.model_copy(update={"min_chars": lengths.max_chars})
        pieces = cut_lines(self.services, lines, whole, force=True)
        assert all(len(own) == 1 for own in pieces), "a sentence is longer than an utterance may be"
        voice = self.voice(speaker)
        return [SpeechRequest(own[0].spoken, voice, settings, seed) for own in pieces]

    def speak(
        self, name: str, speaker: Speaker, texts: Sequence[str], settings: SamplingSettings
    ) -> tuple[list[Path], dict[str, float]]:
        """Speaks texts to files; returns them, and the means of what the engine says of them, if it says anything."""
        results = []
        requests = self.requests(speaker, texts, settings)
        for start in range(0, len(requests), BATCH):
            results += self.engine.speak(requests[start : start + BATCH])
        paths = self.write(name, speaker, [result.audio for result in results])
        spelled = [result.spelled for result in results if result.spelled is not None]
        if not spelled:
            return paths, {}
        rank = float(np.mean([result.rank for result in results]))
        return paths, {"rank": round(rank, 3), "spelled": round(float(np.mean(spelled)), 3)}

    def write(self, name: str, speaker: Speaker, said: Sequence[np.ndarray]) -> list[Path]:
        """Waveforms to files in a folder of that name."""
        return write_wavs(self.out / name / speaker.voice, said)

    def judged(self, name: str, speaker: Speaker, texts: Sequence[str], wavs: Sequence[Path]) -> dict[str, Any]:
        """The judge's whole report."""
        rows = [Spoken(wav, text, speaker.joined) for wav, text in zip(wavs, texts, strict=True)]
        return self.judge(f"{name}-{speaker.voice}", rows)


def load_reader(speakers: Sequence[Speaker], judge: Judge, held_out: Path, out: Path) -> Reader:
    """The configured model, as a user's commands would load it."""
    services = Services(read_settings())
    synthesize = services.synthesize
    engine = load_engine(synthesize.model, synthesize.device, services.precision)
    return Reader(services, engine, speakers, judge, held_out, out)


def reading(reader: Reader) -> dict[str, Any]:
    """Every voice reads its sentences and the hard ones, beside its teacher; and what was heard of the worst."""
    rows = []
    worst = []
    for speaker in reader.speakers:
        recordings = [*speaker.recordings, *speaker.hard]
        texts = [recording.text for recording in recordings]
        own = [recording.wav for recording in recordings]
        wavs, factor = _said(speaker.voice, texts, reader.out / "reading" / speaker.voice)
        for who, spoken in (("teacher", own), ("model", wavs)):
            report = reader.judged(f"reading-{who}", speaker, texts, spoken)
            figures = {key: report[key] for key in ("utterances", "wer", "cer", "dnsmos_p808", "dnsmos_ovrl")}
            rows.append({"voice": speaker.voice, "who": who, **figures, "speaker_sim": report["speaker_sim"]})
            if who == "model":
                rows[-1]["rtf"] = round(factor, 3)
                worst += [
                    {"voice": speaker.voice, "wer": round(100 * r["wer"]), "text": r["ref"], "heard": r["heard"]}
                    for r in report["worst"]
                ]
    return {"rows": rows, "worst": sorted(worst, key=lambda row: -row["wer"])[:10]}


def _said(voice: str, texts: Sequence[str], folder: Path) -> tuple[list[Path], float]:
    """What `talepress say --lines` makes of texts, with the real-time factor."""
    plan = [SayLine(text, folder / f"{number:03d}.wav") for number, text in enumerate(texts)]
    folder.mkdir(parents=True, exist_ok=True)
    with open_services(read_settings(synthesize={"voice": voice})) as services:
        speech = speak_lines(services, plan, lambda _progress: None, seed=0, candidates=None, force=True)
    return [line.path for line in plan], speech.wall_seconds / speech.audio_seconds


def candidates(reader: Reader) -> list[dict[str, Any]]:
    """What the choice among more candidates brings."""
    speaker, texts = _compared(reader)
    rows = []
    for count in CANDIDATES:
        wavs, scores = reader.speak(f"candidates{count}", speaker, texts, replace(reader.settings, candidates=count))
        report = reader.judged(f"candidates{count}", speaker, texts, wavs)
        rows.append({"candidates": count, **_short(report), **scores})
    return rows


def trick(reader: Reader) -> list[dict[str, Any]]:
    """The same codes decoded from themselves, and from the latents of the model that chose them."""
    speaker, texts = _compared(reader)
    requests = reader.requests(speaker, texts, reader.settings)
    with torch.inference_mode():
        chosen = reader.engine._codes.choose(requests)
        rows = []
        for told, rows_of in (("codes", [replace(c, aligned=c.codes) for c in chosen]), ("latents", chosen)):
            wavs = reader.write(f"told-{told}", speaker, decode(reader.engine, requests, rows_of))
            rows.append({"decoder is told": told, **_short(reader.judged(f"told-{told}", speaker, texts, wavs))})
    return rows


def sampling(reader: Reader) -> list[dict[str, Any]]:
    """Temperature and top-p, one candidate each, so that nothing else mends what they do."""
    speaker, texts = _compared(reader)
    rows = []
    for temperature in TEMPERATURES:
        for top_p in TOP_PS:
            settings = replace(reader.settings, candidates=1, temperature=temperature, top_p=top_p)
            name = f"temperature{temperature}-{top_p}"
            wavs, _ = reader.speak(name, speaker, texts, settings)
            report = reader.judged(name, speaker, texts, wavs)
            rows.append({"temperature": temperature, "top_p": top_p, **_short(report)})
    return rows


def takes(reader: Reader) -> dict[str, Any]:
    """What can be known of a take without a judge, against what the judge heard."""
    speaker, texts = _compared(reader)
    settings = replace(reader.settings, candidates=TAKES)
    requests = reader.requests(speaker, texts, settings)
    with torch.inference_mode():
        rows, ratings, prompts = _sampled(reader.engine._codes, requests)
        flat = [
            (n, row, s)
            for n, (group, rated) in enumerate(zip(rows, ratings, strict=True))
            for row, s in zip(group, rated, strict=True)
        ]
        chosen = [Chosen(row.codes, _latents(row), row.stopped) for _, row, s in flat]
        said = decode(reader.engine, [requests[n] for n, _, _ in flat], chosen)
    wavs = reader.write("takes", speaker, said)
    report = reader.judged("takes", speaker, [texts[n] for n, _, _ in flat], wavs)
    owner = np.array([n for n, _, _ in flat])
    pace = np.array([len(row.codes) / len(prompts[n].text) for n, row, _ in flat])
    usual = np.array([np.median(pace[owner == n]) for n in owner])
    scores_of = {
        "clvp": np.array([rating.clvp for _, _, rating in flat]),
        "speller": np.array([rating.spelled or 0.0 for _, _, rating in flat]),
    }
    known = {
        **scores_of,
        "sum of these": np.sum(list(scores_of.values()), axis=0),
        "sum of these, per token": np.sum(list(scores_of.values()), axis=0)
        / [len(prompts[n].text) for n, _, _ in flat],
        "pace": -np.abs(np.log(pace / np.median(pace))),
        "pace beside the text's other takes": -np.abs(np.log(pace / usual)),
        "coverage": np.array([coverage(row) for _, row, _ in flat]),
    }
    wer = np.array([row["wer"] for row in report["rows"]])
    return {
        "takes": len(wer),
        "wrong_share": round(float((wer >= WRONG_WER).mean()), 3),
        "wer": round(100 * float(wer.mean()), 2),
        "wer_of_best": round(100 * chosen_wer(-wer, wer, owner), 2),
        "rows": [
            {
                "score": name,
                "WER of its choice": round(100 * chosen_wer(values, wer, owner), 2),
                **judged_by(values, wer),
            }
            for name, values in known.items()
        ],
    }


def chosen_wer(score: np.ndarray, wer: np.ndarray, owner: np.ndarray) -> float:
    """Mean WER of the take of each text that a score likes best. Shape: (takes,) each; `owner` is the text's number."""
    return float(np.mean([wer[owner == n][score[owner == n].argmax()] for n in np.unique(owner)]))


def judged_by(score: np.ndarray, wer: np.ndarray) -> dict[str, float]:
    """How a score (high: good) goes with true WER: rank correlation, and the threshold under which most wrong takes lie
    (best F1), with its precision and recall. Shape: (takes,) each."""
    wrong = wer >= WRONG_WER
    best: dict[str, float] = {"threshold": float("nan"), "precision": 0.0, "recall": 0.0}
    most = 0.0
    for threshold in np.unique(score):
        caught = score <= threshold
        hits = float((caught & wrong).sum())
        f1 = 2 * hits / max(1.0, float(caught.sum() + wrong.sum()))
        if f1 > most:
            most = f1
            best = {"threshold": float(threshold), "precision": hits / caught.sum(), "recall": hits / wrong.sum()}
    return {"rank correlation": round(_rank_correlation(score, wer), 3)} | {k: round(v, 3) for k, v in best.items()}


def coverage(row: CodeRow) -> float:
    """Share of the text's tokens that some code looked at."""
    assert row.attention is not None
    inner = row.attention[:, 1:-1]  # without start and stop
    return float((inner.amax(0) > HEARD_SHARE).float().mean()) if len(inner) else 0.0


def _rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's, ties sharing their mean rank."""

    def ranks(x: np.ndarray) -> np.ndarray:
        _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
        return (np.cumsum(counts) - (counts - 1) / 2)[inverse]

    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def _compared(reader: Reader) -> tuple[Speaker, list[str]]:
    speaker = reader.speakers[0]
    return speaker, [recording.text for recording in speaker.recordings[:COMPARED]]


def _short(report: Mapping[str, Any]) -> dict[str, Any]:
    return {key: report[key] for key in ("wer", "cer", "dnsmos_p808")}


def decode(engine: TorToiseEngine, requests: Sequence[SpeechRequest], chosen: Sequence[Chosen]) -> list[np.ndarray]:
    """The second half of the engine, in its own batches. Shape: (samples,) for each request."""
    made: dict[int, np.ndarray] = {}
    for members in engine._audio.like_lengths(chosen):
        audio = engine._audio.decode([requests[m] for m in members], [chosen[m] for m in members])
        made |= dict(zip(members, audio, strict=True))
    return [made[index] for index in range(len(chosen))]


def _sampled(
    stage: CodeStage, requests: Sequence[SpeechRequest]
) -> tuple[list[list[CodeRow]], list[list[Rating]], list[Prompt]]:
    """Every candidate of every request, with what it looked at, and its rating."""
    settings = own_settings(requests[0].settings)
    prompts = [Prompt(torch.from_numpy(r.voice["auto"][0]), torch.tensor(stage._text_ids(r.text))) for r in requests]
    seeds = [[derived_seed(r.seed, "candidate", c) for c in range(settings.candidates)] for r in requests]
    names = ("temperature", "top_k", "top_p", "repetition_penalty", "max_codes")
    decoding = DecodingSettings(**{name: getattr(settings, name) for name in names})
    rows = sample_codes(stage.autoregressive, prompts, decoding, seeds, Keep(latents=True, attention=True))
    return rows, stage._ratings(prompts, rows, settings.max_codes), prompts


def _latents(row: CodeRow) -> Tensor:
    assert row.latents is not None
    return row.latents


def long_read(reader: Reader) -> dict[str, Any]:
    """The best voice reads over a thousand utterances of a held-out book."""
    return book(reader.held_out, reader.speakers[0].voice, reader.judge, reader.out)


PARTS = {
    "reading": reading,
    "book": long_read,
    "candidates": candidates,
    "trick": trick,
    "sampling": sampling,
    "takes": takes,
}
