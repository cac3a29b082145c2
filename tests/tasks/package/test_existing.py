"""What lies in a folder already: what of it is outdated, what strangers' manifests can do."""

import hashlib
import json
import tracemalloc

import pytest

from tasks.package.existing import file_sha256, find_editions, outdated_files, placing_mark, read_manifest
from tasks.package.outputs import OUTPUTS

OWN = "ab" * 32


def write_manifest(folder, *files, book=OWN):
    rows = [{"kind": "flac", "file": name} for name in files]
    (folder / "Oz.manifest.json").write_text(json.dumps({"book": {"source_sha256": book}, "files": rows}))


def test_files_of_an_older_edition_that_the_new_one_does_not_have(tmp_path):
    folder = tmp_path / "Oz (FLAC)"
    folder.mkdir()
    for name in ("01 One.flac", "02 Two.flac", "03 Three.flac", "notes.txt"):
        (folder / name).touch()
    listed = [f"Oz (FLAC)/0{number} {title}.flac" for number, title in ((1, "One"), (2, "Two"), (4, "Gone"))]
    write_manifest(tmp_path, *listed)
    assert outdated_files(tmp_path, "Oz", OUTPUTS, {"Oz (FLAC)/01 One.flac"}) == [folder / "02 Two.flac"]
    without_flac = [output for output in OUTPUTS if output.kind != "flac"]
    assert outdated_files(tmp_path, "Oz", without_flac, set()) == []


def test_a_strangers_manifest_leads_to_no_files_outside_the_edition(tmp_path):
    folder = tmp_path / "out"
    (folder / "Oz (FLAC)").mkdir(parents=True)
    (folder / "Oz (FLAC) more").mkdir()
    victims = [tmp_path / "secret.flac", folder / "Other.flac", folder / "Oz (FLAC) more" / "x.flac"]
    for victim in victims:
        victim.touch()
    (folder / "Oz (FLAC)" / "link.flac").symlink_to(victims[0])
    write_manifest(
        folder,
        str(victims[0]),
        "../secret.flac",
        "Oz (FLAC)/../../secret.flac",
        "Oz (FLAC)/link.flac",
        "Other.flac",
        "Oz (FLAC) more/x.flac",
        "Oz (FLAC)/\0.flac",
        "Oz (FLAC)/\ud800.flac",
    )
    assert outdated_files(folder, "Oz", OUTPUTS, set()) == []
    odd = [json.dumps(it) for it in ({"files": 1}, {"files": [1]}, {"files": [{"kind": [], "file": "x"}]}, [], 7)]
    for text in (*odd, "[" * 100_000, '{"book": {"source_sha256": ' + "1" * 5000 + "}}", "\xff", ""):
        (folder / "Oz.manifest.json").write_text(text, "latin-1")
        assert outdated_files(folder, "Oz", OUTPUTS, set()) == []


def test_of_a_file_that_somebody_has_moved_and_linked_the_link_is_the_editions(tmp_path):
    """What is outdated is deleted: the link, never what lies on somebody's other disk."""
    folder = tmp_path / "out"
    folder.mkdir()
    (tmp_path / "elsewhere.m4b").touch()
    (folder / "Oz.m4b").symlink_to(tmp_path / "elsewhere.m4b")
    rows = [{"kind": "m4b", "file": "Oz.m4b"}]
    (folder / "Oz.manifest.json").write_text(json.dumps({"book": {"source_sha256": OWN}, "files": rows}))
    assert outdated_files(folder, "Oz", OUTPUTS, set()) == [folder / "Oz.m4b"]


def test_the_words_of_a_long_book_are_not_held_when_its_manifest_is_read(tmp_path):
    word = {"start": 1000, "end": 1007, "start_sample": 1_000_000, "end_sample": 1_009_000, "estimated": False}
    spoken = {"text": "Words.", "spoken": "words.", "take": "t", "words": [word] * 50}
    chapter = {"title": "One", "utterances": [spoken] * 1000}
    path = tmp_path / "Oz.manifest.json"
    path.write_text(json.dumps({"book": {"source_sha256": OWN}, "chapters": [chapter]}))
    tracemalloc.start()
    listed = read_manifest(tmp_path, "Oz")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert listed.takes == ["t"] * 1000
    assert most < 3 * path.stat().st_size  # the bytes and the text of them; values would take five times as much


def write_edition(folder, stem="Oz", book=OWN, **changes):
    """A manifest, and the audiobook that it lists."""
    (folder / f"{stem}.m4b").write_text("audio")
    file = {"kind": "m4b", "file": f"{stem}.m4b", "sha256": hashlib.sha256(b"audio").hexdigest()}
    content = {"book": {"source_sha256": book}, "files": [file], **changes}
    (folder / f"{stem}.manifest.json").write_text(json.dumps(content))
    return folder / f"{stem}.m4b"


def found(folder, stem="Oz", book=OWN):
    return find_editions(folder, stem, book)


def test_the_editions_of_a_book_are_found_by_name_its_own_first(tmp_path):
    for stem in ("Oz (read by joe)", "Oz", "Oz (2)", "Land of Oz", "Oz [x]"):
        write_edition(tmp_path, stem)
    write_edition(tmp_path, "Oz more", "cd" * 32)
    (tmp_path / "Oz none.manifest.json").write_text("no manifest")
    (tmp_path / "Oz.txt").touch()
    assert list(found(tmp_path)) == ["Oz", "Oz (2)", "Oz (read by joe)", "Oz [x]"]
    assert list(found(tmp_path, book="")) == ["Oz", "Oz (2)", "Oz (read by joe)", "Oz [x]", "Oz more"]
    assert list(found(tmp_path, "Oz [x]")) == ["Oz [x]"]  # a name is no pattern
    assert list(found(tmp_path, book="ef" * 32)) == []
    one = found(tmp_path)["Oz (2)"]
    assert (one.folder, one.stem, one.listed.book.source_sha256) == (tmp_path, "Oz (2)", OWN)


def test_an_edition_is_changed_where_a_file_has_other_bytes_and_not_where_one_is_gone(tmp_path):
    path = write_edition(tmp_path)
    assert not found(tmp_path)["Oz"].is_changed(OUTPUTS)
    path.write_text("tagged")
    edition = found(tmp_path)["Oz"]
    assert edition.is_changed(OUTPUTS)
    assert not edition.is_changed([output for output in OUTPUTS if output.kind != "m4b"])
    placing_mark(tmp_path, "Oz").touch()
    assert not edition.is_changed(OUTPUTS)  # a run was killed while it put its files in place
    placing_mark(tmp_path, "Oz").unlink()
    path.unlink()
    assert not edition.is_changed(OUTPUTS)


def test_an_edition_without_digests_is_not_called_changed(tmp_path):
    write_edition(tmp_path, files=[{"kind": "m4b", "file": "Oz.m4b"}])
    assert not found(tmp_path)["Oz"].is_changed(OUTPUTS)


@pytest.mark.parametrize("form", [1, 2])
def test_an_edition_is_gone_where_none_of_its_files_lies_there(tmp_path, form):
    file = {"file": "Oz.m4b", "sha256": "a" * 64}
    listed = {"files": [], "audiobook": file} if form == 1 else {"files": [{**file, "kind": "m4b"}]}
    path = write_edition(tmp_path, **listed)
    assert not found(tmp_path)["Oz"].is_gone(OUTPUTS)
    ((listed_file, place),) = found(tmp_path)["Oz"].files(OUTPUTS)
    assert (listed_file.kind, listed_file.sha256, place) == ("m4b", "a" * 64, path)
    path.unlink()
    assert found(tmp_path)["Oz"].is_gone(OUTPUTS)


def test_an_edition_that_lists_nothing_is_not_gone(tmp_path):
    write_edition(tmp_path, files=[])
    assert not found(tmp_path)["Oz"].is_gone(OUTPUTS)


def test_what_a_manifest_leaves_out_is_nothing(tmp_path):
    assert read_manifest(tmp_path, "Oz") is None
    write_edition(tmp_path, files=[{"file": "Oz.m4b", "chapters": [{"position": 3, "add": 4}]}])
    listed = read_manifest(tmp_path, "Oz")
    (file,) = listed.files
    (held,) = file.chapters
    assert (file.kind, file.sha256, file.bytes, file.audio, file.samples) == ("m4b", "", 0, "", 0)
    assert (held.position, held.add, held.first, held.end) == (3, 4, 0, None)
    assert (listed.voice.name, listed.model.digest, listed.model.sampling, listed.chapters) == ("", "", {}, [])


def test_of_an_utterance_the_take_alone_is_kept(tmp_path):
    spoken = [{"spoken": "a", "take": "one", "words": 1}, {"spoken": "b"}]
    write_edition(tmp_path, chapters=[{"title": "I", "master_sha256": "m", "utterances": spoken}])
    listed = read_manifest(tmp_path, "Oz")
    assert listed.takes == ["one", ""]
    assert (listed.chapters[0].title, listed.chapters[0].master_sha256) == ("I", "m")


def test_the_mark_of_placing_is_hidden_and_a_digest_is_that_of_all_bytes(tmp_path):
    assert placing_mark(tmp_path, "Oz") == tmp_path / ".Oz.placing"
    (tmp_path / "a").write_bytes(b"bytes")
    assert file_sha256(tmp_path / "a") == hashlib.sha256(b"bytes").hexdigest()
