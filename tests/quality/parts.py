"""What `make quality` measures of the shipped model's acoustic half. Each part gives figures fit for JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch

from flows.services import Services, read_settings
from tests.quality.judge import Judge, Spoken
from tests.quality.material import Speaker, write_wavs
from tortoise_core.audio.constants import OUTPUT_RATE_HZ
from tortoise_core.diffusion.samplers import SAMPLERS
from tortoise_core.inference.engine import load_resynthesis
from tortoise_core.inference.presets import SamplingSettings, own_settings
from tortoise_core.inference.resynthesis import Resynthesis

BATCH = 16
FEW_EVALUATIONS = 8
REFERENCE_STEPS = 400
STEPS = (4, 8, 12, 16, 30, 80)
SWAPPED = 8  # clips of the best voice that are spoken in other voices
COMPARED = 16  # clips of the best voice for the tables of samplers and guidance
MEASURED = 4  # of these: their mels are compared with those of 400 steps
GUIDANCE = (0.0, 0.7, 1.0, 1.5, 2.0)
FRAME = 480  # samples of 20 ms: of the level in pauses
PAUSE_DBFS = -55.0  # the teacher is silent where it is below this
ACOUSTIC = ("dvae", "diffusion", "vocoder")
LEARNING = Path(__file__).resolve().parents[2] / "docs" / "quality" / "learning"  # logs of the shipped trainings


@dataclass(frozen=True)
class Bench:
    """What all parts work with. `speakers`: the best voice first."""

    model: Resynthesis
    folder: Path  # of the model
    settings: SamplingSettings
    speakers: Sequence[Speaker]
    stranger: Speaker  # whom training never heard
    judge: Judge
    out: Path
    _codes: dict[Path, torch.Tensor] = field(default_factory=dict)

    def speak_codes(
        self, name: str, speaker: Speaker, settings: SamplingSettings, count: int | None = None
    ) -> list[Path]:
        """The chain of codes on a speaker's recordings, in the voice of other clips of the same speaker."""
        codes = [self.codes(recording.wav) for recording in speaker.recordings[:count]]
        voice = self.model.voice(speaker.references)
        said: list[np.ndarray] = []
        for start in range(0, len(codes), BATCH):
            batch = codes[start : start + BATCH]
            said += self.model.decode(batch, [voice] * len(batch), settings)
        return self.write(name, speaker, said)

    def codes(self, wav: Path) -> torch.Tensor:
        """A recording's codes: found once, as many parts ask for them."""
        if wav not in self._codes:
            self._codes[wav] = self.model.codes(wav)
        return self._codes[wav]

    def speak_vocoder(self, name: str, speaker: Speaker, *, held_to_mel: bool = True) -> list[Path]:
        """The vocoder on a speaker's own mels: as `resynthesize` has it, or as it speaks in a book, held to none."""
        said = self.model.through_vocoder([r.wav for r in speaker.recordings], held_to_mel=held_to_mel)
        return self.write(name, speaker, said)

    def judged(self, name: str, speaker: Speaker, wavs: Sequence[Path], *, same: bool = False) -> dict[str, Any]:
        """What the judge says of them: figures alone. Similarity is to other clips, or to the `same` recording."""
        rows = [
            Spoken(wav, recording.text, recording.wav if same else speaker.joined)
            for wav, recording in zip(wavs, speaker.recordings, strict=False)
        ]
        report = self.judge(f"{name}-{speaker.voice}", rows)
        return {key: value for key, value in report.items() if key not in ("rows", "worst")}

    def write(self, name: str, speaker: Speaker, said: Sequence[np.ndarray]) -> list[Path]:
        """Waveforms to files in a folder of that name."""
        return write_wavs(self.out / name / speaker.voice, said)


def load_bench(speakers: Sequence[Speaker], stranger: Speaker, judge: Judge, out: Path) -> Bench:
    """The configured model, as a user's commands would load it."""
    services = Services(read_settings())
    folder = Path(services.synthesize.model)
    model = load_resynthesis(folder, services.synthesize.device, services.precision)
    return Bench(model, folder, own_settings(services.sampling), speakers, stranger, judge, out)


def chains(bench: Bench) -> list[dict[str, Any]]:
    """Every chain of every voice beside its teacher; with few evaluations apart where the default takes others."""
    rows = []
    few = replace(bench.settings, diffusion_steps=FEW_EVALUATIONS // per_step(bench.settings))
    for speaker in bench.speakers:
        own = [recording.wav for recording in speaker.recordings]
        spoken = {
            "teacher": own,
            "vocoder": bench.speak_vocoder("vocoder", speaker),
            "vocoder, free": bench.speak_vocoder("vocoder_free", speaker, held_to_mel=False),
            "codes": bench.speak_codes("codes", speaker, bench.settings),
        }
        if few != bench.settings:
            spoken["codes, 8 evaluations"] = bench.speak_codes("codes8", speaker, few)
        for chain, wavs in spoken.items():
            name = chain.replace(", ", "-").replace(" ", "-")
            judged = bench.judged(name, speaker, wavs, same=chain.startswith("vocoder"))
            rows.append({"voice": speaker.voice, "chain": chain, **judged, "pause_dbfs": pause_level(own, wavs)})
    return rows


def per_step(settings: SamplingSettings) -> int:
    """Evaluations of the network that a step of the sampler takes."""
    return 2 if settings.cond_free else 1


def pause_level(recordings: Sequence[Path], wavs: Sequence[Path]) -> float | None:
    """RMS in dBFS of what is said where the recordings are silent; None if they never are."""
    total = 0.0
    count = 0
    for recording, wav in zip(recordings, wavs, strict=True):
        true, said = (soundfile.read(path, dtype="float32")[0] for path in (recording, wav))
        frames = min(len(true), len(said)) // FRAME
        levels = np.square(true[: frames * FRAME]).reshape(frames, FRAME).mean(1)
        # The middle of a pause: what is beside a sound belongs to it.
        silent = levels < 10 ** (PAUSE_DBFS / 10)
        silent[1:-1] = silent[1:-1] & silent[:-2] & silent[2:]
        heard = np.square(said[: frames * FRAME]).reshape(frames, FRAME).mean(1)[silent]
        total = total + float(heard.sum())
        count = count + len(heard)
    return round(10 * np.log10(total / count + 1e-12), 1) if count else None


def samplers(bench: Bench) -> list[dict[str, Any]]:
    """Each sampler at so many steps against the same sampler's answer at 400: mel distance, and WER of some."""
    speaker = bench.speakers[0]
    rows = []
    for sampler in SAMPLERS:
        settings = replace(bench.settings, sampler=sampler)
        exact = _mels(bench, speaker, replace(settings, diffusion_steps=REFERENCE_STEPS))
        for steps in STEPS:
            chosen = replace(settings, diffusion_steps=steps)
            distance = np.mean(
                [np.abs(a - b).mean() for a, b in zip(_mels(bench, speaker, chosen), exact, strict=True)]
            )
            wavs = bench.speak_codes(f"{sampler}{steps}", speaker, chosen, COMPARED)
            judged = bench.judged(f"{sampler}{steps}", speaker, wavs)
            rows.append(
                {
                    "sampler": sampler,
                    "steps": steps,
                    "mel_distance": round(float(distance), 4),
                    "wer": judged["wer"],
                    "dnsmos_p808": judged["dnsmos_p808"],
                }
            )
    return rows


def guidance(bench: Bench) -> list[dict[str, Any]]:
    """Strengths of classifier-free guidance; 0 is without."""
    speaker = bench.speakers[0]
    rows = []
    for strength in GUIDANCE:
        chosen = replace(bench.settings, cond_free=strength > 0, cond_free_k=strength)
        judged = bench.judged(
            f"guidance{strength}", speaker, bench.speak_codes(f"guidance{strength}", speaker, chosen, COMPARED)
        )
        rows.append({"strength": strength, "wer": judged["wer"], "dnsmos_p808": judged["dnsmos_p808"]})
    return rows


def codec(bench: Bench) -> dict[str, Any]:
    """Rate of the codes, how many of them are used, and how evenly."""
    codes = [bench.codes(r.wav).numpy() for speaker in bench.speakers for r in speaker.recordings]
    seconds = sum(soundfile.info(r.wav).duration for speaker in bench.speakers for r in speaker.recordings)
    counts = np.bincount(np.concatenate(codes), minlength=bench.model.codebook_size)
    shares = counts[counts > 0] / counts.sum()
    ten = bench.out / "ten_seconds.wav"
    audio = np.concatenate([soundfile.read(r.wav, dtype="float32")[0] for r in bench.speakers[0].recordings])
    soundfile.write(ten, audio[: 10 * OUTPUT_RATE_HZ], OUTPUT_RATE_HZ)
    return {
        "codes_per_s": round(len(np.concatenate(codes)) / seconds, 2),
        "codebook": len(counts),
        "used_share": round(float((counts > 0).mean()), 3),
        "of_codes": int(counts.sum()),
        "perplexity": round(float(np.exp(-(shares * np.log(shares)).sum()))),
        "codes_of_10_s": len(bench.model.codes(ten)),
    }


def speed_and_size(bench: Bench) -> dict[str, Any]:
    """Real-time factor of diffusion and vocoder, sixteen clips at once, median of five, and of finding the codes, which
    no book needs; and the size of the weights."""
    speaker = bench.speakers[0]
    clips = [recording.wav for recording in speaker.recordings[:BATCH]]
    voices = [bench.model.voice(speaker.references)] * len(clips)
    began = time.perf_counter()
    codes = [bench.model.codes(clip) for clip in clips]
    search = time.perf_counter() - began
    factors = []
    for _ in range(6):  # the first compiles kernels
        began = time.perf_counter()
        said = bench.model.decode(codes, voices, bench.settings)
        factors.append((time.perf_counter() - began) * OUTPUT_RATE_HZ / sum(map(len, said)))
    files = {path.name: path.stat().st_size for path in sorted(bench.folder.glob("*.safetensors"))}
    return {
        "rtf": round(float(np.median(factors[1:])), 4),
        "rtf_of_codes": round(search * OUTPUT_RATE_HZ / sum(map(len, said)), 4),
        "threads": torch.get_num_threads(),
        "acoustic_bytes": sum(size for name, size in files.items() if Path(name).stem in ACOUSTIC),
        "largest_file_bytes": max(files.values()),
        "all_bytes": sum(files.values()),
    }


def conditioning(bench: Bench) -> list[dict[str, Any]]:
    """The best voice's codes in every voice and in one that training never heard: who is heard, whether it is always
    the same, and whether the words stay."""
    source = bench.speakers[0]
    recordings = source.recordings[:SWAPPED]
    rows = []
    for target in (*bench.speakers, bench.stranger):
        voice = bench.model.voice(target.references)
        said = bench.model.decode([bench.codes(r.wav) for r in recordings], [voice] * len(recordings), bench.settings)
        wavs = bench.write("swapped", target, said)
        row: dict[str, Any] = {"codes_of": source.voice, "voice": target.voice}
        for who, reference in (("source", source.joined), ("target", target.joined), ("its first", wavs[0])):
            spoken = [Spoken(wav, r.text, reference) for wav, r in zip(wavs, recordings, strict=True)]
            judged = bench.judge(f"swapped-{target.voice}-{who.replace(' ', '-')}", spoken)
            row[f"similarity to {who}"] = judged["speaker_sim"]
        rows.append(row | {"wer": judged["wer"], "dnsmos_p808": judged["dnsmos_p808"]})
    return rows


def pictures(bench: Bench) -> list[dict[str, str]]:
    """Which sentences `report.py` draws: teacher, vocoder and codes of five."""
    speaker = bench.speakers[0]
    return [
        {
            "text": recording.text,
            "teacher": str(recording.wav),
            "vocoder": str(bench.out / "vocoder" / speaker.voice / recording.wav.name),
            "codes": str(bench.out / "codes" / speaker.voice / recording.wav.name),
        }
        for recording in speaker.recordings[:5]
    ]


def learning(_bench: Bench) -> dict[str, list[dict[str, float]]]:
    """Learning curves of the shipped weights: what `talepress train` logged at each validation, by network."""
    curves = {}
    for log in sorted(LEARNING.glob("*.jsonl")):
        records = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
        timed = [(0, 0.0), *((record["step"], record["seconds"]) for record in records if "seconds" in record)]
        steps, seconds = zip(*timed, strict=True)
        curves[log.stem] = [
            {"hours": round(float(np.interp(record["step"], steps, seconds)) / 3600, 3), **record}
            for record in records
            if any(key.startswith("valid_") for key in record)
        ]
    return curves


PARTS: Mapping[str, Callable[[Bench], Any]] = {
    "chains": chains,
    "codec": codec,
    "speed_and_size": speed_and_size,
    "conditioning": conditioning,
    "samplers": samplers,
    "guidance": guidance,
    "pictures": pictures,
    "learning": learning,
}


def _mels(bench: Bench, speaker: Speaker, settings: SamplingSettings) -> list[np.ndarray]:
    codes = [bench.codes(recording.wav) for recording in speaker.recordings[:MEASURED]]
    return bench.model.mels(codes, [bench.model.voice(speaker.references)] * len(codes), settings)
