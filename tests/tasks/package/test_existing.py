"""What lies in a folder already: what of it is outdated, what strangers' manifests can do."""

import json

from tasks.package.existing import outdated_files
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
    )
    assert outdated_files(folder, "Oz", OUTPUTS, set()) == []
    for odd in ({"files": 1}, {"files": [1]}, {"files": [{"kind": [], "file": "x"}]}, [], 7):
        (folder / "Oz.manifest.json").write_text(json.dumps(odd))
        assert outdated_files(folder, "Oz", OUTPUTS, set()) == []
