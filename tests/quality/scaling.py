"""`python -m tests.quality.scaling`: AR models of three sizes on three amounts of speech; docs/quality/scaling.json.

Everything but size and speech is the recipe's: codec, text, optimiser. Each model is trained for the same few steps,
far fewer than the shipped one, so that all of them can be trained in an hour or two; then it reads held-out sentences,
decoded from its codes alone by the shipped acoustic half. Needs a workspace of `make train-mini` whose dVAE is the
shipped one. Stop and repeat at any time, it goes on.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.optimize import least_squares
from torch import Tensor

from tests.quality.judge import Judge
from tests.quality.language import COMPARED, Reader, decode, load_reader
from tests.quality.material import BEST, held_out_sentences, material_arguments, record
from tortoise_core.audio.mel import normalize_mel
from tortoise_core.corpus.corpus import Corpus
from tortoise_core.corpus.sentences import split_held_out
from tortoise_core.corpus.teachers import SAMPLE_RATE
from tortoise_core.inference.code_stage import Chosen
from tortoise_core.inference.flight import Prompt
from tortoise_core.inference.logits import DecodingSettings
from tortoise_core.inference.sampling import sample_codes
from tortoise_core.inference.seeds import derived_seed
from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.training.data.utterances import BucketConfig, BucketSampler, TrainingItem
from tortoise_core.training.export import VOICE_CLIPS
from tortoise_core.training.loop import Trainer
from tortoise_core.training.recipe_file import read_recipe
from tortoise_core.training.stages.autoregressive import AutoregressiveStage, start_from_codebook
from tortoise_core.training.workspace import Workspace

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "quality" / "scaling.json"
RECIPE = Path(__file__).resolve().parents[2] / "configs" / "models" / "tortoise_mini.toml"
SIZES = ((2, 128, 2), (4, 192, 3), (6, 256, 4))  # layers, width, heads; the last is the shipped one
SHARES = (1 / 32, 1 / 8, 1.0)  # of the corpus
STEPS = 600
EMA_DECAY = 0.99  # an average that follows so short a training


def scaling(_reader: Reader) -> dict[str, Any]:
    """What `make scaling` found."""
    results: dict[str, Any] = json.loads(RESULTS.read_text("utf-8"))
    return results


def fit(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Loss of a model of N parameters on D hours: E + (A / N)^a + (B / D)^b (the form of arXiv 2203.15556), by least
    squares; N in millions."""
    size, hours, loss = (np.array([row[name] for row in rows]) for name in ("block_parameters", "hours", "loss"))

    def predicted(p: np.ndarray) -> np.ndarray:
        floor, a_scale, a, b_scale, b = p
        return floor + (np.exp(a_scale) / (size / 1e6)) ** a + (np.exp(b_scale) / hours) ** b

    def missed(p: np.ndarray) -> np.ndarray:
        return predicted(p) - loss

    bounds = ([0.0, -20.0, 0.01, -20.0, 0.01], [float(loss.min()), 10.0, 2.0, 10.0, 2.0])
    starts = [(loss.min() * f, -1.0, a, -1.0, b) for f in (0.3, 0.8) for a in (0.1, 0.5) for b in (0.1, 0.5)]
    best = min((least_squares(missed, start, bounds=bounds) for start in starts), key=lambda found: float(found.cost))
    floor, a_scale, a, b_scale, b = best.x
    error = float(np.sqrt(np.mean(missed(best.x) ** 2)))
    named = {"E": floor, "A": np.exp(a_scale), "a": a, "B": np.exp(b_scale), "b": b, "rms_error": error}
    return {name: round(float(value), 4) for name, value in named.items()}


class _Share(BucketSampler):
    """Trains on the first items; validated on what every share is validated on."""

    def __init__(self, items: Sequence[TrainingItem], share: float, corpus: Corpus, config: BucketConfig) -> None:
        train, valid = split_held_out(items, lambda spoken: spoken.item.text)
        self.used = train[: round(share * len(train))]
        self._all = BucketSampler(items, corpus, config)
        super().__init__([*self.used, *valid], corpus, config)

    def validation(self) -> list[dict[str, Tensor]]:
        """See `BucketSampler.validation`."""
        return self._all.validation()


def _measure(
    workspace: Workspace, size: tuple[int, int, int], share: float, reader: Reader, out: Path
) -> dict[str, Any]:
    """Trains one model, or goes on, and has it read."""
    recipe = workspace.recipe
    layers, width, heads = size
    name = f"{layers}x{width}-{share:.3f}"
    corpus, items = workspace.spoken()
    config = replace(
        recipe.networks["autoregressive"], layers=layers, width=width, heads=heads, alignment_head=(layers // 2, 0)
    )
    settings = recipe.stages["autoregressive"]
    loop = replace(settings.loop, steps=STEPS, ema_decay=EMA_DECAY, validate_every=50)
    torch.manual_seed(loop.seed)  # the initial weights
    model = AutoregressiveModel(config)
    start_from_codebook(model, workspace.weights("dvae")["codebook.embed"])
    data = _Share(items, share, corpus, settings.buckets)
    trainer = Trainer(AutoregressiveStage(model, data, settings.language), loop, out / name, workspace.device)
    trainer.run()
    log = [json.loads(line) for line in (out / name / "log.jsonl").read_text("utf-8").splitlines()]
    with trainer.averaged():
        report = _read(model, corpus, reader, name)
    return {
        "layers": layers,
        "width": width,
        "block_parameters": sum(p.numel() for p in model.gpt.parameters()),
        "parameters": sum(p.numel() for p in model.parameters()),
        "hours": round(sum(spoken.item.samples for spoken in data.used) / SAMPLE_RATE / 3600, 2),
        "loss": min(record["valid_code"] for record in log if "valid_code" in record),
        "wer": report["wer"],
        "cer": report["cer"],
        "minutes": round(trainer.state.seconds / 60, 1),
    }


@torch.inference_mode()
def _read(model: AutoregressiveModel, corpus: Corpus, reader: Reader, name: str) -> dict[str, Any]:
    """The best voice reads some sentences: codes of the model, one candidate, decoded by the shipped acoustic half."""
    speaker = reader.speakers[0]
    settings = replace(reader.settings, candidates=1)
    texts = [recording.text for recording in speaker.recordings[:COMPARED]]
    requests = reader.requests(speaker, texts, settings)
    clips = [item for item in corpus.items if item.voice == speaker.voice][:VOICE_CLIPS]
    mels = [normalize_mel(torch.from_numpy(corpus.mel(item).T)[None]) for item in clips]
    voice = torch.cat([model.conditioning(mel.to(model.mel_embedding.weight.device)) for mel in mels]).mean(0)
    prompts = [Prompt(voice, torch.tensor(reader.engine._text.text_ids(request.text))) for request in requests]
    names = ("temperature", "top_k", "top_p", "repetition_penalty", "max_codes")
    decoding = DecodingSettings(**{key: getattr(settings, key) for key in names})
    rows = sample_codes(model, prompts, decoding, [[derived_seed(0, "candidate", 0)]] * len(prompts))
    chosen = [Chosen(row.codes, row.codes, row.stopped) for (row,) in rows]
    wavs = reader.write(f"scaling-{name}", speaker, decode(reader.engine, requests, chosen))
    return reader.judged(f"scaling-{name}", speaker, texts, wavs)


def main() -> None:
    """The command line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(prog="python -m tests.quality.scaling", description=__doc__)
    material_arguments(parser)
    parser.add_argument("--workspace", type=Path, required=True, help="of `make train-mini`")
    parser.add_argument("--recipe", type=Path, default=RECIPE)
    parser.add_argument("--voice", default="joe", help="of those that the corpus holds")
    chosen = parser.parse_args()
    out = chosen.out.expanduser()
    workspace = Workspace(chosen.workspace.expanduser(), read_recipe(chosen.recipe))
    texts = held_out_sentences(chosen.sentences, chosen.held_out)
    speaker = record(chosen.voice, texts, BEST, [], out / "teachers")
    reader = load_reader([speaker], Judge(chosen.speech_report, out / "reports"), chosen.held_out[0], out / "read")
    rows = []
    for size in SIZES:
        for share in SHARES:
            rows.append(_measure(workspace, size, share, reader, out / "scaling"))
            print(json.dumps(rows[-1]), flush=True)
    RESULTS.write_text(json.dumps({"steps": STEPS, "rows": rows, "fit": fit(rows)}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
