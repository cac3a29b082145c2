"""What `talepress check` and `publish` print of the files for shops."""

from dataclasses import replace
from pathlib import Path

import pytest

from flows.cli.check import show_deliveries
from tasks.delivery.rules import Delivery, Finding

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
