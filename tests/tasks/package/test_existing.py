"""What lies in a folder already: what of it is outdated, what strangers' manifests can do."""

import json
import tracemalloc

from tasks.package.existing import outdated_files, read_manifest
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
