"""`talepress worst`: how many takes of which book are listed, and how."""

from pathlib import Path

import pytest

from flows.actions import worst
from flows.actions.worst import BadlyHeard

HEARD = (
    BadlyHeard("1:2", "One", "The lamps were lit.", 0.256, ("may have dropped 'lamps'", "too long"), "k1"),
    BadlyHeard("3:4", "Three", "He came.", 1.0, (), "k2"),
)


@pytest.mark.parametrize(("options", "count"), [([], 20), (["-n", "2"], 2), (["--count", "3"], 3)])
def test_the_worst_are_listed_with_their_places(home, book, talepress, monkeypatch, options, count):
    asked = []
    monkeypatch.setattr(worst, "worst_heard", lambda services, file, count: asked.append((file, count)) or HEARD)
    monkeypatch.setenv("COLUMNS", "160")
    ended = talepress("worst", book, *options)
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in ended.out.splitlines() if "│" in line]
    assert rows == [
        ["1:2", "0.26", "may have dropped 'lamps'; too long", "The lamps were lit."],
        ["3:4", "1.00", "nothing wrong", "He came."],
    ]
    assert "talepress retry BOOK --only PLACE" in ended.out
    takes = talepress("worst", book, *options, "--json").json["takes"]
    assert [take["take"] for take in takes] == ["k1", "k2"]
    assert asked == [(Path(book), count)] * 2
