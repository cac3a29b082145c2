"""What `talepress check` and `publish` print of the files for shops."""

from dataclasses import replace
from pathlib import Path

import pytest
from mutagen.id3 import TALB, TIT2, TPE1
from mutagen.wave import WAVE

from flows.cli.check import show_deliveries
from tasks.delivery.rules import Delivery, Finding
from tests.tasks.delivery.test_audiobookshelf import Server
from tests.tasks.delivery.test_audiobookshelf import folder as _folder
from tests.tasks.delivery.test_audiobookshelf import server as _server
from tests.tasks.delivery.test_delivery import write

folder = _folder
server = _server

PASSED = Finding("rms_dbfs", "RMS", "-20 dBFS", "-23 to -18 dBFS", passed=True)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("passed", "code"), [((True,), 0), ((True, True), 0), ((False, True), 3), ((True, False), 3), ((False, False), 3)]
)
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_check_fails_where_one_file_fails(talepress, monkeypatch, tmp_path, passed, code, form):
    files = [tmp_path / f"{number}.mp3" for number in range(len(passed))]
    for file in files:
        file.touch()
    judged = tuple(
        Delivery(file, "ACX", (PASSED, replace(PASSED, passed=well))) for file, well in zip(files, passed, strict=True)
    )
    monkeypatch.setattr("tasks.delivery.check.check_files", lambda paths, shop, ffmpeg: judged)
    assert talepress("check", *files, "--for", "acx", *form).code == code


def test_each_shop_has_its_own_sentence(capsys):
    files = [Delivery(Path("a.mp3"), "ACX", (PASSED,)), Delivery(Path("b.mp3"), "podcasts", (PASSED,))]
    show_deliveries([*files, Delivery(Path("c.mp3"), "podcasts", (replace(PASSED, passed=False),))])
    printed = capsys.readouterr().out
    assert "limits of podcasts" in printed
    assert "1 of 1 files meet the technical numbers of ACX." in printed
    assert "1 of 2 files meet the technical numbers of podcasts." in printed


def test_anybodys_files_are_held_to_a_shops_numbers(talepress, home, tmp_path):
    path = write(tmp_path / "01 One.wav")
    file = WAVE(path)
    file.add_tags()
    for frame in (TIT2, TALB, TPE1):
        file.tags.add(frame(text=["Oz"]))
    file.save()
    passed = talepress("check", path, "--for", "google")
    assert (passed.code, passed.err) == (0, "")
    assert "1 of 1 files meet the technical numbers of Google Play Books." in passed.out
    failed = talepress("check", path, "--for", "acx", "--json")
    assert failed.code == 3
    (delivery,) = failed.json["files"]
    assert [one["rule"] for one in delivery["findings"] if not one["passed"]] == ["format", "bitrate_mode"]


def test_a_book_is_sent_to_a_server(talepress, home, server, folder):
    sent = talepress("push", folder, "--server", server, "--json")
    assert (sent.code, sent.json) == (0, {"server": server, "library": "Books", "folder": str(folder)})
    assert [path for path, _ in Server.received] == ["/api/upload"]
