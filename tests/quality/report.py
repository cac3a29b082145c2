"""The figures of `make quality` as docs/quality.md with its pictures. Measures nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import soundfile
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tortoise_core.audio.mel import MelSpectrogram24k

INTRODUCTION = """# How the embedded model sounds and reads

Written by `make quality` from the shipped weights: recordings of sentences of two held-out books, spoken by the
teachers, go through parts of the model and are judged by `speech_report` (Whisper base: WER and CER in percent; DNSMOS;
cosine of GE2E speaker embeddings). "vocoder": from the recording's own mel, and held to it, as that is exact; "vocoder,
free": not held to it, as the vocoder speaks in a book, where a decoder guesses the mels; the similarity of both is to
that recording. "codes": dVAE (of its encoder's guesses those codes that decode nearest to the recording), diffusion
decoder, free vocoder, in the voice of eight other recordings, to which its similarity is, as the teacher's. Listen for
yourself:

    talepress model resynthesize clip.wav --through vocoder --out vocoder.wav
    talepress model resynthesize clip.wav --through codes --reference other.wav --steps 8 --out codes.wav

The whole model ("Reading" and what follows) speaks the same sentences, and the hard ones of tests/quality/hard.txt, as
`talepress say` does.
"""
CHAIN_BARS = {  # chain: WER above, P.808 below the teacher at most; similarity at least
    "vocoder": (0.5, 0.15, 0.90),
    "vocoder, free": (0.5, 0.15, 0.90),
    "codes": (2.5, 0.3, 0.85),
}


OF_ITS_OWN = {"word_times": "python -m tests.quality.word_times"}  # parts that another program measures
EAR_BARS = {"built-in": (85, 5), "whisper": (95, 3)}  # %: recall at least, false alarms at most


def write_report(path: Path, figures: Mapping[str, Any]) -> None:
    """Writes the page, and its pictures into the folder beside it that is named like it."""
    folder = path.with_suffix("")
    folder.mkdir(exist_ok=True)
    sections = [INTRODUCTION, _table(["", ""], list(figures["about"].items()))]
    for name, section in SECTIONS.items():
        if name in figures:
            title, *body = section(figures[name], folder)
            command = OF_ITS_OWN.get(name, f"make quality PARTS={name}")
            sections += [f"## {title}", f"`{command}`, {figures['dates'][name]}", *body]
    path.write_text("\n\n".join(section.strip() for section in sections) + "\n", "utf-8")


def chain_bars(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str, bool]]:
    """What must be reached: work, figure, bar, whether it is."""
    by = {(row["voice"], row["chain"]): row for row in rows}
    best = rows[0]["voice"]
    bars = []
    for (voice, chain), row in by.items():
        teacher = by[voice, "teacher"]
        if chain in CHAIN_BARS:
            wer, p808, similar = CHAIN_BARS[chain]
            bars += [
                _most(f"{voice}, {chain}: WER above the teacher's", row["wer"] - teacher["wer"], wer),
                _most(
                    f"{voice}, {chain}: P.808 below the teacher's", teacher["dnsmos_p808"] - row["dnsmos_p808"], p808
                ),
                _least(f"{voice}, {chain}: similarity", row["speaker_sim"], similar),
            ]
        if chain == "codes" and voice == best:
            bars.append(_least(f"{voice}, codes: P.808", row["dnsmos_p808"], 3.7))
        if chain == "codes, 8 evaluations":
            bars.append(
                _most(f"{voice}, 8 evaluations: WER above the default's", row["wer"] - by[voice, "codes"]["wer"], 1)
            )
        if chain != "teacher" and row["pause_dbfs"] is not None:
            bars.append(_most(f"{voice}, {chain}: level in pauses, dBFS", row["pause_dbfs"], -60))
    return bars


def reading_bars(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str, bool]]:
    """What the whole model must reach: work, figure, bar, whether it is. The first voice is the best."""
    by = {(row["voice"], row["who"]): row for row in rows}
    best = rows[0]["voice"]
    bars = []
    for voice in dict.fromkeys(row["voice"] for row in rows):
        teacher = by[voice, "teacher"]
        model = by[voice, "model"]
        bars.append(_most(f"{voice}: WER above the teacher's", model["wer"] - teacher["wer"], 1.5))
        bars.append(_least(f"{voice}: similarity", model["speaker_sim"], 0.8))
        bars.append(_most(f"{voice}: real-time factor", model["rtf"], 0.5))
        if voice == best:
            bars.append(_most(f"{voice}: CER above the teacher's", model["cer"] - teacher["cer"], 1.5))
            bars.append(_least(f"{voice}: P.808", model["dnsmos_p808"], 3.6))
            bars.append(_least(f"{voice}: OVRL", model["dnsmos_ovrl"], 3.0))
    return bars


def _most(work: str, value: float, bound: float) -> tuple[str, str, str, bool]:
    return work, f"{value:.2f}", f"at most {bound:g}", value <= bound


def _least(work: str, value: float, bound: float) -> tuple[str, str, str, bool]:
    return work, f"{value:.2f}", f"at least {bound:g}", value >= bound


def _bars(bars: Sequence[tuple[str, str, str, bool]]) -> str:
    return _table(["", "measured", "bar", ""], [[*bar[:3], "reached" if bar[3] else "**missed**"] for bar in bars])


def _chains(rows: Sequence[Mapping[str, Any]], _folder: Path) -> list[str]:
    columns = ["voice", "chain", "utterances", "wer", "cer", "dnsmos_p808", "dnsmos_ovrl", "speaker_sim", "pause_dbfs"]
    table = _table(columns, [[row[column] for column in columns] for row in rows])
    return ["Copy synthesis", table, "### Bars", _bars(chain_bars(rows))]


def _codec(row: Mapping[str, Any], _folder: Path) -> list[str]:
    bars = [
        _most("codes a second", row["codes_per_s"], 25),
        _least("share of the codebook in use", row["used_share"], 0.8),
        _most("codes of 10 s beside 10 s x rate", abs(row["codes_of_10_s"] - 10 * 24_000 / 1024), 1),
    ]
    return ["Codec", _table(["", ""], list(row.items())), _bars(bars)]


def _speed(row: Mapping[str, Any], _folder: Path) -> list[str]:
    megabyte = 1e6
    mebibyte = 1 << 20
    bars = [
        _most("diffusion and vocoder, 16 at once: real-time factor", row["rtf"], 0.25),
        _most("dVAE, diffusion, vocoder: MB", row["acoustic_bytes"] / megabyte, 40),
        _most("largest file: MiB", row["largest_file_bytes"] / mebibyte, 16),
    ]
    return ["Speed and size", _table(["", ""], list(row.items())), _bars(bars)]


def _reading(figures: Mapping[str, Any], _folder: Path) -> list[str]:
    rows = figures["rows"]
    worst = figures["worst"]
    columns = ["voice", "who", "utterances", "wer", "cer", "dnsmos_p808", "dnsmos_ovrl", "speaker_sim", "rtf"]
    return [
        "Reading",
        _table(columns, [[row.get(column, "") for column in columns] for row in rows]),
        "### Bars",
        _bars(reading_bars(rows)),
        "### The ten worst",
        _table(list(worst[0]), [list(row.values()) for row in worst]),
    ]


def _book(figures: Mapping[str, Any], _folder: Path) -> list[str]:
    chapter = figures["chapter"]
    bars = [
        _most("takes that were spoken again, %", 100 * figures["spoken_again_share"], 5),
        _most("flagged after that, %", 100 * figures["flagged_share"], 0.5),
        _least("an utterance's similarity to its chapter", chapter["least similarity to the whole"], 0.75),
        _most("an utterance's level beside its neighbours', dB", chapter["furthest from its neighbours, dB"], 3),
    ]
    found = ", ".join(f"{reason} ({count})" for reason, count in figures["reasons"].items()) or "nothing"
    return [
        "A long read",
        f"*{figures['book']}*, its first {figures['utterances']:,} utterances. What the checks found: {found}. "
        "The first chapter, before mastering:",
        _table(["", ""], list(chapter.items())),
        _bars(bars),
    ]


def _word_times(figures: Mapping[str, Sequence[Mapping[str, Any]]], _folder: Path) -> list[str]:
    rows = figures["shipped"]
    others = figures["others"]
    bars = []
    for row in rows:
        bars.append(_most(f"{row['voice']}: word starts, mean, ms", row["starts: mean"], 25))
        bars.append(_most(f"{row['voice']}: word starts, 95 %, ms", row["95 %"], 80))
        bars.append(_least(f"{row['voice']}: times real time", row["times real time"], 200))
    said = (
        "Takes of the shipped model, timed by its speller and by "
        "pocketsphinx, which has an acoustic model of its own; differences in milliseconds. Speed: on one core. How "
        "late a phone is heard was chosen with all takes in sight; even and odd ones agree to a millisecond."
    )
    strangers = (
        "Audio that is not of the shipped model: a voice of flite that training never heard, and a person who reads "
        "*Sense and Sensibility* for LibriVox (test data of pocketsphinx). Nothing was chosen by them."
    )
    return [
        "Word times",
        said,
        _table(list(rows[0]), [list(row.values()) for row in rows]),
        strangers,
        _table(list(others[0]), [list(row.values()) for row in others]),
        "### Bars",
        _bars(bars),
    ]


def _ears(rows: Sequence[Mapping[str, Any]], _folder: Path) -> list[str]:
    bars = []
    for row in rows:
        if row["listener"] in EAR_BARS:
            recall, false_alarms = EAR_BARS[row["listener"]]
            bars.append(_least(f"{row['listener']}: planted faults that are heard, %", row["recall"], recall))
            bars.append(
                _most(f"{row['listener']}: takes as rendered that are doubted, %", row["false alarms"], false_alarms)
            )
    said = (
        "Takes of four voices with planted faults: another word, number or reading spoken; a word dropped, doubled or "
        "exchanged with the next; another sentence instead or besides; babble after the end; a cut end; noise. Learned "
        "on two books, the threshold set there at 3 % false alarms by cross-validation; tested on two others. Takes as "
        "rendered count as good, though some may not be. In percent; bounds: 95 %, bootstrapped over sentences; under "
        "the name of each kind of fault: how much of it is heard; the curve: recall with the threshold moved to where "
        "so many of the tested takes as rendered are doubted."
    )
    columns = list(dict.fromkeys(column for row in rows for column in row))
    table = _table(
        ["", *(row["listener"] for row in rows)], [[c, *(row.get(c, "") for row in rows)] for c in columns[1:]]
    )
    return ["Listeners", said, table, "### Bars", _bars(bars)]


def _choices(rows: Sequence[Mapping[str, Any]], _folder: Path) -> list[str]:
    teacher = next(row for row in rows if row["who"] == "teacher")
    bars = []
    for row in rows:
        if row["who"].startswith("best by ear"):
            bars.append(_most(f"{row['who']}: WER above the teacher's", row["wer"] - teacher["wer"], 0))
            bars.append(_least(f"{row['who']}: P.808", row["dnsmos_p808"], 3.85))
    said = (
        "Sentences of three books that neither training nor thresholds saw, by the best voice; judged by Whisper base. "
        "By ear: among takes whose words are not doubted the best heard, as a run keeps them."
    )
    table = _table(list(rows[0]), [list(row.values()) for row in rows])
    return ["The best of four by ear", said, table, "### Bars", _bars(bars)]


def _scaling(figures: Mapping[str, Any], folder: Path) -> list[str]:
    rows = figures["rows"]
    fit = figures["fit"]
    curve = f"{fit['E']:.2f} + ({fit['A']:.3g} / N)^{fit['a']:.2f} + ({fit['B']:.3g} / D)^{fit['b']:.2f}"
    said = (
        f"Written by `make scaling`. AR models of three sizes on three amounts of speech, {figures['steps']} steps "
        "each (the shipped one has had many more), the rest as the recipe says. Loss: the least on held-out "
        "utterances, nats a code. WER and CER: sentences of the held-out books after the last step, one candidate, "
        f"decoded from the codes alone. Fitted to the {len(rows)} losses, N millions of parameters in blocks, D hours: "
        f"{curve}; root mean square error {fit['rms_error']:.3f} nats."
    )
    figure = Figure(figsize=(8, 3), layout="constrained")
    for place, (along, label, across) in enumerate(
        (("block_parameters", "parameters in blocks", "hours"), ("hours", "hours of speech", "block_parameters")),
        start=1,
    ):
        axes: Axes = figure.add_subplot(1, 2, place)
        for value in sorted({row[across] for row in rows}):
            line = [row for row in rows if row[across] == value]
            name = f"{value:.1f} h" if across == "hours" else f"{value / 1e6:.1f} M"
            axes.plot([row[along] for row in line], [row["loss"] for row in line], marker="o", label=name)
        axes.set(xlabel=label, xscale="log")
        axes.legend()
    figure.savefig(folder / "scaling.svg", metadata=UNDATED)
    table = _table(list(rows[0]), [list(row.values()) for row in rows])
    return ["Scaling", said, f"![held-out loss by size and by speech]({folder.name}/scaling.svg)", table]


def _takes(figures: Mapping[str, Any], _folder: Path) -> list[str]:
    rows = figures["rows"]
    said = (
        f"{figures['takes']} takes, WER {figures['wer']} on average and {figures['wer_of_best']} if the best of each "
        f"text were known; {100 * figures['wrong_share']:.0f} % have a quarter of their words wrong. WER of the take "
        "of each text that a score likes best; rank correlation with true WER over all takes; a take whose score is at "
        "most the threshold would be retaken, with this precision and recall."
    )
    return ["What a take's scores say", said, _table(list(rows[0]), [list(row.values()) for row in rows])]


def _rows(title: str, said: str) -> Any:
    def section(rows: Sequence[Mapping[str, Any]], _folder: Path) -> list[str]:
        columns = list(dict.fromkeys(column for row in rows for column in row))
        return [title, said, _table(columns, [[row.get(column, "") for column in columns] for row in rows])]

    return section


def _pictures(rows: Sequence[Mapping[str, str]], folder: Path) -> list[str]:
    to_mel = MelSpectrogram24k()
    body = []
    chains = ("teacher", "vocoder", "codes")
    for number, row in enumerate(rows, start=1):
        if set(chains) <= set(row):  # else they were drawn by an earlier run
            figure = Figure(figsize=(12, 2.2), layout="constrained")
            for place, name in enumerate(chains, start=1):
                axes: Axes = figure.add_subplot(1, 3, place)
                audio = torch.from_numpy(soundfile.read(row[name], dtype="float32")[0])[None]
                axes.imshow(to_mel(audio)[0].numpy(), origin="lower", aspect="auto", vmin=-11.5, vmax=2)
                axes.set_title(name)
                axes.set_axis_off()
            figure.savefig(folder / f"mel{number}.png", dpi=60)
        body.append(f"{row['text']}\n\n![mels of sentence {number}]({folder.name}/mel{number}.png)")
    return ["Mels of five sentences", *body]


def _learning(curves: Mapping[str, Sequence[Mapping[str, float]]], folder: Path) -> list[str]:
    body = [
        "Held-out figures against hours of training, by network; two shared CPU cores, bfloat16, one core a network. "
        "What one more hour would buy can be read from what the last half hour bought; but a training that is taken up "
        "again first loses what its new learning rate stirs up. The decoder's next 24 minutes were tried: see the "
        'model card, "Codes of a recording".'
    ]
    for network, rows in curves.items():
        names = list(dict.fromkeys(name for row in rows for name in row if name.startswith("valid_")))
        figure = Figure(figsize=(4 * len(names), 2.4), layout="constrained")
        for place, name in enumerate(names, start=1):
            axes: Axes = figure.add_subplot(1, len(names), place)
            known = [row for row in rows if name in row]  # some are measured from the middle of a training on
            axes.plot([row["hours"] for row in known], [row[name] for row in known], marker=".")
            axes.set(title=name.removeprefix("valid_"), xlabel="hours")
        figure.savefig(folder / f"learning-{network}.svg", metadata=UNDATED)
        last = rows[-1]
        body.append(
            f"{network}: {last['step']:,} steps, {last['hours']:.1f} hours; {_last_stretch(rows, names)}\n\n"
            f"![learning curve of the {network}]({folder.name}/learning-{network}.svg)"
        )
    return ["Learning curves", *body]


def _last_stretch(rows: Sequence[Mapping[str, float]], names: Sequence[str]) -> str:
    """What the last half hour of a training bought, or the last half of one of less than an hour."""
    end = rows[-1]["hours"]
    begin = end - min(0.5, end / 2)
    changes = []
    for name in names:
        values = [row[name] for row in rows if name in row and row["hours"] >= begin]
        if values:  # some are no longer measured at the end of a training
            changes.append(f"{name.removeprefix('valid_')} {values[0]:.4g} to {values[-1]:.4g}")
    return f"in its last {60 * (end - begin):.0f} minutes {', '.join(changes)}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


mpl.use("Agg")
mpl.rcParams["svg.hashsalt"] = "talepress"  # the same figures give the same file
UNDATED = {"Date": None}  # for the same reason
SECTIONS = {
    "chains": _chains,
    "codec": _codec,
    "speed_and_size": _speed,
    "conditioning": _rows(
        "Whose voice", "The best voice's codes, in each voice and in one that training never heard; 8 clips."
    ),
    "samplers": _rows(
        "Samplers",
        "With the preset's guidance. WER and P.808: 16 clips; mel distance (mean absolute, nats) to the same sampler "
        "at 400 steps: four of them. Ancestral sampling draws new noise in every step, so it comes no nearer.",
    ),
    "guidance": _rows("Guidance", "Classifier-free guidance of the diffusion decoder; 16 clips."),
    "reading": _reading,
    "book": _book,
    "candidates": _rows(
        "Candidates", "CLVP and the speller choose among so many (mean scores in nats); 30 sentences of the best voice."
    ),
    "trick": _rows("The TorToise trick", "The same codes, decoded from themselves and from the AR model's latents."),
    "sampling": _rows("Sampling", "One candidate each; 30 sentences of the best voice."),
    "takes": _takes,
    "word_times": _word_times,
    "scaling": _scaling,
    "ears": _ears,
    "choices": _choices,
    "pictures": _pictures,
    "learning": _learning,
}
