"""Under which name an edition is published. What is finished is replaced on request alone, what is not ours never."""

import json
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from storage.records import EditionFile
from tasks.package.edition import publish_edition
from tasks.package.existing import placing_mark
from tasks.package.outputs import OUTPUTS, find_outputs
from tasks.package.place import Replace, files_beside, find_place, kept_files, published_audio, published_files
from tests.tasks.package.conftest import BOOK, STEM, asking

KINDS = ("m4b", "manifest")


@pytest.fixture
def plain(content):
    return asking(content, *KINDS)


@pytest.fixture
def put(tmp_path, plain, monkeypatch):
    """Puts an edition into the folder as publishing does, but for its audio, which costs seconds."""
    texts = count()

    def write(draft):
        path = draft.folder / f"{draft.stem}.m4b"
        path.write_text(f"audio {next(texts)}")
        return (path,)

    quick = replace(OUTPUTS[0], write=write, check=lambda draft, paths: None, recordings=lambda content: ())
    outputs = (quick, *(output for output in OUTPUTS if output.kind == "manifest"))
    monkeypatch.setattr("tasks.package.edition.find_outputs", lambda kinds: outputs)
    return lambda made, replacing=Replace.NONE: publish_edition(tmp_path, None, made, replacing=replacing)


@pytest.fixture
def name(tmp_path):
    """The name that an edition would get."""
    outputs = find_outputs(KINDS)

    def find(made, replacing=Replace.NONE):
        folder, stem = find_place(tmp_path, made, outputs, replacing)
        return (folder / stem).relative_to(tmp_path).as_posix()

    return find


def other_audio(content, digit="e"):
    """The same chapters with other samples."""
    masters = tuple(replace(master, audio_sha256=f"{digit}{master.audio_sha256[1:]}") for master in content.masters)
    return replace(content, masters=masters)


def spoken_anew(content, digit="e"):
    """The same chapters of other takes."""
    masters = tuple(
        replace(master, placed=tuple(replace(placed, take_key="new") for placed in master.placed))
        for master in other_audio(content, digit).masters
    )
    return replace(content, masters=masters, takes={**content.takes, "new": next(iter(content.takes.values()))})


def readings(content):
    other = other_audio(content)
    return {
        "read by joe": replace(other, voice=replace(content.voice, name="joe")),
        "preset high_quality": replace(other, sampling=replace(content.sampling, candidates=99), preset="high_quality"),
        "model big": replace(other, model="big", model_digest="b" * 64),
        "another version of the model": replace(other, model_digest="b" * 64),
        "read by joe, preset fast": replace(
            other,
            voice=replace(content.voice, name="joe"),
            sampling=replace(content.sampling, candidates=99),
            preset="fast",
        ),
        "cast village, en-GB": replace(other, directions=("cast village", "en-GB")),
        "mastered anew": other,
        "spoken anew": spoken_anew(content),
    }


def test_an_empty_folder_takes_the_books_name(name, plain):
    assert name(plain) == STEM
    assert name(replace(plain, masters=plain.masters[:1], chapters="1")) == f"{STEM} (chapters 1)"


REASONS = (
    "read by joe",
    "preset high_quality",
    "model big",
    "another version of the model",
    "read by joe, preset fast",
    "cast village, en-GB",
    "mastered anew",
    "spoken anew",
)


@pytest.mark.parametrize("reason", REASONS)
def test_other_audio_gets_a_name_that_says_what_is_different(put, name, plain, reason):
    put(plain)
    made = readings(plain)[reason]
    assert name(made) == f"{STEM} ({reason})"
    put(made)
    assert name(made) == f"{STEM} ({reason})"  # its own
    assert name(plain) == STEM
    third = other_audio(made, "d")
    assert name(third) == f"{STEM} ({reason} 2)"


def test_the_whole_book_beside_a_part_that_has_its_name(put, name, plain):
    """Versions before names could be chosen gave a part the book's name."""
    part = replace(plain, masters=plain.masters[:1])
    put(part)
    assert name(plain) == f"{STEM} (all chapters)"


def test_what_was_moved_or_deleted_keeps_no_name(put, name, plain, tmp_path):
    put(plain)
    (tmp_path / f"{STEM}.m4b").rename(tmp_path / "mine.m4b")
    assert name(plain) == STEM
    assert name(readings(plain)["read by joe"]) == STEM
    for path in tmp_path.glob("*.json"):
        path.unlink()
    assert name(readings(plain)["read by joe"]) == STEM


def test_what_somebody_has_changed_is_kept(put, name, plain, tmp_path):
    put(plain)
    (tmp_path / f"{STEM}.m4b").write_text("tagged by hand")
    assert name(plain) == f"{STEM} (2)"
    assert name(spoken_anew(plain), Replace.SAME_READING) == f"{STEM} (spoken anew)"
    assert name(plain, Replace.ANY) == STEM


def test_what_a_killed_run_left_half_in_place_is_its_own(put, name, plain, tmp_path):
    put(plain)
    (tmp_path / f"{STEM}.m4b").write_text("of the older edition")
    placing_mark(tmp_path, STEM).touch()
    assert name(plain) == STEM
    put(plain)
    assert not placing_mark(tmp_path, STEM).exists()


def test_new_takes_replace_the_edition_of_the_same_reading(put, name, plain):
    joe = readings(plain)["read by joe"]
    put(plain)
    put(joe)
    assert name(spoken_anew(joe, "d"), Replace.SAME_READING) == f"{STEM} (read by joe)"
    assert name(spoken_anew(joe, "d"), Replace.ANY) == f"{STEM} (read by joe)"
    assert name(readings(plain)["model big"], Replace.SAME_READING) == f"{STEM} (model big)"
    assert name(readings(plain)["model big"], Replace.ANY) == STEM
    assert put(spoken_anew(joe, "d"), Replace.SAME_READING).replaced[0].endswith("(read by joe).m4b")


@pytest.mark.parametrize("manifest", [None, "no json", "[]", '{"book": 1}', '{"book": {"source_sha256": [1]}}'])
@pytest.mark.parametrize("suffix", [".m4b", ".manifest.json"])
@pytest.mark.parametrize("replacing", list(Replace))
def test_what_is_not_ours_is_never_replaced(name, plain, tmp_path, suffix, manifest, replacing):
    (tmp_path / f"{STEM}{suffix}").write_bytes(b"mine")
    if manifest is not None:
        (tmp_path / f"{STEM}.manifest.json").write_text(manifest)
    assert name(plain, replacing) == f"{STEM} [abababab]"


def test_files_of_the_same_content_are_ours_without_their_manifest(put, name, plain, tmp_path):
    """Somebody has deleted the manifest. The database knows what was written; nothing is left lying beside the new."""
    files = put(plain).edition.files
    (tmp_path / f"{STEM}.manifest.json").unlink()
    assert name(plain) == f"{STEM} [abababab]", "by the folder alone nobody can tell"
    known = replace(plain, written=frozenset(file.sha256 for file in files))
    assert name(known) == STEM
    assert {path.name for path in map(Path, (file.path for file in put(known).edition.files))} == {
        f"{STEM}.m4b",
        f"{STEM}.manifest.json",
    }
    (tmp_path / f"{STEM}.manifest.json").unlink()
    (tmp_path / f"{STEM}.m4b").write_bytes(b"tagged by its owner")
    assert name(known, Replace.ANY) == f"{STEM} [abababab]"


def test_another_book_of_that_title_keeps_its_name(put, name, plain):
    put(plain)
    assert name(replace(plain, book=replace(BOOK, source_sha256="cd" * 32)), Replace.ANY) == f"{STEM} [cdcdcdcd]"


def test_a_link_that_leads_nowhere_has_its_name(name, plain, tmp_path):
    (tmp_path / f"{STEM}.m4b").symlink_to(tmp_path / "gone")
    assert name(plain) == f"{STEM} [abababab]"


def test_other_files_with_the_books_title_are_nobodys_concern(name, plain, tmp_path):
    (tmp_path / f"{STEM}.epub").touch()
    assert name(plain) == STEM


def test_a_manifest_of_an_older_version_counts(put, name, plain, tmp_path):
    put(plain)
    path = tmp_path / f"{STEM}.manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    (audiobook,) = manifest.pop("files")
    del audiobook["kind"]  # which format 1 did not say, in a section of its own
    manifest |= {"format": 1, "audiobook": audiobook}
    del manifest["model"]["sampling"]["candidates"]  # a setting that it did not have
    path.write_text(json.dumps(manifest))
    assert name(plain) == STEM
    assert name(spoken_anew(plain), Replace.SAME_READING) == STEM


def test_what_an_edition_stepped_aside_for_is_listed(put, plain, tmp_path):
    outputs = find_outputs(KINDS)
    first = put(plain).edition
    assert kept_files(tmp_path, plain, outputs, first.files) == ()
    joe = readings(plain)["read by joe"]
    assert kept_files(tmp_path, joe, outputs, put(joe).edition.files) == (tmp_path / f"{STEM}.m4b",)


def test_a_layout_makes_folders(name, plain):
    def laid_out(book, **values):
        settings = plain.settings.model_copy(update={"name": "{author}/{series}/{title} (read by {voice})"})
        return name(replace(plain, book=replace(BOOK, **book), settings=settings, **values))

    assert laid_out({}) == f"L. Frank Baum, Anon/The Oz Books/{STEM} (read by ann)"
    assert laid_out({"series": ""}) == f"L. Frank Baum, Anon/{STEM} (read by ann)"
    assert laid_out({"authors": ("../..",), "series": "a/../b"}) == f"a .. b/{STEM} (read by ann)"


def test_only_files_that_lie_there_as_they_were_written_are_used_again(put, plain, tmp_path):
    """What is in a file that somebody has changed nobody knows."""
    outputs = find_outputs(KINDS)
    put(plain)
    path = tmp_path / f"{STEM}.m4b"
    ((listed, place),) = published_files(tmp_path, plain, outputs)
    assert (listed.file, place) == (path.name, path)
    assert listed.audio and published_audio(tmp_path, plain, outputs) == {listed.audio: path}
    assert [file.file for file in files_beside(tmp_path, STEM, plain, outputs)] == [path.name]
    assert files_beside(tmp_path, STEM, other_audio(plain), outputs) == ()
    assert files_beside(tmp_path, "Other", plain, outputs) == ()
    path.write_text("tagged by hand")
    assert list(published_files(tmp_path, plain, outputs)) == []
    assert published_audio(tmp_path, plain, outputs) == {}
    assert files_beside(tmp_path, STEM, plain, outputs) == ()


def test_a_file_whose_audio_has_no_key_is_published_and_not_used_again(put, plain, tmp_path):
    put(plain)
    path = tmp_path / f"{STEM}.manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    del manifest["files"][0]["audio"]
    path.write_text(json.dumps(manifest))
    outputs = find_outputs(KINDS)
    assert len(list(published_files(tmp_path, plain, outputs))) == 1
    assert published_audio(tmp_path, plain, outputs) == {}


def test_numbers_go_on_until_one_is_free(put, name, plain, tmp_path):
    put(plain)
    (tmp_path / f"{STEM}.m4b").write_text("tagged by hand")
    (tmp_path / f"{STEM} (2).m4b").write_text("mine")
    assert name(plain) == f"{STEM} (3)"


def test_an_edition_that_somebody_has_changed_is_replaced_where_any_may_be(put, name, plain, tmp_path):
    joe = readings(plain)["read by joe"]
    put(plain)
    put(joe)
    (tmp_path / f"{STEM} (read by joe).m4b").write_text("tagged by hand")
    assert name(spoken_anew(joe, "d"), Replace.ANY) == f"{STEM} (read by joe)"


def test_audio_of_an_earlier_state_of_the_book_file_is_used_again(put, plain, tmp_path):
    put(plain)
    newer = replace(plain, book=replace(BOOK, source_sha256="cd" * 32))
    outputs = find_outputs(KINDS)
    assert len(published_audio(tmp_path, newer, outputs)) == 1
    assert len(list(published_files(tmp_path, newer, outputs))) == 1


def test_a_folder_of_files_is_kept_unless_the_editions_own_files_are_in_it(plain, tmp_path):
    outputs = find_outputs(["flac", "manifest"])
    folder = tmp_path / f"{STEM} (FLAC)"
    folder.mkdir()
    own = [EditionFile("flac", str(folder / "01 One.flac"), "a" * 64, 1)]
    elsewhere = [EditionFile("flac", str(tmp_path / f"{STEM} (2) (FLAC)" / "01 One.flac"), "a" * 64, 1)]
    assert kept_files(tmp_path, plain, outputs, own) == ()
    assert kept_files(tmp_path, plain, outputs, elsewhere) == (folder,)
    folder.rmdir()
    folder.symlink_to(tmp_path / "gone")
    assert kept_files(tmp_path, plain, outputs, elsewhere) == (folder,)


def retitled(content, *titles):
    masters = (replace(master, title=title) for master, title in zip(content.masters, titles, strict=False))
    return replace(content, masters=tuple(masters))


def test_chapters_that_were_renamed_are_the_same_reading_and_other_chapters_are_not(put, name, plain):
    """By the name alone, where the template does not name chapters."""
    plain = replace(plain, settings=plain.settings.model_copy(update={"name": "{title}"}))
    put(plain)
    assert name(retitled(plain, "A", "B", "C")) == STEM
    assert name(retitled(plain, *(f" {master.title} " for master in plain.masters))) == STEM
    part = replace(plain, masters=plain.masters[:1], chapters="1")
    assert name(part) == f"{STEM} (chapters 1)"
    put(part)
    assert name(replace(plain, masters=plain.masters[1:2], chapters="2")) == f"{STEM} (chapters 2)"
    assert (
        name(replace(plain, masters=plain.masters[1:2], chapters="2"), Replace.SAME_READING) == f"{STEM} (chapters 2)"
    )


def test_a_setting_that_no_engine_has_any_more_makes_no_other_reading(put, name, plain, tmp_path):
    put(plain)
    path = tmp_path / f"{STEM}.manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest["model"]["sampling"]["gone since"] = 7
    path.write_text(json.dumps(manifest))
    assert name(plain) == STEM
    manifest["model"]["sampling"]["candidates"] = 98
    path.write_text(json.dumps(manifest))
    assert name(replace(plain, preset="standard")) == f"{STEM} (preset standard)"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("author", "L. Frank Baum, Anon"),
        ("series", "The Oz Books"),
        ("title", "Oz"),
        ("voice", "ann"),
        ("chapters", "1-3"),
        ("language", "en"),
    ],
)
def test_every_field_of_a_template_is_the_books(name, plain, field, value):
    settings = plain.settings.model_copy(update={"name": f"{{title}}, {{{field}}}"})
    made = replace(plain, book=replace(BOOK, title="Oz"), settings=settings, chapters="1-3")
    assert name(made) == f"Oz, {value}"
