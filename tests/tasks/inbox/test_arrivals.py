"""Which files are taken for whole, by their names, sizes and times."""

import os

import pytest

from tasks.inbox.arrivals import Sight, arrivals, look

NOW = 1_000_000.0
OLD = Sight(10, NOW - 60)
FRESH = Sight(10, NOW - 5)


def ready(tmp_path, seen, before=None):
    return [path.name for path in arrivals(tmp_path, seen, seen if before is None else before, NOW, 30.0)]


def test_a_file_is_whole_when_it_was_left_alone_for_a_while_and_in_two_looks(tmp_path):
    assert ready(tmp_path, {"a.epub": OLD}) == ["a.epub"]
    assert ready(tmp_path, {"a.epub": OLD}, before={}) == []
    assert ready(tmp_path, {"a.epub": OLD}, before={"a.epub": Sight(9, OLD.changed)}) == []
    assert ready(tmp_path, {"a.epub": FRESH}) == []


def test_a_file_with_a_ready_mark_is_whole_at_once(tmp_path):
    assert ready(tmp_path, {"a.epub": FRESH, "a.epub.ready": FRESH}, before={}) == ["a.epub"]


def test_a_book_waits_for_its_order(tmp_path):
    assert ready(tmp_path, {"a.epub": OLD, "a.toml": FRESH}) == []
    assert ready(tmp_path, {"a.epub": OLD, "a.toml": OLD}) == ["a.epub"]
    assert ready(tmp_path, {"a.toml": OLD}) == []


def test_books_come_in_the_order_in_which_they_were_dropped(tmp_path):
    seen = {"a.epub": Sight(1, NOW - 50), "b.epub": Sight(1, NOW - 70), "c.epub": Sight(1, NOW - 60)}
    assert ready(tmp_path, seen) == ["b.epub", "c.epub", "a.epub"]


@pytest.mark.parametrize("name", [".hidden.epub", "~lock.docx", "a.epub.part", "a.epub.CRDOWNLOAD", "defaults.toml"])
def test_what_programs_write_is_not_looked_at(tmp_path, name):
    (tmp_path / name).write_text("x")
    assert look(tmp_path) == {}


def test_folders_are_left_alone_and_links_and_any_name_are_seen(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.epub").symlink_to("/nowhere")
    (tmp_path / os.fsdecode(b"caf\xe9.epub")).write_bytes(b"abc")
    seen = look(tmp_path)
    assert set(seen) == {"link.epub", os.fsdecode(b"caf\xe9.epub")}
    assert seen[os.fsdecode(b"caf\xe9.epub")].size == 3
