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


@pytest.mark.parametrize(("age_s", "whole"), [(30.0, True), (29.9, False), (-5.0, False)])
def test_how_long_a_file_must_have_been_left_alone(tmp_path, age_s, whole):
    seen = {"a.epub": Sight(10, NOW - age_s)}
    assert ready(tmp_path, seen) == (["a.epub"] if whole else [])
    changed = {"a.epub": Sight(10, NOW - age_s - 1)}
    assert ready(tmp_path, seen, before=changed) == []


def test_a_book_with_a_mark_waits_for_no_order_and_a_mark_of_another_is_none(tmp_path):
    assert ready(tmp_path, {"a.epub": FRESH, "a.toml": FRESH, "a.epub.ready": FRESH}) == ["a.epub"]
    assert ready(tmp_path, {"a.epub": FRESH, "a.ready": FRESH, "b.epub.ready": OLD}) == []
    assert ready(tmp_path, {"a.epub": OLD, "b.epub.ready": OLD, "a.toml": OLD}, before={"a.epub": OLD}) == []


def test_of_books_that_came_at_once_names_decide(tmp_path):
    assert ready(tmp_path, {"b.epub": OLD, "a.epub": OLD, "c.epub": OLD}) == ["a.epub", "b.epub", "c.epub"]
    assert list(arrivals(tmp_path, {"a.epub": OLD}, {"a.epub": OLD}, NOW, 30.0)) == [tmp_path / "a.epub"]


@pytest.mark.parametrize("suffix", [".part", ".partial", ".filepart", ".tmp", ".crdownload", ".download"])
def test_what_is_still_downloaded_is_not_looked_at(tmp_path, suffix):
    (tmp_path / f"a.epub{suffix}").write_text("x")
    (tmp_path / f"a{suffix}.epub").write_text("x")
    assert list(look(tmp_path)) == [f"a{suffix}.epub"]


def test_a_file_that_was_copied_with_its_old_date_is_young(tmp_path):
    """Programs that copy keep dates; the file system knows when the file came."""
    (tmp_path / "a.epub").write_text("x")
    os.utime(tmp_path / "a.epub", (1, 1))
    assert look(tmp_path)["a.epub"].changed == (tmp_path / "a.epub").stat().st_ctime
    os.utime(tmp_path / "a.epub", (4e9, 4e9))
    assert look(tmp_path)["a.epub"].changed == 4e9
