"""Texts that programs have damaged on their way: repaired with a warning, never refused, no letter lost."""

from __future__ import annotations

import pytest

from tasks.errors import UnreadableBookError
from tasks.ingest.book import read_book
from tasks.ingest.encoding import decode, repair
from tests.tasks.ingest.builders import page, write_epub


@pytest.mark.parametrize(
    "text", ["He don’t know, said Zoë.", "“No” — “Yes…”", "£5, 5 €, ½ mile, naïve café", "À la carte"]
)
def test_utf8_taken_for_cp1252_is_put_right(text):
    damaged = "".join(
        bytes([code]).decode("cp1252", errors="ignore") or chr(code) for code in text.encode("utf-8")
    )  # as browsers and editors decode it
    repaired, warnings = repair(damaged, "b.txt")
    assert repaired == text
    assert len(warnings) == 1 and "taken for cp1252" in warnings[0]


@pytest.mark.parametrize(
    ("data", "declared", "text", "meant"),
    [
        (b"Wait\x85", "iso-8859-1", "Wait…", "cp1252"),
        (b"\x93Wait\x94", "latin-1", "“Wait”", "cp1252"),
        (b"Wait\x85", "us-ascii", "Wait…", "cp1252"),
        (b"\xe9\x46", "gb2312", "镕", "gb18030"),
        (b"\x87\x40", "shift_jis", "①", "cp932"),
    ],
)
def test_a_label_means_what_programs_mean_by_it(data, declared, text, meant):
    assert decode(data, declared) == (text, meant)


@pytest.mark.parametrize(
    "text", ["He don’t know, said Zoë.", "« CAFÉ»", "“É”", "SÃO PAULO", "Ångström’s Å, Ü™", "ÂÃ", "Zo€ ‘so’"]
)
def test_text_that_is_right_is_left_alone(text):
    assert repair(text, "b.txt") == (text, ())


def test_replacement_characters_become_apostrophes_or_are_named():
    text, warnings = repair("He don\ufffdt know, it\ufffds Zo\ufffd.", "b.txt")
    assert text == "He don’t know, it’s Zo\ufffd."
    assert "3 characters were lost" in warnings[0] and "2 of them were apostrophes" in warnings[0]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"Page one.\r\n\x1a", "Page one.\n"),
        (b"Page one.\r\n\x1a\x1a\0\0", "Page one.\n"),
        (b"\x1b[1mBold\x1b[0m text.", "Bold text."),
        ("He said \x93no\x94 and didn\x92t.".encode(), "He said “no” and didn’t."),
        ("one\x85two".encode(), "one\x85two"),
    ],
)
def test_marks_of_terminals_and_dos_are_taken_out_and_old_quotes_kept(data, text):
    assert decode(data)[0] == text


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("It ends in the mid-\fdle of it.", ["It ends in the middle of it."]),
        ("It was the end of\n\fthe page.\n", ["It was the end of the page."]),
        ("He went.\n\fThen he came.\n", ["He went.", "Then he came."]),
        ("He went\n\n\n\fThe Mill\n\nIt rained.\n", ["He went", "The Mill", "It rained."]),
        ("He don\ufffdt know.\n", ["He don’t know."]),
        ("Zo\ufffd.\n\x1a", ["Zo\ufffd."]),
    ],
)
def test_old_text_files_are_read(text, blocks, tmp_path, settings):
    path = tmp_path / "b.txt"
    path.write_bytes(text.encode())
    book = read_book(path, settings)
    assert [block.text for chapter in book.chapters for block in chapter.blocks] == blocks


def test_a_file_of_replacement_characters_is_refused(tmp_path, settings):
    path = tmp_path / "b.txt"
    path.write_bytes(("\ufffda" * 20).encode())
    with pytest.raises(UnreadableBookError, match="not a text file"):
        read_book(path, settings)


@pytest.mark.parametrize("kind", ["epub", "html", "md"])
def test_every_format_is_repaired(kind, tmp_path, settings):
    body = "<p>He donâ€™t know.</p>"
    path = tmp_path / f"b.{kind}"
    if kind == "epub":
        write_epub(path, {"a.xhtml": page(body)})
    else:
        path.write_text(f"<html><body>{body}</body></html>" if kind == "html" else "He donâ€™t know.", "utf-8")
    book = read_book(path, settings)
    assert book.chapters[0].blocks[0].text == "He don’t know."
    assert sum("taken for cp1252" in warning for warning in book.warnings) == 1


@pytest.mark.parametrize(
    ("encoding", "called"),
    [("utf-32-le", "utf-32"), ("utf-32-be", "utf-32"), ("utf-16-le", "utf-16"), ("utf-16-be", "utf-16")],
)
def test_a_mark_of_byte_order_says_the_encoding(encoding, called):
    assert decode("\ufeffThe lamp was lit – twice.".encode(encoding)) == ("The lamp was lit – twice.", called)
