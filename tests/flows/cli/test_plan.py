"""`talepress plan` with plan files, casts, lexicons and what is rendered already."""

from __future__ import annotations

import json

import pytest

from flows.cli.plan import _print_diff, _print_plan
from flows.order.order import prepare
from flows.order.request import Request
from flows.services import open_services, read_settings
from storage.records import Take, Verdict
from tasks.errors import BadInputError, UnknownVoiceError
from tasks.voices.enrol import enrol_voice
from tests.flows.samples import write_clip

CAST = "[characters.Smith]\nvoice = 'tone'\naliases = ['Dr. Smith']\n"
LEXICON = "[[entry]]\nword = 'dragon'\nsay = '{}'\n"


def ordered(book, out, **options):
    with open_services(read_settings()) as services:
        return prepare(services, Request(book=str(book), out=str(out), **options))


@pytest.mark.usefixtures("home")
def test_a_plan_file_is_written_edited_and_used(talepress, book, tmp_path):
    before = talepress("plan", book, "--json", "--write", "plan.toml")
    assert before.code == 0, before.err
    (tmp_path / "before.json").write_text(before.out, "utf-8")
    text = (tmp_path / "plan.toml").read_text("utf-8")
    assert '# Dr. Smith paid $5 for three apples. "Good' in text
    assert talepress("plan", book, "--plan", "plan.toml", "--json").json["chapters"] == before.json["chapters"]

    edited = text.replace('"Chapter One"', '"The Apples"').replace("number = 3\n", "number = 3\nread = false\n", 1)
    edited = edited.replace(
        'read = false\ntitle = "Chapter Three"\nread = true', 'title = "Chapter Three"\nread = false'
    )
    edited += "[[correction]]\nfind = 'dragon'\nreplace = 'lion'\n"
    (tmp_path / "plan.toml").write_text(edited, "utf-8")
    after = talepress("plan", book, "--plan", "plan.toml", "--json", "--diff", "before.json")
    assert after.code == 0, after.err
    assert [chapter["title"] for chapter in after.json["chapters"]] == ["The Apples", "Chapter Two"]
    assert {"plan-dropped", "plan-corrected"} <= {skip["rule"] for skip in after.json["skipped"]}
    changes = after.json["diff"]
    assert changes["chapters"]["removed"] == ["Chapter Three"]
    assert changes["chapters"]["renamed"] == [{"title": "The Apples", "from": "Chapter One"}]
    assert changes["utterances"]["changed"] == 1
    assert changes["examples"][0]["after"] == "The lion slept below the mountain."
    assert "1 changed" in talepress("plan", book, "--plan", "plan.toml", "--diff", "before.json").out

    (tmp_path / "plan.toml").write_text("[[chapter]]\nnumber = 7\n", "utf-8")
    wrong = talepress("plan", book, "--plan", "plan.toml")
    assert (wrong.code, "line 1: there is no chapter 7" in wrong.err) == (2, True)


@pytest.mark.usefixtures("home")
def test_a_plan_without_a_database_says_that_all_is_to_render_and_makes_none(talepress, book, home):
    ended = talepress("plan", book)
    assert "0 of 10 utterances are already rendered; 10 to render, about 0:00:" in ended.out
    assert not home.exists()


@pytest.mark.usefixtures("voiced_home")
def test_a_changed_lexicon_entry_renders_again_what_it_touches_alone(talepress, book, tmp_path):
    def rendered():
        return talepress("plan", book, "--lexicon", "words.toml", "--json").json["rendered"]

    lexicon = tmp_path / "words.toml"
    lexicon.write_text(LEXICON.format("DRAG-un"), "utf-8")
    order = ordered(book, tmp_path / "out", lexicon=str(lexicon))
    assert rendered()["rendered"] == 0
    with order.services.database.unit_of_work() as uow:
        uow.takes.add(Take(item.key, item.key, 0, 1, "a" * 64, 24000, 24000, Verdict.OK) for item in order.keyed)
        uow.commit()
    assert rendered() == {"utterances": 10, "rendered": 10, "to_render": 0, "seconds": 0.0}
    assert talepress("plan", book, "--lexicon", lexicon).out.endswith("\nall 10 utterances are already rendered\n")
    lexicon.write_text(LEXICON.format("DRAY-gun"), "utf-8")
    spoken = "The dray-gun slept below the mountain."
    assert rendered() == {"utterances": 10, "rendered": 9, "to_render": 1, "seconds": round(len(spoken) / 14, 1)}
    assert "9 of 10 utterances are already rendered; 1 to render" in talepress("plan", book, "--lexicon", lexicon).out


@pytest.mark.usefixtures("voiced_home")
def test_a_text_that_occurs_twice_is_counted_as_two_utterances_and_one_text(talepress, tmp_path):
    (tmp_path / "twice.md").write_text("# One\n\nYes.\n\n* * *\n\nYes.\n", "utf-8")
    printed = talepress("plan", "twice.md").out
    assert "0 of 3 utterances are already rendered; 3 to render (2 different texts), about 0:00:0" in printed


@pytest.mark.usefixtures("home")
def test_the_library_of_lexicons(talepress, book, home, tmp_path):
    pls = """<lexicon xmlns="http://www.w3.org/2005/01/pronunciation-lexicon" alphabet="ipa"><lexeme>
      <grapheme>dragon</grapheme><phoneme>ˈdɹæɡən</phoneme></lexeme></lexicon>"""
    (tmp_path / "words.pls").write_text(pls, "utf-8")
    ended = talepress("lexicon", "import", "words.pls", "--scope", "book", "--for", "the small book")
    assert (ended.code, (home / "lexicons" / "words.toml").is_file()) == (0, True), ended.err
    assert talepress("lexicon", "import", "words.pls").code == 2
    assert talepress("lexicon", "list", "--json").json["lexicons"] == [
        {"name": "words.toml", "scope": "book", "for": "the small book", "entries": 1}
    ]
    spoken = [u["spoken"] for u in talepress("plan", book, "--json").json["chapters"][1]["utterances"]]
    assert "The {D R AE1 G AH0 N} slept below the mountain." in spoken
    (tmp_path / "bad.toml").write_text("[[entry]]\nword = 'a'\n", "utf-8")
    bad = talepress("lexicon", "import", "bad.toml")
    assert (bad.code, "line 1: give one of" in bad.err) == (2, True)
    assert not (home / "lexicons" / "bad.toml").exists()


@pytest.mark.usefixtures("voiced_home")
def test_characters_speak_with_their_voices(talepress, tmp_path):
    book = tmp_path / "cast.md"
    book.write_text(
        '# One\n\n"Good morning," said Dr. Smith. It was late.\n\n[[voice ann]]Goodbye now.[[/voice]]\n', "utf-8"
    )
    (tmp_path / "cast.toml").write_text(CAST, "utf-8")
    with pytest.raises(UnknownVoiceError, match="ann"):
        ordered(book, tmp_path / "out", cast=str(tmp_path / "cast.toml"))
    settings = read_settings()
    with open_services(settings) as services:
        clip = write_clip(tmp_path / "ann.wav")
        voice = enrol_voice(services.engine, services.store, "ann", [clip], settings.voices)
        with services.database.unit_of_work() as uow:
            uow.voices.add(voice)
            uow.commit()
    order = ordered(book, tmp_path / "out", cast=str(tmp_path / "cast.toml"))
    assert [(u.text, order.voice_of(u).name) for u in order.script.utterances] == [
        ("One", "tone"),
        ('"Good morning,"', "tone"),
        ("said Dr. Smith. It was late.", "tone"),
        ("Goodbye now.", "ann"),
    ]
    planned = talepress("plan", book, "--cast", "cast.toml", "--json").json
    assert planned["cast"] == {"quotations": {"Smith": 1}, "marked": 1, "unattributed": 0}
    assert "by markup" in talepress("plan", book, "--cast", "cast.toml").out


@pytest.mark.usefixtures("home")
def test_mistakes_are_one_line_that_names_the_line(talepress, tmp_path):
    book = tmp_path / "book.md"
    book.write_text("# One\n\nHello.\n\n[[puase 2]] there.\n", "utf-8")
    ended = talepress("plan", book)
    assert (ended.code, ended.err) == (
        2,
        "talepress: book.md, line 5: there is no marker [[puase]]: did you mean pause?\n",
    )
    (tmp_path / "other.json").write_text(json.dumps({"chapters": [{"title": "x"}]}), "utf-8")
    book.write_text("# One\n\nHello.\n", "utf-8")
    assert "other.json is no plan" in talepress("plan", book, "--diff", "other.json").err
    with pytest.raises(BadInputError, match="cannot be read"):
        ordered(book, tmp_path / "out", cast=str(tmp_path / "none.toml"))


@pytest.mark.usefixtures("home")
def test_the_speakers_of_a_play_are_offered_to_a_cast(talepress, tmp_path):
    play = tmp_path / "play.txt"
    play.write_text("ACT I\n\nTOM. Who knocks?\n\nANN. I do. [She sits.]\n\nTOM. So late?\n\nANN. So late.\n", "utf-8")
    planned = talepress("plan", play, "--json", "--write-cast", "cast.toml")
    assert planned.code == 0, planned.err
    assert planned.json["speakers"] == {"TOM": 2, "ANN": 2}
    cast = talepress("plan", play, "--json", "--cast", "cast.toml")
    assert cast.code == 0, cast.err
    assert cast.json["cast"]["quotations"] == {"ANN": 2, "TOM": 2}
    assert "speakers (--write-cast" in talepress("plan", play).out

    play.write_text("It rained.\n", "utf-8")
    wrong = talepress("plan", play, "--write-cast", "cast.toml")
    assert (wrong.code, "has no speakers" in wrong.err) == (2, True)


def cells(out):
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if "│" in line]


PLANNED = {
    "title": "Oz",
    "authors": ["Ann", "Bob"],
    "chapters": [
        {"title": "One", "words": 7, "seconds": 61.0, "first_words": "It was late"},
        {"title": "Two", "words": 9, "seconds": 3725.0, "first_words": "He came"},
    ],
    "skipped": [{"rule": "note", "text": "abc"}, {"rule": "caption", "text": "a"}, {"rule": "note", "text": "de"}],
    "suspicious": [{"kind": "word", "text": "qx", "count": 3, "examples": ["a qx b", "c qx d"]}],
    "cast": {"quotations": {"Tom": 4}, "marked": 2, "unattributed": 1},
    "speakers": {"TOM": 5},
    "coverage": {"source_chars": 10, "spoken_chars": 7, "skipped_chars": 2, "unaccounted_chars": 1},
    "forecast_seconds": 3786.0,
    "words": 16,
    "rendered": {"utterances": 5, "rendered": 2, "to_render": 3, "seconds": 62.0},
    "warnings": ["there is no table of contents", "guesses leave out 5%"],
}


def test_a_plan_is_shown_with_all_that_is_to_be_looked_at_before(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    _print_plan(PLANNED)
    shown = capsys.readouterr()
    assert shown.out.startswith("Oz, Ann, Bob")
    assert cells(shown.out) == [
        ["1", "One", "7", "0:01:01", "It was late"],
        ["2", "Two", "9", "1:02:05", "He came"],
        ["caption", "1"],
        ["note", "5"],
        ["word", "qx", "3", "a qx b"],
        ["", "", "", "c qx d"],
        ["Tom", "4"],
        ["by markup", "2"],
        ["by nobody named", "1"],
        ["TOM", "5"],
    ]
    assert shown.out.splitlines()[-2:] == [
        "about 1:03:06 of audio, 16 words; of 10 characters 7 are spoken, 2 skipped, 1 unaccounted for",
        "2 of 5 utterances are already rendered; 3 to render, about 0:01:02 of speech",
    ]
    assert shown.err.splitlines() == ["warning: there is no table of contents", "warning: guesses leave out 5%"]
    _print_plan({**PLANNED, "authors": [], "rendered": None, "skipped": [], "suspicious": [], "cast": None} | NOTHING)
    shown = capsys.readouterr()
    assert shown.out.startswith("Oz, unknown author") and shown.out.endswith("1 unaccounted for\n")
    assert (len(cells(shown.out)), shown.err) == (2, "")


NOTHING = {"speakers": {}, "warnings": []}


def test_what_has_changed_is_shown_by_chapters_with_some_examples(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    changes = {
        "chapters": {
            "added": ["New"],
            "removed": ["Old"],
            "renamed": [{"title": "Apples", "from": "Pears"}],
            "changed": [{"title": "One", "added": 1, "removed": 2, "changed": 3}],
            "reordered": True,
        },
        "utterances": {"added": 4, "removed": 5, "changed": 6, "unchanged": 7},
        "examples": [{"before": f"before {number}", "after": f"after {number}"} for number in range(12)],
        "new_seconds": 61.0,
        "seconds_before": 62.0,
        "seconds_after": 3725.0,
    }
    _print_diff(changes)
    out = capsys.readouterr().out
    assert cells(out) == [
        ["added", "New", ""],
        ["removed", "Old", ""],
        ["renamed", "Apples", "from Pears"],
        ["changed", "One", "1 added, 2 removed, 3 changed"],
        ["reordered", "", "chapters are in another order"],
        *([f"before {number}", f"after {number}"] for number in range(10)),
    ]
    last = out.splitlines()[-1]
    assert last == (
        "utterances: 4 added, 5 removed, 6 changed, 7 unchanged; about 0:01:01 of new speech; "
        "0:01:02 in all before, 1:02:05 after"
    )
    same = {"added": [], "removed": [], "renamed": [], "changed": [], "reordered": False}
    _print_diff({**changes, "chapters": same, "examples": []})
    assert capsys.readouterr().out == f"{last}\n"
