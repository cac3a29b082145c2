"""Names of books and authors come from strangers: they lead nowhere else, and what is told of them can be pasted."""

import shlex

import pytest

from tasks.errors import BadInputError
from tasks.inbox.folders import REASON
from tests.tasks.inbox.test_folders import files, taken

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


def test_a_link_that_leads_nowhere_is_not_replaced(folders):
    (folders.done / "a.epub").symlink_to("/mnt/unplugged/a.epub")
    folders.put_away(taken(folders))
    assert (folders.done / "a.epub").is_symlink()
    assert (folders.done / "a (2).epub").read_text() == "book"


def test_a_book_is_not_put_back_over_the_order_of_another(folders):
    folders.reject(taken(folders, order="x"), "why")
    (folders.inbox / "a.toml").write_text("of a.pdf, which is on its way")
    with pytest.raises(BadInputError, match=r"has a file a\.toml already"):
        folders.put_back("a.epub")
    assert (folders.inbox / "a.toml").read_text() == "of a.pdf, which is on its way"
    assert sorted(files(folders.failed)) == ["a.epub/a.epub", "a.epub/a.toml", "a.epub/reason.txt"]


def test_the_command_that_tries_again_may_be_copied_into_a_shell_whatever_the_books_name(folders):
    folders.reject(taken(folders, "It's $(late); now.epub"), "why")
    (name,) = (path.name for path in folders.failed.iterdir())
    reason = (folders.failed / name / REASON).read_text()
    command = reason.partition("`")[2].rpartition("`")[0]
    assert shlex.split(command) == ["talepress", "inbox", "retry", name]
    assert "$" in name and "'" in name
