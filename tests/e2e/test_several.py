"""Several books in one command: one server, one that fails does not stop the others, and the worst is the exit code."""

import json

import pytest

from tests.flows.samples import BOOK

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]
DRAGONS_FAIL = {
    "TALEPRESS_SYNTHESIZE__MODEL": json.dumps({"faults": [{"kind": "transient", "text": "dragon"}]}),
    "TALEPRESS_EXECUTION__TASK_RETRIES": "0",
}


def test_several_books(talepress):
    other = BOOK.replace("The Small Book", "Another Book").replace("dragon", "lizard")
    (talepress.folder / "other.md").write_text(other, "utf-8")
    (talepress.folder / "again.md").write_text(other, "utf-8")
    (talepress.folder / "bad.epub").write_bytes(b"no EPUB")
    del talepress.environment["PREFECT_API_URL"]
    ended = talepress(
        *("make", "book.md", "bad.epub", "other.md", "-", "again.md", "--json", "--progress", "json"),
        stdin=other.replace("Another Book", "A Third Book"),
        TALEPRESS_EXECUTION__SERVER_START_TIMEOUT_S="800",
        **DRAGONS_FAIL,
    )
    assert ended.code == 3, ended.err
    books = {book["book"].rsplit("/", 1)[-1]: book for book in ended.json["books"]}
    assert {name: book["exit_code"] for name, book in books.items()} == {
        "book.md": 3,
        "bad.epub": 2,
        "other.md": 0,
        "-": 0,
    }
    assert ended.json["exit_code"] == 3
    assert "bad.epub is not an EPUB" in books["bad.epub"]["error"]
    assert books["-"]["report"]["title"] == "A Third Book"
    assert books["other.md"]["report"]["rendered"] == 10
    assert sorted(path.name for path in (talepress.folder / "audiobooks").glob("*.m4b")) == [
        "A Third Book.m4b",
        "Another Book.m4b",
    ]

    events = [json.loads(line) for line in ended.err.splitlines()]  # every line is one
    texts = [event["text"] for event in events if event["event"] == "note"]
    assert texts.count("starting Prefect ...") == 1
    begun = texts.index("starting Prefect ...")
    assert any("bad.epub is not an EPUB" in text for text in texts[:begun])  # told before anything is begun
    assert any("again.md is the same book as" in text for text in texts[:begun])
    assert [event["number"] for event in events if event["event"] == "book"] == [1, 2, 3]
    assert [event["exit_code"] for event in events if event["event"] == "end"] == [3, 0, 0]

    # Later, without the fault: what is finished stays, the table has a line for each book, retry takes several too.
    ended = talepress("make", ".", "other.md", "book.md")
    assert ended.code == 2, ended.err
    assert ended.out.splitlines()[-3:] == [
        "bad.epub: bad.epub is not an EPUB, or is damaged: File is not a zip file",
        f"Another Book: {talepress.folder / 'audiobooks' / 'Another Book.m4b'}",
        f"The Small Book: {talepress.folder / 'audiobooks' / 'The Small Book.m4b'}",
    ]
    assert "done before" in ended.out
    ended = talepress("retry", "other.md", "book.md", "--json")
    assert [book["report"]["rendered"] for book in ended.json["books"]] == [0, 0]
    assert "Prefect" not in ended.err
