"""The page and its verdicts, from made-up figures; and what can be measured without a teacher or a judge."""

import numpy as np
import pytest
import soundfile
import torch

from tests.quality.book import beyond_neighbours, speech_level
from tests.quality.judge import Judge, Spoken, summary
from tests.quality.language import chosen_wer, coverage, judged_by
from tests.quality.material import HARD, held_out_sentences
from tests.quality.parts import pause_level
from tests.quality.report import chain_bars, reading_bars, write_report
from tests.quality.scaling import fit
from tortoise_core.inference.flight import CodeRow


def row(voice, chain, wer, p808, similarity=0.9, pause=-70.0):
    return {
        "voice": voice,
        "chain": chain,
        "utterances": 2,
        "wer": wer,
        "cer": 1.0,
        "dnsmos_p808": p808,
        "dnsmos_ovrl": 3.0,
        "speaker_sim": similarity,
        "pause_dbfs": pause,
    }


CHAINS = [
    row("joe", "teacher", 4.0, 4.0),
    row("joe", "vocoder", 4.5, 3.9, 0.89),
    row("joe", "codes", 6.6, 3.69, pause=-59.0),
    row("joe", "codes, 8 evaluations", 7.4, 3.6),
    row("slt", "teacher", 5.0, 3.5),
    row("slt", "codes", 6.0, 3.3, pause=None),
]


def test_bars_are_counted_from_each_voice_s_teacher():
    bars = {work: (figure, reached) for work, figure, _, reached in chain_bars(CHAINS)}
    assert bars == {
        "joe, vocoder: WER above the teacher's": ("0.50", True),
        "joe, vocoder: P.808 below the teacher's": ("0.10", True),
        "joe, vocoder: similarity": ("0.89", False),
        "joe, vocoder: level in pauses, dBFS": ("-70.00", True),
        "joe, codes: WER above the teacher's": ("2.60", False),
        "joe, codes: P.808 below the teacher's": ("0.31", False),
        "joe, codes: similarity": ("0.90", True),
        "joe, codes: P.808": ("3.69", False),
        "joe, codes: level in pauses, dBFS": ("-59.00", False),
        "joe, 8 evaluations: WER above the default's": ("0.80", True),
        "joe, codes, 8 evaluations: level in pauses, dBFS": ("-70.00", True),
        "slt, codes: WER above the teacher's": ("1.00", True),
        "slt, codes: P.808 below the teacher's": ("0.20", True),
        "slt, codes: similarity": ("0.90", True),
    }


def test_the_page_has_tables_and_pictures(tmp_path):
    wav = tmp_path / "a.wav"
    soundfile.write(wav, 0.1 * np.sin(np.arange(24_000) / 20), 24_000)
    figures = {
        "about": {"preset": "fast"},
        "dates": {"chains": "2026-01-01", "learning": "2026-01-02", "pictures": "2026-01-03"},
        "chains": CHAINS,
        "learning": {
            "vocoder": [{"hours": h, "step": 500 * h, "valid_spectral": 1 / h, "valid_envelope": 0.1} for h in (1, 2)]
        },
        "pictures": [{"text": "Hello.", "teacher": str(wav), "vocoder": str(wav), "codes": str(wav)}],
    }
    write_report(tmp_path / "quality.md", figures)
    page = (tmp_path / "quality.md").read_text("utf-8")
    assert "| joe | vocoder | 2 | 4.5 | 1.0 | 3.9 |" in page
    assert page.count("**missed**") == 5 and page.count("| reached |") == 9
    assert "vocoder: 1,000 steps, 2.0 hours" in page
    assert (tmp_path / "quality" / "learning-vocoder.svg").exists()
    assert "PARTS=learning`, 2026-01-02" in page
    picture = tmp_path / "quality" / "mel1.png"
    assert "(quality/mel1.png)" in page and picture.stat().st_size > 1000
    drawn = picture.stat().st_mtime_ns
    write_report(tmp_path / "quality.md", {**figures, "pictures": [{"text": "Hello."}]})  # as a later run knows it
    assert (tmp_path / "quality.md").read_text("utf-8") == page and picture.stat().st_mtime_ns == drawn


def test_listeners_are_held_to_their_bars(tmp_path):
    rows = [
        {"listener": "built-in", "takes": 900, "recall": 88.0, "false alarms": 7.9, "word dropped": 97},
        {"listener": "light", "takes": 90, "recall": 97.0, "false alarms": 2.0},
    ]
    write_report(tmp_path / "quality.md", {"about": {}, "dates": {"ears": "2026-01-01"}, "ears": rows})
    page = (tmp_path / "quality.md").read_text("utf-8")
    assert "|  | built-in | light |" in page and "| word dropped | 97 |  |" in page
    assert page.count("**missed**") == 1 and page.count("| reached |") == 1


def test_what_is_chosen_by_ear_is_held_to_the_teacher(tmp_path):
    rows = [
        {"who": "teacher", "utterances": 240, "wer": 6.0, "cer": 3.0, "dnsmos_p808": 4.0},
        {"who": "first take", "utterances": 240, "wer": 9.0, "cer": 5.0, "dnsmos_p808": 3.8},
        {"who": "best by ear: built-in", "utterances": 240, "wer": 6.0, "cer": 3.0, "dnsmos_p808": 3.84},
    ]
    write_report(tmp_path / "quality.md", {"about": {}, "dates": {"choices": "2026-01-01"}, "choices": rows})
    page = (tmp_path / "quality.md").read_text("utf-8")
    assert "| best by ear: built-in: WER above the teacher's | 0.00 | at most 0 | reached |" in page
    assert "| best by ear: built-in: P.808 | 3.84 | at least 3.85 | **missed** |" in page
    assert page.count("reached") == 1 and page.count("missed") == 1


def test_pauses_are_where_the_recording_is_silent(tmp_path):
    recording = np.zeros(24_000)
    said = np.full(24_000, 0.001)
    recording[:12_000] = said[:12_000] = 0.5
    for name, audio in (("recording", recording), ("said", said)):
        soundfile.write(tmp_path / f"{name}.wav", audio, 24_000, subtype="FLOAT")
    assert pause_level([tmp_path / "recording.wav"], [tmp_path / "said.wav"]) == pytest.approx(-60, abs=0.2)
    assert pause_level([tmp_path / "said.wav"], [tmp_path / "said.wav"]) == pytest.approx(-60, abs=0.2)
    loud = np.full(24_000, 0.5)
    soundfile.write(tmp_path / "loud.wav", loud, 24_000)
    assert pause_level([tmp_path / "loud.wav"], [tmp_path / "said.wav"]) is None


def test_sentences_are_those_of_the_books(tmp_path):
    (tmp_path / "book.txt").write_text(
        "Chapter 1\n\nHe looked at the clock upon the wall, and sighed.\n\nShe said nothing at all to him that day.\n"
    )
    lines = ["He looked at the clock upon the wall, and sighed.", "This stands in another book altogether, I think."]
    (tmp_path / "sentences.txt").write_text("\n".join([*lines, "She said nothing at all to him that day."]) + "\n")
    found = held_out_sentences(tmp_path / "sentences.txt", [tmp_path / "book.txt"])
    assert sorted(found) == [lines[0], "She said nothing at all to him that day."]


def test_a_missing_judge_is_named(tmp_path):
    with pytest.raises(SystemExit, match="SPEECH_REPORT"):
        Judge(tmp_path / "none", tmp_path)


STAND_IN = """
import json, pathlib, sys
lines = pathlib.Path(sys.argv[1]).read_text().splitlines()
with open({times!r}, "a") as times:
    times.write(f"{{len(lines)}} ")
row = {{"ref": "a b c d", "heard": "a b", "wer": 0.5, "seconds": 1.0, "p808": 3.0}}
rows = [{{**row, "path": line.split(chr(9))[0]}} for line in lines]
pathlib.Path(sys.argv[3]).write_text(json.dumps({{"rows": rows}}))
"""


def test_the_same_sounds_are_not_judged_twice(tmp_path):
    program = tmp_path / "judge.py"
    times = tmp_path / "times"
    program.write_text(STAND_IN.format(times=str(times)))
    rows = []
    for name in "abcd":
        soundfile.write(tmp_path / f"{name}.wav", np.full(100, 0.1 + ord(name) / 1000), 24_000)
        rows.append(Spoken(tmp_path / f"{name}.wav", "Hello.", tmp_path / "a.wav"))
    judge = Judge(program, tmp_path / "reports", processes=2)
    report = judge("x", rows[:3])
    assert [row["path"].split("/")[-1] for row in report["rows"]] == ["a.wav", "b.wav", "c.wav"]
    assert times.read_text() == "1 1 1 "  # the first alone, then two at once
    assert Judge(program, tmp_path / "reports")("other", rows[2::-1])["rows"] == report["rows"][::-1]
    assert times.read_text() == "1 1 1 "
    judge("x", rows)
    soundfile.write(tmp_path / "b.wav", np.full(100, 0.3), 24_000)
    judge("x", rows)
    assert times.read_text() == "1 1 1 1 1 "


def test_figures_of_all_weigh_recordings_by_their_words():
    rows = [
        {"ref": "one two three", "heard": "one two three", "wer": 0.0, "seconds": 1.0, "p808": 3.0},
        {"ref": "four", "heard": "for", "wer": 1.0, "seconds": 0.2},
        {"ref": "", "heard": "", "wer": 0.0, "seconds": 0.5, "p808": 4.0},
    ]
    report = summary(rows)
    assert (report["wer"], report["cer"]) == (25.0, round(100 / 17, 2))
    assert (report["utterances"], report["seconds"], report["dnsmos_p808"]) == (3, 1.7, 3.5)
    assert report["speaker_sim"] is None and report["worst"][0]["heard"] == "for"


def reading_row(voice, who, wer, cer=1.0, similarity=0.9, **more):
    return row(voice, "", wer, 3.7, similarity) | {"who": who, "cer": cer, **more}


def test_reading_is_measured_against_the_teacher():
    rows = [
        reading_row("joe", "teacher", 4.0),
        reading_row("joe", "model", 5.6, cer=2.6, rtf=0.1),
        reading_row("slt", "teacher", 5.0),
        reading_row("slt", "model", 6.5, similarity=0.79, rtf=0.6),
    ]
    missed = [work for work, _, _, reached in reading_bars(rows) if not reached]
    assert missed == [
        "joe: WER above the teacher's",
        "joe: CER above the teacher's",
        "slt: similarity",
        "slt: real-time factor",
    ]


def test_a_score_that_knows_wrong_takes_is_told_from_one_that_does_not():
    wer = np.array([0.0, 0.0, 0.1, 0.0, 0.5, 1.0])
    knowing = judged_by(-wer, wer)
    assert knowing["rank correlation"] == -1 and knowing["precision"] == knowing["recall"] == 1
    assert knowing["threshold"] == -0.5
    blind = judged_by(np.array([1.0, 2, 3, 4, 5, 6]), wer)
    assert blind["precision"] < 0.5 < blind["rank correlation"]


def test_what_a_score_chooses_is_counted_by_text():
    wer = np.array([0.4, 0.0, 0.2, 0.6])
    owner = np.array([0, 0, 1, 1])
    assert chosen_wer(-wer, wer, owner) == pytest.approx(0.1)
    assert chosen_wer(wer, wer, owner) == pytest.approx(0.5)


def test_coverage_counts_the_tokens_that_were_looked_at():
    attention = torch.tensor([[0.5, 0.4, 0.05, 0.0, 0.05], [0.0, 0.1, 0.3, 0.05, 0.55]])
    assert coverage(CodeRow(torch.tensor([1, 2]), stopped=True, attention=attention)) == pytest.approx(2 / 3)


def test_hard_sentences_are_forty_and_one_is_long():
    lines = HARD.read_text("utf-8").splitlines()
    assert len(lines) == 40 and len(set(lines)) == 40
    assert any(len(line) >= 300 for line in lines)


def test_level_is_of_speech_not_of_pauses():
    tone = 0.1 * np.sqrt(2) * np.sin(np.arange(24_000) * 2 * np.pi / 48)
    assert speech_level(tone, 24_000) == pytest.approx(-20, abs=0.01)
    assert speech_level(np.concatenate([tone, np.zeros(48_000)]), 24_000) == pytest.approx(-20, abs=0.01)
    assert beyond_neighbours([-20.0, -24.0, -22.0, -21.0]) == pytest.approx([3.0, 0.5])


def test_the_law_behind_losses_is_found():
    rows = [
        {"block_parameters": n * 1e6, "hours": d, "loss": 1.5 + (0.4 / n) ** 0.3 + (0.2 / d) ** 0.6}
        for n in (0.4, 1.8, 4.7)
        for d in (0.7, 2.8, 22.4)
    ]
    found = fit(rows)
    assert found["rms_error"] < 0.002
    assert found["E"] == pytest.approx(1.5, abs=0.2) and found["b"] == pytest.approx(0.6, abs=0.1)
