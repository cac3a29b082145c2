"""What an order file says, and what is no order file."""

import pytest

from tasks.errors import BadInputError
from tasks.inbox.order_file import MAX_BYTES, read_order


def write(path, text):
    path.write_text(text, "utf-8")
    return path


OPTIONS = ("voice", "preset", "cast", "lexicon", "plan")


def test_the_file_beside_a_book_says_more_than_the_defaults(tmp_path):
    defaults = write(tmp_path / "defaults.toml", 'voice = "slt"\npreset = "fast"\n')
    order = write(tmp_path / "order", 'voice = "joe"\n')
    files = {"defaults.toml": defaults, "a.toml": order}
    assert read_order(files, tmp_path, OPTIONS, ()) == {"voice": "joe", "preset": "fast"}
    assert read_order({"defaults.toml": defaults}, tmp_path, OPTIONS, ()) == {"voice": "slt", "preset": "fast"}
    assert read_order({}, tmp_path, OPTIONS, ()) == {}


def test_paths_count_from_the_inbox(tmp_path):
    order = write(tmp_path / "a.toml", 'cast = "village.toml"\nlexicon = "/else/words.toml"\nplan = ""\n')
    assert read_order({"a.toml": order}, tmp_path, OPTIONS, ("cast", "lexicon", "plan")) == {
        "cast": str(tmp_path / "village.toml"),
        "lexicon": "/else/words.toml",
        "plan": "",
    }


def test_what_is_no_option_is_refused_by_the_file_that_says_it(tmp_path):
    files = {"defaults.toml": write(tmp_path / "defaults.toml", 'voice = "joe"\nvoise = "joe"\n')}
    files["a.toml"] = write(tmp_path / "order", 'preset = "fast"\n')
    with pytest.raises(BadInputError, match=r"^defaults\.toml: an order has no option 'voise': options are voice, pre"):
        read_order(files, tmp_path, OPTIONS, ())


@pytest.mark.parametrize("data", [b"voice = ", b"\xff\xfe", b"a = " + b"[" * 5000, b"#" * (MAX_BYTES + 1)])
def test_what_is_no_order_is_a_clear_error(tmp_path, data):
    order = tmp_path / "book.order.toml"  # as the inbox calls it
    order.write_bytes(data)
    with pytest.raises(BadInputError, match=r"^a\.toml"):
        read_order({"a.toml": order}, tmp_path, OPTIONS, ())


def test_an_order_is_as_large_as_it_may_be_and_no_larger(tmp_path):
    for count, name in ((MAX_BYTES, "a.toml"), (MAX_BYTES + 1, "b.toml")):
        write(tmp_path / name, "a=1".ljust(count, "\n"))
    assert read_order({"a.toml": tmp_path / "a.toml"}, tmp_path, ("a",), ()) == {"a": 1}
    with pytest.raises(BadInputError, match=r"^b\.toml is no order: it has more than 65536 bytes$"):
        read_order({"b.toml": tmp_path / "b.toml"}, tmp_path, ("a",), ())


def test_what_is_no_text_is_no_path(tmp_path):
    order = write(tmp_path / "a.toml", 'cast = 7\nvoice = "x"\n')
    assert read_order({"a.toml": order}, tmp_path, OPTIONS, ("cast", "plan")) == {"cast": 7, "voice": "x"}


def test_the_message_says_how_a_line_is_written(tmp_path):
    with pytest.raises(BadInputError, match=r'cannot be read as TOML \(.+\): write lines such as voice = "joe"$'):
        read_order({"a.toml": write(tmp_path / "a.toml", "voice joe")}, tmp_path, OPTIONS, ())
