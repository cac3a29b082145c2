"""`talepress say`: what its options ask for, what is printed where, and which of them do not go together."""

import sys
from pathlib import Path

import pytest

from flows.actions import say, stream
from flows.actions.say import Speech, SpokenFile
from flows.actions.stream import Streamed

FILES = (
    SpokenFile(Path("a.wav"), "One.", 3.0, 0.5, False),
    SpokenFile(Path("b.wav"), "Two.", 1.0, 0.5, False, 2, True),
)


@pytest.fixture
def asked(home, monkeypatch):
    """What the actions are asked for; nothing is spoken."""
    calls = []

    def speak_lines(services, plan, listener, **options):
        chosen = services.settings.synthesize
        calls.append(([line.text for line in plan], chosen.voice, chosen.preset, options))
        return Speech(FILES, "slt", "fast", 7, 24_000, 2.0)

    def plan_stream(services, text, **options):
        chosen = services.settings.synthesize
        calls.append((text, chosen.voice, chosen.preset, options))
        return "planned"

    def stream_text(services, planned, sink):
        assert planned == "planned"
        sink.write(b"sound")
        return Streamed(2.5, 0.25, 1.5, "slt", "fast", 7, 24_000)

    monkeypatch.setattr(say, "speak_lines", speak_lines)
    monkeypatch.setattr(stream, "plan_stream", plan_stream)
    monkeypatch.setattr(stream, "stream_text", stream_text)
    return calls


def test_the_options_are_those_of_the_action(asked, talepress):
    talepress("say", "One.", "--out", "a.wav")
    options = ["--voice", "slt", "--preset", "standard", "--seed", 7, "--candidates", 3, "--keep", 2, "--force"]
    talepress("say", "One.", "--out", "a.wav", *options)
    assert asked == [
        (["One."], "tone", "fast", {"seed": 0, "candidates": None, "force": False, "keep": 1}),
        (["One."], "slt", "standard", {"seed": 7, "candidates": 3, "force": True, "keep": 2}),
    ]


def test_files_are_the_result_and_doubts_are_told(asked, talepress):
    ended = talepress("say", "One.", "--out", "a.wav")
    assert (ended.code, ended.out) == (0, "a.wav\nb.wav\n")
    assert ended.err.splitlines() == [
        "warning: b.wav: its direction may still be heard; try another --seed",
        "2 files, 4.0 s of audio, made in 2.0 s (real-time factor 0.50)",
    ]
    as_json = talepress("say", "One.", "--out", "a.wav", "--json")
    assert [file["path"] for file in as_json.json["files"]] == ["a.wav", "b.wav"]
    assert as_json.err == ended.err.splitlines()[0] + "\n"


def test_a_stream_goes_to_a_file_with_what_it_was_asked_for(asked, talepress, tmp_path):
    options = ["--voice", "slt", "--preset", "standard", "--seed", 7, "--candidates", 3, "--force"]
    ended = talepress("say", "One.", "--stream", "--out", "a.wav", *options)
    assert (ended.code, ended.out, (tmp_path / "a.wav").read_bytes()) == (0, "", b"sound")
    assert ended.err == "2.5 s of audio, the first after 0.2 s, all after 1.5 s\n"
    assert asked == [("One.", "slt", "standard", {"seed": 7, "candidates": 3, "force": True})]
    assert talepress("say", "One.", "--stream", "--out", "a.wav", "--json").json["path"] == "a.wav"
    assert talepress("say", "One.", "--stream", "--out", "new/folder/a.wav").code == 0
    assert (tmp_path / "new" / "folder" / "a.wav").read_bytes() == b"sound"


def test_a_stream_goes_to_a_pipe_and_to_no_terminal(asked, talepress, monkeypatch):
    ended = talepress("say", "One.", "--stream")
    assert (ended.code, ended.out) == (0, "sound")
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda stdout: True)
    refused = talepress("say", "One.", "--stream")
    assert (refused.code, "pipe it into a player" in refused.err, len(asked)) == (2, True, 1)


@pytest.mark.parametrize(
    ("options", "named"),
    [(["--json"], "--out"), (["--lines", "x"], "--lines"), (["--keep", "2", "--out", "a.wav"], "--keep")],
)
def test_what_does_not_go_with_a_stream_is_refused(asked, talepress, options, named):
    refused = talepress("say", "One.", "--stream", *options)
    assert (refused.code, named in refused.err, asked) == (2, True, [])


def test_a_place_that_cannot_be_written_is_refused_before_the_text_is_planned(asked, talepress, tmp_path):
    (tmp_path / "file").write_text("no folder")
    assert (talepress("say", "One.", "--stream", "--out", "file/a.wav").code, asked) == (2, [])
