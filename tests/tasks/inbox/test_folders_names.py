"""Names that others have, and names that a shell would take otherwise."""

import shlex

import pytest

from tasks.errors import BadInputError
from tasks.inbox.folders import REASON
from tests.tasks.inbox.test_folders import files, taken


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
