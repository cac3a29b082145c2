"""`talepress voice`: which voices can be used, and that none goes without a word."""

import io
from types import SimpleNamespace

import pytest

from flows.actions import voices
from flows.services import Services, open_services, read_settings
from tasks.voices import catalogue
from tasks.voices.catalogue import VoiceCredit
from tests.flows.samples import add_voice


def record(name, digest="d"):
    return SimpleNamespace(name=name, model_digest=digest, digest="x" * 64, clips=("a", "b"))


@pytest.fixture
def known(home, monkeypatch):
    """A voice that comes with the program, one that was added, and one of another model."""
    monkeypatch.setenv("TALEPRESS_SYNTHESIZE__VOICE", "ann")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(
        catalogue, "shipped_voices", lambda: (SimpleNamespace(credit=VoiceCredit("joe", "man", "speech", "CC0")),)
    )
    monkeypatch.setattr(catalogue, "credit_of", lambda voice: VoiceCredit(voice.name, "", "2 recordings", ""))
    monkeypatch.setattr(Services, "added_voices", lambda services: (record("ann"), record("old", "another")))
    monkeypatch.setattr(Services, "front_end", SimpleNamespace(digest="d"))


@pytest.mark.usefixtures("known")
def test_voices_of_other_models_are_listed_as_such_and_the_configured_one_is_marked(talepress):
    listed = talepress("voice", "list", "--json").json["voices"]
    assert [(row["name"], row["origin"], row["usable"], row["configured"]) for row in listed] == [
        ("joe", "shipped", True, False),
        ("ann", "added", True, True),
        ("old", "added", False, False),
    ]
    assert (listed[0]["made_from"], listed[0]["licence"]) == ("speech", "CC0")
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in talepress("voice", "list").out.splitlines()]
    assert [row for row in cells if row] == [
        ["joe", "shipped", "man", "speech", "CC0"],
        ["ann", "added (default)", "", "2 recordings", ""],
        ["old", "added, for another model", "", "2 recordings", ""],
    ]


@pytest.mark.usefixtures("known")
def test_what_a_voice_is_made_of_is_asked_for_and_doubts_are_told(talepress, monkeypatch):
    asked = []

    def add(services, name, clips, **options):
        asked.append((name, [str(clip) for clip in clips], options))
        return record(name), ("it echoes",)

    monkeypatch.setattr(voices, "add_voice", add)
    ended = talepress("voice", "add", "eve", "a.wav", "b.wav", "--description", "calm")
    assert (ended.out, ended.err) == ("", "warning: it echoes\nadded voice eve, made from 2 recordings\n")
    ended = talepress("voice", "add", "eve", "--mix", "joe&ann", "--random", "0", "--json")
    assert ended.json == {
        "name": "eve",
        "digest": "x" * 64,
        "clips": 2,
        "made_from": "2 recordings",
        "advice": ["it echoes"],
    }
    assert asked == [
        ("eve", ["a.wav", "b.wav"], {"mix": "", "seed": None, "description": "calm"}),
        ("eve", [], {"mix": "joe&ann", "seed": 0, "description": ""}),
    ]


def names():
    with open_services(read_settings()) as services:
        return [voice.name for voice in services.added_voices()]


def test_a_voice_goes_after_a_yes_alone(voiced_home, talepress, monkeypatch):
    add_voice(voiced_home, "low", pitch_hz=80)

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    for answer, left in (("n", ["low", "tone"]), ("", ["low", "tone"]), ("y", ["tone"])):
        monkeypatch.setattr("sys.stdin", Terminal(f"{answer}\n"))
        ended = talepress("voice", "remove", "low")
        assert "Forget the voice low; what was spoken with it stays? [y/N]" in ended.err
        assert (ended.code, sorted(names())) == (0 if answer == "y" else 2, left)
    assert ended.err.endswith("removed voice low\n")
    for wrong in ("low", "slt"):  # gone, and not to be removed
        assert talepress("voice", "remove", wrong, "--yes").code == 2
    assert talepress("voice", "remove", "tone", "--yes", "--json").json == {"removed": "tone"}
    assert names() == []
