"""Names of books and authors come from strangers: they lead nowhere else, and what is told of them can be pasted."""

import shlex

import pytest

DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize("name", ["../../x", "/etc", "..", ".", "a/b", "a\\b", "", " ", ".hidden", "con", "x" * 300])
def test_an_audiobook_lies_in_a_folder_of_its_author_in_the_outbox_and_nowhere_else(folders, name):
    for author, title in ((name, "Title"), ("Author", name), (name, name)):
        place = folders.place_for(author, title, DIGEST)
        assert place.parent.parent == folders.outbox
        place.mkdir(parents=True)
        assert place.resolve().parent.parent == folders.outbox.resolve()
        assert not place.name.startswith(".") and not place.parent.name.startswith(".")
        again = folders.place_for(author, title, DIGEST)
        assert again.parent == place.parent and again != place


@pytest.mark.parametrize("name", ["my book.epub", "a; rm -r x.epub", "$(x).epub", "it's.epub", "-f.epub"])
def test_the_command_for_a_book_that_failed_can_be_pasted_into_a_shell(folders, name):
    folder = folders.work / "book"
    folder.mkdir()
    (folder / name).write_text("book")
    folders.reject(folder, "why")
    (place,) = folders.failed.iterdir()
    reason = (place / "reason.txt").read_text()
    assert shlex.split(reason.partition("`")[2].partition("`, or")[0]) == ["talepress", "inbox", "retry", place.name]
