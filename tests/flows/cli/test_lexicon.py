"""`talepress lexicon`: which lexicons hold without being named, and where one is put."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from flows.order import manuscript

WORDS = SimpleNamespace(source="words.toml", scope=SimpleNamespace(name="BOOK"), subject="Oz", entries=(1, 2))


@pytest.mark.usefixtures("home")
def test_lexicons_of_the_library_are_listed_with_what_they_are_for(talepress, monkeypatch):
    monkeypatch.setattr(manuscript, "lexicons", lambda settings: (WORDS,))
    row = {"name": "words.toml", "scope": "book", "for": "Oz", "entries": 2}
    assert talepress("lexicon", "list", "--json").json == {"lexicons": [row]}
    table = talepress("lexicon", "list").out
    assert all(str(value) in table for value in row.values())


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ("global", "", False)),
        (["--scope", "book", "--for", "Oz"], ("book", "Oz", False)),
        (["--force"], ("global", "", True)),
    ],
)
def test_a_lexicon_is_put_where_it_is_said_and_replaces_one_by_force_alone(talepress, monkeypatch, options, expected):
    asked = []

    def put(settings, file, scope, subject, *, replace):
        asked.append((file, (scope, subject, replace)))
        return Path("/lexicons/words.toml"), 1

    monkeypatch.setattr(manuscript, "import_into_library", put)
    ended = talepress("lexicon", "import", "words.pls", *options)
    assert (ended.out, ended.err) == ("", "imported 1 entry into /lexicons/words.toml\n")
    assert asked == [(Path("words.pls"), expected)]
