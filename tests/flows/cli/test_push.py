"""`talepress push`: which book goes into which library of which server. How it is sent: `tests/tasks/delivery`."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from tasks.delivery import audiobookshelf


@pytest.mark.parametrize(("options", "library"), [([], ""), (["--library", "Books"], "Books")])
def test_a_book_goes_where_it_is_said(home, talepress, monkeypatch, options, library):
    asked = []
    monkeypatch.setattr(
        audiobookshelf, "push_book", lambda *named: asked.append(named) or SimpleNamespace(name="My Books")
    )
    arguments = ["push", "library/Oz", "--server", "https://b", *options]
    ended = talepress(*arguments)
    assert (ended.code, ended.out, ended.err) == (0, "", "Oz is in the library 'My Books' of https://b\n")
    assert asked == [(Path("library/Oz"), "https://b", library)]
    assert talepress(*arguments, "--json").json == {
        "server": "https://b",
        "library": "My Books",
        "folder": "library/Oz",
    }
