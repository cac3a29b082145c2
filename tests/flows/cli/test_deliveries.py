"""What `talepress check` and `publish` print of the files for shops."""

from dataclasses import replace
from pathlib import Path

from flows.cli.check import show_deliveries
from tasks.delivery.rules import Delivery, Finding


def test_each_shop_has_its_own_sentence(capsys):
    passed = Finding("rms_dbfs", "RMS", "-20 dBFS", "-23 to -18 dBFS", passed=True)
    files = [Delivery(Path("a.mp3"), "ACX", (passed,)), Delivery(Path("b.mp3"), "podcasts", (passed,))]
    show_deliveries([*files, Delivery(Path("c.mp3"), "podcasts", (replace(passed, passed=False),))])
    printed = capsys.readouterr().out
    assert "limits of podcasts" in printed
    assert "1 of 1 files meet the technical numbers of ACX." in printed
    assert "1 of 2 files meet the technical numbers of podcasts." in printed
