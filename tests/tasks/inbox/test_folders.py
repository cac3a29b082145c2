"""The moves of files, each cut short after any step and done again."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from tasks.errors import BadInputError, OutputError
from tasks.inbox.arrivals import Sight
from tasks.inbox.folders import InboxFolders, book_in, order_in

DIGEST = "0123456789abcdef" * 4


def drop(folders, name, text="book", order=None):
    path = folders.inbox / name
    path.write_text(text)
    if order is not None:
        (folders.inbox / f"{path.stem}.toml").write_text(order)
    return path


def taken(folders, name="a.epub", order=None):
    folders.take(drop(folders, name, order=order))
    (folder,) = folders.taken()
    assert folders.call(folder, DIGEST)
    return folders.of(DIGEST)


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_book_is_taken_with_its_order_and_its_mark(folders):
    drop(folders, "a.epub.ready")
    folder = taken(folders, order='voice = "joe"')
    assert book_in(folder).read_text() == "book"
    assert order_in(folder).read_text() == 'voice = "joe"'
    assert [path.name for path in folders.inbox.iterdir() if path.is_file()] == []


def test_taking_that_was_cut_short_is_finished(folders):
    book = drop(folders, "a.epub", order="")
    (folders.work / "new-empty").mkdir()
    folders.take(book)  # and nothing more: the order still lies in the inbox
    (folder,) = folders.taken()
    assert order_in(folder) is not None
    assert [path.name for path in folders.work.iterdir()] == [folder.name]


def test_a_book_that_is_gone_is_left_alone(folders):
    folders.take(folders.inbox / "gone.epub")
    assert list(folders.taken()) == []


def test_the_same_content_is_in_work_once(folders):
    taken(folders)
    folders.take(drop(folders, "b.epub"))
    (folder,) = folders.taken()
    assert not folders.call(folder, DIGEST)
    folders.put_away(folder, "the same as a.epub")
    assert files(folders.done) == {"b.epub": "book", "b.epub.txt": "the same as a.epub\n"}


def test_delivery_ends_with_the_marker_and_may_be_repeated_after_any_step(folders):
    folder = taken(folders, order="")
    out = folders.out(DIGEST)
    out.mkdir()
    (out / "Title.m4b").write_text("audio")
    place = folders.place_for("Ann Author", "A: Title?", DIGEST)
    assert place == folders.outbox / "Ann Author" / "A Title"
    folders.deliver(DIGEST, place)
    folders.deliver(DIGEST, place)
    assert files(folders.outbox) == {"Ann Author/A Title/Title.m4b": "audio", "Ann Author/A Title/done": f"{DIGEST}\n"}
    assert sorted(files(folders.done)) == ["a.epub", "a.toml"]
    assert not folder.exists()


@pytest.mark.parametrize("cut", [None, "copy", "rename"])
def test_delivery_to_another_disk_is_seen_whole_or_not_at_all(folders, monkeypatch, cut):
    taken(folders)
    out = folders.out(DIGEST)
    out.mkdir()
    (out / "T.m4b").write_text("audio")
    (out / "T.json").write_text("manifest")
    place = folders.place_for("A", "T", DIGEST)
    rename = Path.rename
    copy = shutil.copytree
    armed = [cut]

    def between_disks(path, target):
        if path == out:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        if armed == ["rename"] and path.parent == place.parent:
            armed.clear()
            raise KeyboardInterrupt
        return rename(path, target)

    def slowly(source, target):
        Path(target).mkdir()
        (Path(target) / "T.json").write_text("man")
        assert not place.exists()
        if armed == ["copy"]:
            armed.clear()
            raise KeyboardInterrupt
        shutil.rmtree(target)
        return copy(source, target)

    monkeypatch.setattr(Path, "rename", between_disks)
    monkeypatch.setattr(shutil, "copytree", slowly)
    if cut:
        with pytest.raises(KeyboardInterrupt):
            folders.deliver(DIGEST, place)
        assert not place.exists()
        assert sorted(path.name for path in out.iterdir()) == ["T.json", "T.m4b"]
    folders.deliver(DIGEST, place)
    assert files(folders.outbox) == {"A/T/T.json": "manifest", "A/T/T.m4b": "audio", "A/T/done": f"{DIGEST}\n"}
    assert sorted(files(folders.done)) == ["a.epub"]


def test_delivery_goes_on_where_only_the_folder_was_moved(folders):
    taken(folders)
    place = folders.place_for("A", "T", DIGEST)
    place.mkdir(parents=True)
    (place / "T.m4b").write_text("audio")
    folders.deliver(DIGEST, place)
    assert sorted(files(place)) == ["T.m4b", "done"]
    assert sorted(files(folders.done)) == ["a.epub"]


def test_an_audiobook_that_was_fetched_already_is_not_missed(folders):
    taken(folders)
    folders.deliver(DIGEST, folders.place_for("A", "T", DIGEST))
    assert files(folders.outbox) == {}
    assert sorted(files(folders.done)) == ["a.epub"]


def test_another_book_of_the_same_title_has_a_place_of_its_own(folders):
    folders.place_for("A", "T", DIGEST).mkdir(parents=True)
    second = folders.place_for("A", "T", DIGEST)
    second.mkdir()
    assert second.name == f"T ({DIGEST[:8]})"
    assert folders.place_for("A", "T", DIGEST).name == f"T ({DIGEST[:8]} 2)"
    assert folders.place_for("", "../../T", DIGEST).parent == folders.outbox / "Unknown author"


def test_a_rejected_book_lies_with_its_reason_and_rejecting_again_does_nothing(folders):
    folder = taken(folders, order="x")
    folders.reject(folder, "it is no book")
    folders.reject(folder, "it is no book")
    found = files(folders.failed)
    assert sorted(found) == ["a.epub/a.epub", "a.epub/a.toml", "a.epub/reason.txt"]
    assert found["a.epub/reason.txt"].startswith("it is no book\n")
    assert "`talepress inbox retry a.epub`" in found["a.epub/reason.txt"]


def test_a_rejected_book_is_put_back_with_its_order(folders):
    folders.reject(taken(folders, order="x"), "it is no book")
    assert folders.put_back("a.epub") == "a.epub"
    assert files(folders.inbox) == {"a.epub": "book", "a.toml": "x", "a.epub.ready": ""}
    assert not list(folders.failed.iterdir())


def test_a_book_is_never_in_the_inbox_without_its_order(folders, monkeypatch):
    folders.reject(taken(folders, order="x"), "it is no book")
    rename = Path.rename
    moved = []

    def seen_in_between(path, target):
        moved.append(path.name)
        rename(path, target)
        lying = {path.name for path in folders.inbox.iterdir() if path.is_file()}
        assert "a.epub" not in lying or "a.toml" in lying

    monkeypatch.setattr(Path, "rename", seen_in_between)
    folders.put_back("a.epub")
    assert sorted(moved) == ["a.epub", "a.toml"]


def test_a_book_is_not_put_back_over_another_nor_from_elsewhere(folders):
    folders.reject(taken(folders, order="x"), "it is no book")
    drop(folders, "a.epub", "newer")
    with pytest.raises(BadInputError, match=r"has a file a\.epub already"):
        folders.put_back("a.epub")
    with pytest.raises(BadInputError, match=r"no folder '\.\./done' .* there are: a\.epub"):
        folders.put_back("../done")
    assert "a.epub/a.toml" in files(folders.failed)
    (folders.failed / "a.epub" / "a.epub").unlink()
    with pytest.raises(BadInputError, match="holds 0 books"):
        folders.put_back("a.epub")


def test_no_name_of_a_book_hides_it_or_costs_what_belongs_to_others(folders):
    drop(folders, "defaults.toml", "preset = 'fast'")
    names = ["out", "defaults.epub", "x" * 251, f"{'y' * 246}.epub"]  # the last two leave no room for .ready or .toml
    for name in names:
        folders.take(drop(folders, name))
    (folders.inbox / f"{'y' * 246}.toml").write_text("")  # nor does its order for another suffix
    assert sorted(book_in(folder).name for folder in folders.taken()) == sorted(names)
    assert [path.name for path in folders.inbox.iterdir() if path.is_file()] == ["defaults.toml"]


def test_a_note_never_takes_the_place_of_a_book(folders):
    folders.reject(taken(folders, "reason.txt", order="x"), "it is no book")
    found = files(folders.failed)
    assert found["reason.txt/reason (2).txt"] == "book"
    assert found["reason.txt/reason.txt"].startswith("it is no book\n")
    assert folders.put_back("reason.txt") == "reason (2).txt"
    assert files(folders.inbox) == {"reason (2).txt": "book", "reason (2).toml": "x", "reason (2).txt.ready": ""}
    (folders.inbox / "reason (2).txt.ready").unlink()
    (folders.done / "a.epub.txt").write_text("a book as well")
    folders.put_away(taken(folders), "the same as b.epub")
    assert files(folders.done)["a.epub.txt"] == "a book as well"


def test_files_of_one_name_do_not_replace_each_other(folders):
    for number in range(2):
        folder = taken(folders)
        (folder / "a.epub").write_text(f"book {number}")
        folders.put_away(folder)
    assert files(folders.done) == {"a.epub": "book 0", "a (2).epub": "book 1"}


def test_what_was_seen_is_remembered_whatever_the_names(folders):
    seen = {"caf\udce9.epub": Sight(1, 2.5), "a\nb.epub": Sight(3, 4.0)}
    folders.note_seen(seen)
    assert folders.seen_before() == seen
    with pytest.MonkeyPatch.context() as cut_short, pytest.raises(KeyboardInterrupt):
        cut_short.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        folders.note_seen({})
    assert folders.seen_before() == seen
    for noted in ("[1", "[1]", "3", '{"a": 3}', '{"a": {"size": 1}}', '{"a": {"size": 1, "changed": 2, "x": 3}}'):
        (folders.work / "seen.json").write_text(noted)
        assert folders.seen_before() == {}, noted


def test_a_book_leaves_its_work_after_its_note_and_before_its_order(folders, monkeypatch):
    """What is left in work after a kill is put away by the next look: the order is found beside the book or alone."""
    folder = taken(folders, order="x")
    order = order_in(folder).name
    moves = []
    rename = Path.rename
    monkeypatch.setattr(Path, "rename", lambda path, target: moves.append(path.name) or rename(path, target))
    folders.put_away(folder, "a note")
    assert moves == ["a.epub", order]
    assert files(folders.done) == {"a.epub": "book", "a.toml": "x", "a.epub.txt": "a note\n"}
    folders.put_away(folder, "again")
    assert sorted(files(folders.done)) == ["a.epub", "a.epub.txt", "a.toml"]


def test_the_reason_lies_there_before_the_book(folders, monkeypatch):
    folder = taken(folders, order="x")
    rename = Path.rename

    def looked_at(path, target):
        assert (folders.failed / "a.epub" / "reason.txt").is_file()
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", looked_at)
    folders.reject(folder, "why")
    assert not folder.exists()


def test_a_marker_is_written_where_the_audiobook_lies_already_and_the_book_goes_last(folders, monkeypatch):
    folder = taken(folders)
    folders.out(DIGEST).mkdir()
    (folders.out(DIGEST) / "T.m4b").write_text("audio")
    place = folders.place_for("A", "T", DIGEST)
    published = []

    def cut_short(temporary, final):
        assert temporary.parent == place, "left by a kill, it would lie among other books"
        published.append((final.name, (place / "T.m4b").is_file(), book_in(folder) is not None))
        raise KeyboardInterrupt

    monkeypatch.setattr("tasks.inbox.folders.publish", cut_short)
    with pytest.raises(KeyboardInterrupt):
        folders.deliver(DIGEST, place)
    assert published == [("done", True, True)]
    monkeypatch.undo()
    folders.deliver(DIGEST, place)
    assert files(folders.outbox) == {"A/T/T.m4b": "audio", "A/T/done": f"{DIGEST}\n"}
    assert book_in(folders.done).read_text() == "book"


def test_books_are_taken_in_the_order_in_which_they_were_written(folders):
    for name, changed in (("b.epub", 300), ("a.epub", 100), ("c.epub", 200)):
        os.utime(drop(folders, name), (changed, changed))
        folders.take(folders.inbox / name)
    assert [book_in(folder).name for folder in folders.taken()] == ["a.epub", "c.epub", "b.epub"]


@pytest.mark.parametrize("name", ["", ".", "..", "a.epub/", "a.epub/.", "/etc", "gone"])
def test_a_name_that_leads_elsewhere_is_not_put_back(folders, name):
    folders.reject(taken(folders), "why")
    with pytest.raises(BadInputError, match=r"there is no folder .* those that there are: a\.epub$"):
        folders.put_back(name)
    assert files(folders.inbox) == {
        f"failed/a.epub/{own}": text for own, text in files(folders.failed / "a.epub").items()
    }


def test_two_books_in_one_folder_are_not_put_back(folders):
    folders.reject(taken(folders), "why")
    (folders.failed / "a.epub" / "b.epub").write_text("another")
    with pytest.raises(BadInputError, match="holds 2 books: drop what you want to have made into"):
        folders.put_back("a.epub")


def test_a_long_name_is_cut_and_keeps_its_suffix(folders):
    for name, shorter in (
        ("x" * 195 + ".epub", "x" * 195 + ".epub"),
        ("x" * 196 + ".epub", "x" * 150 + ".epub"),
        ("\u00e9" * 98 + ".epub", "\u00e9" * 75 + ".epub"),
        ("\udcff" * 201, "\ufffd" * 50),
    ):
        folder = folders.work / "book"
        folder.mkdir()
        (folder / name).write_text("book")
        folders.reject(folder, "why")
        (place,) = folders.failed.iterdir()
        assert sorted(path.name for path in place.iterdir()) == sorted([shorter, "reason.txt"])
        shutil.rmtree(place)


def test_a_folder_of_a_run_is_no_book_and_a_book_called_so_is_one(folders):
    folder = folders.work / "x"
    (folder / "out").mkdir(parents=True)
    assert book_in(folder) is None
    shutil.rmtree(folder / "out")
    (folder / "out").symlink_to(folders.done)
    assert book_in(folder) == folder / "out"
    (folder / "out").unlink()
    (folder / "out").write_text("a book")
    assert book_in(folder) == folder / "out"
    assert book_in(folders.work / "gone") is None


def test_trouble_other_than_another_disk_is_no_reason_to_copy(folders, monkeypatch):
    taken(folders)
    folders.out(DIGEST).mkdir()

    def refused(path, target):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(OSError, match="Input/output"):
        folders.deliver(DIGEST, folders.place_for("A", "T", DIGEST))
    assert not list(folders.outbox.glob("A/*"))


def test_folders_that_cannot_be_made_are_said_in_words(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="choose another folder"):
        InboxFolders(tmp_path / "inbox", tmp_path / "file" / "outbox").make()


@pytest.mark.parametrize("disks", [1, 2])
def test_what_is_delivered_again_replaces_its_own_and_the_marker_is_away_meanwhile(folders, monkeypatch, disks):
    place = folders.outbox / "A" / "T"
    place.mkdir(parents=True)
    (folders.out(DIGEST) / "sub").mkdir(parents=True)
    for path in (place / "T.m4b", place / "notes.txt", place / "done"):
        path.write_text("old")
    for path in (folders.out(DIGEST) / "T.m4b", folders.out(DIGEST) / "sub" / "T.flac"):
        path.write_text("new")
    move = Path.replace

    def watched(path, target):
        if path.is_relative_to(folders.work):
            assert not (place / "done").exists(), "whoever waits for it would fetch half of it"
            if disks == 2:
                raise OSError(errno.EXDEV, "Invalid cross-device link")
        return move(path, target)

    monkeypatch.setattr(Path, "replace", watched)
    folders.deliver(DIGEST, place)
    assert files(place) == {"T.m4b": "new", "sub/T.flac": "new", "notes.txt": "old", "done": f"{DIGEST}\n"}
    assert not folders.of(DIGEST).exists()


def test_what_was_published_after_the_delivery_is_found_by_its_folder(folders):
    folders.out(DIGEST).mkdir(parents=True)
    (folders.out(DIGEST) / "T.m4b").write_text("new")
    for name in ("new-x/out", "empty/out", "nothing"):
        (folders.work / name).mkdir(parents=True)
    (folders.work / "new-x" / "out" / "T").write_text("of a book that is not known yet")
    assert list(folders.published_again()) == [DIGEST[:16]]
    (folders.of(DIGEST) / "a.epub").write_text("still in work")
    assert list(folders.published_again()) == []
