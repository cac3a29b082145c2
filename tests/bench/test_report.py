"""The page and the verdicts, from made-up figures."""

import pytest

from tests.bench.bars import Bar, all_bars, linear_bar, orchestration_bars
from tests.bench.pipeline import marginal_ms, outside_ms, waiting_ms
from tests.bench.report import write_report


def run(utterances=2000, wall_s=150.0, synthesis_s=120.0, engine_s=100.0, rss_growth=50 << 20):
    return {
        "utterances": utterances,
        "audio_s": 9.0,
        "wall_s": wall_s,
        "synthesis_s": synthesis_s,
        "engine_s": engine_s,
        "cpu_s": 1.0,
        "rss_growth": rss_growth,
    }


FIGURES = {
    "machine": {"processor": "one|two", "cores": "2"},
    "official": {
        "cpu": {
            "codes": {"total_s": 9.0, "decoding_seconds": 7.5, "clvp_s": 1.0, "latents_s": 0.5}
            | {"decoding_codes_per_s": 210},
            "audio": {"total_s": 11.0, "solver_total_s": 6.0, "diffusion_share_of_ceiling": 0.4}
            | {"diffusion_s": 10.5, "vocoder_s": 0.5},
        },
        "cpu, w8a8": {"codes": {"total_s": 6.0}, "audio": {"total_s": 8.0}},
    },
    "embedded": [{"batch": batch, "rtf": 1 / batch, "precision": "bfloat16"} for batch in (1, 16)],
    "start": {"cpu_s": {"PyTorch, imported": 9.0, "speaking": 1.5}, "first_audio_s": {"a": 0.3, "b": 0.5}},
    "orchestration": run(),
    "length": [run(100, 6.0), run(1000, 51.0), run(10_000, 591.0)],
    "book": run(1500, 107.0),
}
PARTS = [name for name in FIGURES if name != "machine"]
FIGURES["dates"] = {part: f"2026-11-{day:02}" for day, part in enumerate(PARTS, start=1)}


def test_costs_of_an_utterance():
    assert (waiting_ms(run()), outside_ms(run())) == (10.0, 25.0)
    assert marginal_ms(FIGURES["length"]) == [50.0, 60.0]


def test_bars_tell_what_is_reached():
    bars = {bar.work: bar for bar in all_bars(FIGURES)}
    values = [(round(bar.value, 6), bar.reached) for bar in bars.values()]
    assert values == [
        (20.0, True),
        (0.22805, True),
        (15.0, True),
        (0.7, False),
        (210, True),
        (0.4, False),
        (0.0625, True),
        (1.5, True),
        (0.5, False),
        (10.0, True),
        (50.0, True),
        (1.2, True),
        (1.07, True),
    ]
    assert not any(bar.reached for bar in orchestration_bars(run(synthesis_s=151.0, rss_growth=101 << 20)))
    assert not linear_bar([50.0, 61.0]).reached
    assert list(all_bars({"machine": {}})) == []


def test_the_page_has_every_part_and_its_plots(tmp_path):
    page = tmp_path / "numbers.md"
    write_report(page, FIGURES, [Bar("work", 3.0, 2.0, "s")])
    text = page.read_text("utf-8")
    assert "| work | 3 s | at most 2 | **missed** |" in text
    assert "| processor | one/two |" in text
    assert "a guided evaluation of 64 unequal utterances | 36,665" in text
    for name in ("stages", "batches", "length"):
        assert f"![{name}](numbers/{name}.svg)" in text
        assert (tmp_path / "numbers" / f"{name}.svg").read_text("utf-8").startswith("<?xml")
    for part in PARTS:
        assert f"`python -m tests.bench {part}`, {FIGURES['dates'][part]}" in text
    assert "| 2000 | 9.0 | 150.0 | 120.0 | 100.0 | 1.0 | 10.0 | 25.0 | 50 |" in text


def test_equal_figures_make_equal_files(tmp_path):
    pages = []
    for name in "ab":
        (tmp_path / name).mkdir()
        write_report(tmp_path / name / "numbers.md", FIGURES, [])
        pages.append([path.read_bytes() for path in sorted((tmp_path / name).rglob("*.*"))])
    assert pages[0] == pages[1]


@pytest.mark.parametrize("part", ["embedded", "book"])
def test_parts_that_were_not_measured_are_left_out(tmp_path, part):
    write_report(tmp_path / "n.md", {name: value for name, value in FIGURES.items() if name != part}, [])
    text = (tmp_path / "n.md").read_text("utf-8")
    assert ("## The embedded" in text, "## A whole book" in text) == (part != "embedded", part != "book")
