"""Mistakes in the markup of a book file that is text itself."""

import pytest

from tasks.annotate.file_check import check_file
from tasks.errors import BadInputError


@pytest.mark.parametrize("name", ["book.txt", "book.md"])
def test_a_mistake_in_a_text_file_is_named_by_its_line(tmp_path, name):
    (tmp_path / name).write_bytes("Première.\n\nDeuxième [[puase 2]].\n".encode("cp1252"))
    with pytest.raises(BadInputError, match=rf"{name}, line 3: there is no marker \[\[puase\]\]"):
        check_file(tmp_path / name)


def test_a_file_of_which_nobody_counts_lines_is_not_looked_into(tmp_path):
    (tmp_path / "book.html").write_text("<p>[[puase 2]]</p>")
    check_file(tmp_path / "book.html")
