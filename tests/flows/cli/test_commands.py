"""The commands that need no Prefect."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from flows.actions.stream import plan_stream
from flows.cli.inbox import NOTHING_YET
from flows.services import open_services, read_settings
from storage.records import WordTime
from tests.flows.samples import add_voice, write_clip

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.usefixtures("home")
def test_plan_says_what_is_spoken_and_what_is_skipped(talepress, book):
    ended = talepress("plan", book, "--json")
    assert ended.code == 0
    plan = ended.json
    assert (plan["title"], plan["authors"]) == ("The Small Book", ["Ann Author"])
    assert [chapter["title"] for chapter in plan["chapters"]] == ["Chapter One", "Chapter Two", "Chapter Three"]
    assert set(plan["chapters"][0]["utterances"][0]) == {"text", "spoken", "pause"}
    assert "five dollars" in plan["chapters"][0]["utterances"][1]["spoken"]
    assert all(set(skipped) == {"text", "rule"} for skipped in plan["skipped"])
    coverage = plan["coverage"]
    assert set(coverage) == {"source_chars", "spoken_chars", "skipped_chars", "unaccounted_chars"}
    assert coverage["unaccounted_chars"] == 0
    assert plan["forecast_seconds"] > 0

    table = talepress("plan", book)
    assert table.code == 0
    assert "Chapter Two" in table.out


@pytest.mark.usefixtures("voiced_home")
def test_say_speaks_a_text(talepress, tmp_path):
    ended = talepress("say", "Hello there, Dr. Smith.", "--out", "hello.wav", "--json")
    assert ended.code == 0, ended.err
    audio, rate = soundfile.read(tmp_path / "hello.wav")
    info = soundfile.info(tmp_path / "hello.wav")
    assert (rate, info.channels, info.subtype) == (24_000, 1, "PCM_16")
    (file,) = ended.json["files"]
    assert file["seconds"] == pytest.approx(len(audio) / rate, abs=1e-3)
    assert file["rtf"] > 0
    assert (ended.json["voice"], ended.json["preset"], ended.json["seed"]) == ("tone", "fast", 0)


@pytest.mark.usefixtures("voiced_home")
def test_say_speaks_lines_in_batches_and_numbers_them_as_the_file_does(talepress, tmp_path, misbehave):
    long = "It was a very long sentence, and it went on, and on, " * 8
    (tmp_path / "lines.txt").write_text(f"First line.\n\nThird line.\n{long}\n", "utf-8")
    misbehave('{"max_batch": 8}')
    ended = talepress("say", "--lines", "lines.txt", "--out", "spoken", "--json")
    assert ended.code == 0, ended.err
    assert sorted(path.name for path in (tmp_path / "spoken").iterdir()) == ["0001.wav", "0003.wav", "0004.wav"]
    assert [Path(file["path"]).name for file in ended.json["files"]] == ["0001.wav", "0003.wav", "0004.wav"]
    assert ended.json["files"][2]["seconds"] > 20  # nothing of the long line is lost
    alone = talepress("say", "Third line.", "--out", "third.wav", "--json")
    assert alone.code == 0
    assert (tmp_path / "third.wav").read_bytes() == (tmp_path / "spoken" / "0003.wav").read_bytes()


@pytest.mark.usefixtures("voiced_home")
def test_say_tells_how_far_it_is_in_a_long_text_and_how_long_the_rest_takes(talepress, misbehave):
    misbehave('{"seconds_per_request": 0.02}')
    text = "It was a very long sentence, and it went on, and on, and was not over yet. " * 60
    ended = talepress("say", text, "--out", "long.wav", "--json", "--progress", "json")
    assert (ended.code, Path(ended.json["files"][0]["path"]).name) == (0, "long.wav")
    events = [json.loads(line) for line in ended.err.splitlines()]
    reports = [event for event in events if event["event"] == "progress"]
    total = reports[0]["total"]
    assert total > 8 and {report["detail"] for report in reports} == {"long.wav"}
    assert [report["done"] for report in reports][:4] == [0, 1, 3, 7] and reports[-1]["done"] == total
    left = [report["left_seconds"] for report in reports]
    assert (left[0], left[-1]) == (None, None) and all(seconds > 0 for seconds in left[1:-1])


@pytest.mark.usefixtures("voiced_home")
def test_seed_and_candidates_reach_the_engine(talepress, tmp_path):
    for name, options in {"a": [], "b": ["--seed", "7"], "c": ["--candidates", "3"]}.items():
        assert talepress("say", "Hello.", "--out", f"{name}.wav", *options).code == 0
    assert len({(tmp_path / f"{name}.wav").read_bytes() for name in "abc"}) == 3


@pytest.mark.usefixtures("voiced_home")
def test_say_keeps_candidates_beside_the_best(talepress, tmp_path):
    assert talepress("say", "Hello.", "--out", "alone.wav", "--candidates", "3").code == 0
    ended = talepress("say", "Hello.", "--out", "line.wav", "--candidates", "3", "--keep", "2", "--json")
    assert ended.code == 0, ended.err
    assert [(Path(file["path"]).name, file["candidate"]) for file in ended.json["files"]] == [
        ("line.wav", 1),
        ("line-2.wav", 2),
    ]
    assert (tmp_path / "line.wav").read_bytes() == (tmp_path / "alone.wav").read_bytes()
    assert (tmp_path / "line-2.wav").read_bytes() != (tmp_path / "line.wav").read_bytes()


@pytest.mark.usefixtures("voiced_home")
def test_say_cuts_a_direction_out_or_says_that_it_may_be_heard(talepress, tmp_path, monkeypatch):
    class OneSecond:
        digest = "one second"

        def times(self, audio, sample_rate, spoken):
            assert spoken.startswith("I am sad, ")
            return (
                WordTime(0, 9, 0, sample_rate - 2400, not self.hears),
                WordTime(10, len(spoken), sample_rate, len(audio), not self.hears),
            )

    listener = OneSecond()
    monkeypatch.setattr("tasks.align.direction.listener", lambda: listener)
    (tmp_path / "lines.txt").write_text("[I am sad,] Please feed me, dear Sir.\nPlease.\n", "utf-8")
    seconds = {}
    for listener.hears in (False, True):
        ended = talepress("say", "--lines", "lines.txt", "--out", "spoken", "--json")
        assert ended.code == 0, ended.err
        first, second = ended.json["files"]
        assert (first["may_hold_direction"], second["may_hold_direction"]) == (not listener.hears, False)
        assert first["text"] == "Please feed me, dear Sir."
        assert ("0001.wav: its direction may still be heard" in ended.err) is not listener.hears
        seconds[listener.hears] = first["seconds"]
    assert seconds[False] - seconds[True] == pytest.approx(1.0, abs=0.11)
    by_voice = talepress("say", "Please feed me, dear Sir.", "--voice", "tone [I am sad]", "--out", "v.wav", "--json")
    assert by_voice.json["voice"] == "tone [I am sad,]"
    assert (tmp_path / "v.wav").read_bytes() == (tmp_path / "spoken" / "0001.wav").read_bytes()


@pytest.mark.usefixtures("home")
def test_voices_are_added_listed_used_and_removed(talepress, tmp_path):
    def added():
        return [voice for voice in talepress("voice", "list", "--json").json["voices"] if voice["origin"] == "added"]

    assert added() == []
    clip = write_clip(tmp_path / "clip.wav")
    assert talepress("voice", "add", "ann", clip, "--description", "calm", "--json").json["name"] == "ann"
    (voice,) = added()
    assert voice == {
        "name": "ann",
        "description": "calm",
        "made_from": "1 recording that you added",
        "licence": "",
        "origin": "added",
        "usable": True,
        "configured": False,
    }
    assert talepress("voice", "add", "ann", clip).code == 2
    assert talepress("say", "Hello.", "--out", "x.wav", "--voice", "ann").code == 0
    refused = talepress("voice", "remove", "ann")
    assert refused.code == 2 and "--yes" in refused.err
    assert talepress("voice", "remove", "ann", "--yes").code == 0
    assert added() == []


@pytest.mark.usefixtures("home")
def test_voices_without_recordings(talepress, tmp_path):
    clip = write_clip(tmp_path / "clip.wav")
    assert talepress("voice", "add", "ann", clip).code == 0
    assert talepress("voice", "add", "bob", "--random", "7").code == 0
    mixed = talepress("voice", "add", "eve", "--mix", "ann&bob:0.25", "--json")
    assert mixed.json["made_from"] == "a mix of ann (75%) and bob (25%)"
    assert mixed.json["advice"] == []  # nothing was recorded
    for voice in ("bob", "eve"):
        assert talepress("say", "Hello.", "--out", f"{voice}.wav", "--voice", voice).code == 0
    assert (tmp_path / "bob.wav").read_bytes() != (tmp_path / "eve.wav").read_bytes()
    for wrong, message in (
        (["--mix", "ann&zoe"], "unknown voice 'zoe'"),
        (["--mix", "ann"], "two voices or more"),
        (["--mix", "ann&bob", "--random", "7"], "one of the three"),
        ([], "one of the three"),
        ([clip, "--random", "7"], "one of the three"),
    ):
        ended = talepress("voice", "add", "dan", *wrong)
        assert ended.code == 2 and message in ended.err, ended.err


@pytest.mark.parametrize("name", ["what?x=1", "50%20 #1"])
def test_a_home_may_have_any_name(talepress, home, monkeypatch, tmp_path, name):
    monkeypatch.setenv("TALEPRESS_HOME", str(tmp_path / name))
    add_voice(tmp_path / name)
    before = {path.name for path in tmp_path.iterdir()}
    ended = talepress("voice", "list", "--json")
    assert ended.code == 0, ended.err
    assert "tone" in ended.out
    assert (tmp_path / name / "talepress.db").is_file()
    assert {path.name for path in tmp_path.iterdir()} == before


@pytest.mark.usefixtures("voiced_home")
def test_status_of_an_empty_database(talepress):
    assert talepress("status", "--json").json == {"books": [], "up": None}


@pytest.mark.usefixtures("voiced_home")
@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("status", "no book has been made yet: `talepress make BOOK` makes one"),
        ("book list", "no book has been made yet: `talepress make BOOK` makes one"),
        ("lexicon list", "no lexicon is in the library: `talepress lexicon import FILE` puts one there"),
        ("inbox list", NOTHING_YET),
    ],
)
def test_a_list_of_nothing_says_so_in_place_of_a_table(talepress, command, told):
    ended = talepress(*command.split())
    assert (ended.code, ended.out, ended.err.splitlines()[-1]) == (0, "", told)


@pytest.mark.usefixtures("home")
def test_doctor_names_every_check_and_changes_nothing(talepress, home, monkeypatch):
    checks = {check["name"]: check for check in talepress("doctor", "--json").json["checks"]}
    names = {"python", "packages", "ffmpeg", "epubcheck", "settings", "disk", "device", "workers", "database"}
    names |= {"store", "model", "audio"}
    assert set(checks) == names
    assert all(checks[name]["ok"] for name in names - {"packages"})
    assert not home.exists()

    monkeypatch.setenv("TALEPRESS_SYNTHESIZE__ENGINE", "tortoise")
    monkeypatch.setenv("TALEPRESS_SYNTHESIZE__MODEL", "nothing")
    ended = talepress("doctor", "--json")
    assert ended.code == 3
    (model,) = [check for check in ended.json["checks"] if check["name"] == "model"]
    assert not model["ok"]
    assert "nothing" in model["detail"]
    assert model["remedy"]


def test_nothing_heavy_is_imported_before_a_command_asks_for_it():
    code = "import sys, flows.cli.main; print({'torch', 'prefect', 'sqlalchemy', 'rich.progress'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_saying_a_sentence_in_a_shipped_voice_opens_no_library_and_imports_little(home, tmp_path):
    code = f"""
import sys
from flows.cli.main import main
sys.path.insert(0, {str(ROOT)!r})
sys.argv = ["talepress", "say", "Hello there.", "--voice", "slt", "--out", "x.wav"]
try:
    main()
except SystemExit as ended:
    assert ended.code == 0
import tortoise_core.inference.engine
print(sorted({{"sqlalchemy", "fsspec", "nltk", "num2words", "scipy", "torchaudio"}} & set(sys.modules)))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.split("\n") == ["x.wav", "[]", ""], done.stderr
    assert list(home.rglob("*")) == []


@pytest.mark.usefixtures("book")
def test_commands_without_a_flow_do_not_import_prefect(home, tmp_path):
    write_clip(tmp_path / "clip.wav")
    commands = [
        ["voice", "add", "tone", "clip.wav"],
        ["say", "Hello.", "--out", "x.wav"],
        ["plan", "book.md"],
        ["status"],
        ["doctor"],
    ]
    code = f"""
import sys
from flows.cli.main import main
for command in {commands!r}:
    sys.argv = ["talepress", *command]
    try:
        main()
    except SystemExit as ended:
        assert command == ["doctor"] or ended.code == 0, command
assert "prefect" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("voiced_home")
def test_say_streams_to_a_file_what_its_parts_sound_like(talepress, tmp_path):
    text = "It was a very long sentence, and it went on, and on, " * 8
    ended = talepress("say", text, "--stream", "--out", "stream.wav", "--json")
    assert ended.code == 0, ended.err
    with open_services(read_settings()) as services:
        planned = plan_stream(services, text, seed=0, candidates=None, force=False)
        takes = [result.audio for result in services.engine.speak(planned.requests)]
    streamed, rate = soundfile.read(tmp_path / "stream.wav", dtype="int16")
    assert rate == 24_000
    silences = [np.zeros(round(pause * rate), np.float32) for pause in planned.pauses_s]
    pieces = [piece for pair in zip(takes, silences, strict=True) for piece in pair]
    whole = (np.concatenate(pieces[:-1]) * 32767).astype(int)
    assert len(streamed) == len(whole)
    assert abs(streamed.astype(int) - whole).max() <= 1
    assert 0 < ended.json["first_audio_seconds"] <= ended.json["wall_seconds"]
    assert ended.json["audio_seconds"] == pytest.approx(len(whole) / rate, abs=1e-3)


def test_say_streams_wav_to_stdout(voiced_home, tmp_path):
    command = "from flows.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", command, "say", "Hello there.", "--stream"],
        capture_output=True,
        env={"TALEPRESS_HOME": str(voiced_home), "TALEPRESS_PROFILE": "test", "PYTHONPATH": str(ROOT), "HOME": "/tmp"},
        cwd=tmp_path,
        check=True,
    )
    assert done.stdout[:4] == b"RIFF"
    assert len(done.stdout) > 44 + 2 * 12_000
    assert b"first after" in done.stderr


@pytest.mark.usefixtures("voiced_home")
@pytest.mark.parametrize(
    "options", [["--json"], ["--lines", "x.txt", "--out", "o.wav"]], ids=["json on stdout", "lines"]
)
def test_streams_that_make_no_sense_are_refused(talepress, options):
    assert talepress("say", "Hello.", "--stream", *options).code == 2


@pytest.mark.usefixtures("voiced_home")
def test_bench_forecasts_every_preset(talepress, misbehave):
    misbehave('{"seconds_per_request": 0.01}')
    ended = talepress("bench", "--seconds", "5", "--json")
    assert ended.code == 0, ended.err
    assert ended.json["device"] in ("cpu", "cuda")  # not "auto": a figure is one device's
    rows = ended.json["presets"]
    assert [row["preset"] for row in rows] == ["ultra_fast", "fast", "standard", "high_quality"]
    assert all(row["measured"] for row in rows)
    for row in rows:
        assert row["rtf"] > 0.01 / 6  # a sentence is under six seconds and takes at least ten milliseconds
        assert row["audio_hours_per_hour"] == pytest.approx(1 / row["rtf"], rel=0.05)
    assert "audio hours per hour" in talepress("bench", "--seconds", "5").out


@pytest.mark.usefixtures("voiced_home")
def test_bench_scales_what_it_has_no_time_to_measure(talepress, misbehave):
    misbehave('{"seconds_per_request": 0.4}')
    rows = talepress("bench", "--seconds", "1", "--json").json["presets"]
    assert [row["measured"] for row in rows] == [True, False, False, False]
    rtf = [row["rtf"] for row in rows]
    assert rtf == sorted(rtf)
