"""Whose files say how a book is read, in which order, and what becomes of a lexicon that is imported."""

import errno
import shutil
from pathlib import Path

import pytest

from flows.order import manuscript
from flows.order.manuscript import import_into_library, lexicon_folder, lexicons, read_manuscript
from flows.order.request import Reading
from flows.services import read_settings
from tasks.annotate.lexicon import read_lexicon
from tasks.errors import BadInputError, OutputError

LANGUAGES = ("en",)
CAST = 'narrator = "{}"\n[characters.Tom]\nvoice = "low"\n'
ENTRY = "[[entry]]\nword = 'dragon'\nsay = '{}'\n"
PLS = """<?xml version="1.0"?>
<lexicon xmlns="http://www.w3.org/2005/01/pronunciation-lexicon" version="1.0" alphabet="ipa" xml:lang="en">
<lexeme><grapheme>dragon</grapheme><alias>lion</alias></lexeme></lexicon>
"""


@pytest.fixture
def settings(home):
    return read_settings()


def read(settings, book, **values):
    return read_manuscript(Reading(book=str(book), **values), settings, LANGUAGES)


@pytest.mark.parametrize(
    ("voice", "cast", "narrator"),
    [("", "", "tone"), ("", "joe", "joe"), ("ann", "joe", "ann"), ("ann", "", "ann")],
)
def test_a_named_voice_goes_before_the_casts_narrator_and_that_before_the_settings(
    settings, book, tmp_path, voice, cast, narrator
):
    assert settings.synthesize.voice == "tone"
    file = tmp_path / "cast.toml"
    file.write_text(CAST.format(cast))
    values = {"voice": voice, **({"cast": str(file)} if cast else {})}
    assert read(settings, book, **values).narrator == narrator


def test_other_voices_are_those_that_the_markup_asks_for(settings, tmp_path):
    book = tmp_path / "said.md"
    book.write_text("# One\n\n“Stop at once!” said Tom, and the men stood still. “Why?” asked Mary.\n", "utf-8")
    cast = tmp_path / "cast.toml"
    cast.write_text('[characters.Tom]\nvoice = "low"\n[characters.Mary]\nvoice = "high"\n[characters.X]\nvoice = "x"\n')
    assert read(settings, book, cast=str(cast)).voices == ("high", "low")
    assert read(settings, book).voices == ()


def test_later_lexicons_win_and_the_one_that_is_given_is_the_last(settings, tmp_path):
    folder = lexicon_folder(settings)
    folder.mkdir(parents=True)
    for name in ("b.toml", "a.TOML", "c.csv"):
        (folder / name).write_text("word,say\ndragon,c\n" if name.endswith("csv") else ENTRY.format(name[0]))
    (folder / "notes.txt").write_text("no lexicon")
    named = tmp_path / "named.toml"
    named.write_text(ENTRY.format("named"))
    given = tmp_path / "given.toml"
    given.write_text(ENTRY.format("given"))
    more = read_settings(segment={"lexicons": [str(named)]})
    assert len(lexicons(settings)) == 3
    said = [lexicon.entries[0].value for lexicon in lexicons(more, str(given))]
    assert said[-2:] == ["named", "given"]
    assert said[:2] == ["a", "b"]
    with pytest.raises(BadInputError, match=r"segment\.lexicons: there is no file .*gone\.toml"):
        lexicons(read_settings(segment={"lexicons": [str(tmp_path / "gone.toml")]}))


def test_a_lexicon_is_imported_whole_or_not_at_all(settings, tmp_path):
    good = tmp_path / "words.toml"
    good.write_text(ENTRY.format("lion"))
    target, entries = import_into_library(settings, good, "global", "", replace=False)
    assert (target, entries) == (lexicon_folder(settings) / "words.toml", 1)
    assert target.read_text() == good.read_text()
    good.write_text(ENTRY.format("bear"))
    with pytest.raises(BadInputError, match="--force replaces it"):
        import_into_library(settings, good, "global", "", replace=False)
    assert "lion" in target.read_text()
    import_into_library(settings, good, "global", "", replace=True)
    assert "bear" in target.read_text()
    good.write_text("[[entry]]\nword = ")
    with pytest.raises(BadInputError):
        import_into_library(settings, good, "global", "", replace=True)
    assert "bear" in target.read_text()
    assert [file.name for file in target.parent.iterdir()] == ["words.toml"]


def test_a_copy_that_is_cut_short_leaves_the_lexicon_that_was_there(settings, tmp_path, monkeypatch):
    file = tmp_path / "words.csv"
    file.write_text("word,say\ndragon,lion\n")
    target, _ = import_into_library(settings, file, "global", "", replace=False)
    assert target.name == "words.csv"

    def cut_short(source, place):
        Path(place).write_bytes(Path(source).read_bytes()[:10])
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(shutil, "copyfile", cut_short)
    with pytest.raises(OutputError):
        import_into_library(settings, file, "global", "", replace=True)
    assert target.read_text() == file.read_text()


@pytest.mark.parametrize(("force", "markup"), [(False, False), (False, True), (True, True)])
def test_language_and_markup_are_checked_where_they_count(settings, book, monkeypatch, force, markup):
    done = []
    monkeypatch.setattr(manuscript, "require_language", lambda book, name, languages: done.append((name, languages)))
    monkeypatch.setattr(manuscript, "check_file", done.append)
    settings = read_settings(segment={"markup": markup})
    read(settings, book, force=force)
    assert done == [*([] if force else [("book.md", LANGUAGES)]), *([book] if markup else [])]


def test_what_people_have_decided_comes_before_all_other_lexicons(settings, book, tmp_path):
    given = tmp_path / "given.toml"
    given.write_text(ENTRY.format("lion"))
    decided = tmp_path / "decided.toml"
    decided.write_text(ENTRY.format("bear"))
    reading = Reading(book=str(book), lexicon=str(given))

    def spoken(*decided):
        made = read_manuscript(reading, settings, LANGUAGES, decided=decided)
        notes = [note.value for chapter in made.book.chapters for block in chapter.blocks for note in block.markup]
        return [value for value in notes if value in ("lion", "bear")]

    assert spoken() == ["lion"]
    assert spoken(read_lexicon(decided)) == ["bear"]


@pytest.mark.parametrize("suffix", [".pls", ".XML"])
def test_a_lexicon_of_the_w3c_becomes_one_of_ours_with_the_scope_that_is_asked_for(settings, tmp_path, suffix):
    file = tmp_path / f"words{suffix}"
    file.write_text(PLS)
    target, entries = import_into_library(settings, file, "series", 'The "Oz" Books', replace=False)
    assert (target.name, entries) == ("words.toml", 1)
    assert target.read_text().splitlines()[:2] == ['scope = "series"', 'for = "The \\"Oz\\" Books"']


def test_a_lexicon_for_all_books_is_for_none_by_name(settings, tmp_path):
    file = tmp_path / "words.pls"
    file.write_text(PLS)
    target, _ = import_into_library(settings, file, "global", "", replace=False)
    assert target.read_text().splitlines()[:2] == ['scope = "global"', ""]


@pytest.mark.parametrize(
    ("name", "kept"), [("words.csv", "words.csv"), ("words.CSV", "words.csv"), ("A.TOML", "A.toml")]
)
def test_a_lexicon_is_kept_as_what_it_is_however_its_name_is_written(settings, tmp_path, name, kept):
    file = tmp_path / name
    file.write_text(ENTRY.format("lion") if kept.endswith("toml") else "word,say\ndragon,lion\n")
    target, entries = import_into_library(settings, file, "global", "", replace=False)
    assert (target.name, entries, target.read_text()) == (kept, 1, file.read_text())


def test_a_lexicon_of_the_settings_may_lie_in_the_users_own_folder(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine.toml").write_text(ENTRY.format("lion"))
    (lexicon,) = lexicons(read_settings(segment={"lexicons": ["~/mine.toml"]}))
    assert lexicon.entries[0].value == "lion"


def test_a_book_is_read_and_annotated_as_the_settings_say(home, book, monkeypatch):
    asked = []
    read = manuscript.read_book
    annotate = manuscript.annotate
    monkeypatch.setattr(manuscript, "annotate", lambda *given: asked.append(given[2]) or annotate(*given))
    settings = read_settings(ingest={"notes": "inline"}, segment={"max_chars": 111})
    read_manuscript(
        Reading(book=str(book)), settings, LANGUAGES, read=lambda *given: asked.append(given) or read(*given)
    )
    assert asked == [(book, settings.ingest), settings.segment]


@pytest.mark.parametrize(("name", "words"), [("words.txt", "no lexicon by its name"), ("gone.toml", "cannot be read")])
def test_what_cannot_be_imported_is_named(settings, tmp_path, name, words):
    (tmp_path / "words.txt").write_text("dragon")
    with pytest.raises(BadInputError, match=words):
        import_into_library(settings, tmp_path / name, "global", "", replace=False)
    assert not lexicon_folder(settings).exists()
