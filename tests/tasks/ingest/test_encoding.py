"""Texts that programs have damaged on their way: repaired with a warning, never refused, no letter lost."""

from __future__ import annotations

import pytest

from tasks.errors import UnreadableBookError
from tasks.ingest import encoding
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
    ("name", "called"),
    [("utf-32-le", "utf-32"), ("utf-32-be", "utf-32"), ("utf-16-le", "utf-16"), ("utf-16-be", "utf-16")],
)
def test_a_mark_of_byte_order_says_the_encoding(name, called):
    assert decode("\ufeffThe lamp was lit – twice.".encode(name)) == ("The lamp was lit – twice.", called)


TEXT = "It was naïve, “quite” so: café – 5 £ it’s…"


@pytest.mark.parametrize(
    ("data", "declared", "found"),
    [
        ("é".encode("cp1251", "replace"), "koi8-r", "koi8-r"),
        ("ab\u0416".encode("koi8-r"), "koi8-r", "koi8-r"),
        ("abé".encode(), "no-such-encoding", "utf-8"),
        ("abé".encode(), "utf-16", "utf-8"),  # without a zero byte it is none
        ("abé".encode(), "utf-32", "utf-8"),
        ("abé".encode("utf-16-le"), "utf-16-le", "utf-16-le"),
        *(("abé".encode(), name, "utf-8") for name in
          ("idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape", "utf-7")),
        ("abé".encode(), "hex", "utf-8"),
        (b"abc\xe9", "utf-8", "cp1252"),
        ("ab\u3042".encode("shift_jis"), "shift_jis", "cp932"),
        (b"ab", "ascii\0", "utf-8"),
    ],
)  # fmt: skip
def test_a_declared_encoding_is_believed_where_the_file_can_be_in_it(data, declared, found):
    assert decode(data, declared)[1] == found


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be"])
def test_wide_text_is_known_without_its_mark(name):
    assert decode(TEXT.encode(name)) == (TEXT, name)
    mostly = "a" * 41 + "\u3042" * 59
    assert decode(mostly.encode(name))[1] == name
    assert decode(("a" * 39 + "\u3042" * 61).encode(name))[1] != name
    assert decode(b"a\0b\0" * 5 + b"\0\0" * 9)[1] not in ("utf-16-le", "utf-16-be")  # zeros on both sides


@pytest.mark.parametrize(("strays", "found"), [(1, "utf-8 with cp1252 in places"), (2, "cp1250")])
def test_utf8_with_a_few_bytes_of_windows(strays, found):
    data = "é".encode() * 4 + b" plain words \x93" * strays
    text, name = decode(data)
    assert (name, text[-1]) == (found, "“")
    assert decode("é".encode() * 9 + b" \x93so\x94 it is")[0] == "é" * 9 + " “so” it is"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cp1252", TEXT),
        ("mac_roman", "It was naïve, “quite” so: café. It’s déjà vu…"),
        ("cp850", "La naïveté d’un élève à l'école où il était né".replace("’", "'")),
        ("iso8859_2", "Then Jiří went from Plzeň to Łódź, and Šárka met him there, near the mill."),
    ],
)
def test_of_old_code_pages_the_one_is_taken_that_puts_letters_inside_words(name, text):
    assert decode(text.encode(name))[0] == text


@pytest.mark.parametrize(
    ("before", "character", "after", "score"),
    [
        ("a", "é", "b", 2), (" ", "é", " ", -1), (" ", "“", " ", -3),
        ("a", "É", "b", -3), ("A", "É", "b", 2), ("a", "ж", "b", -1),
        *((" ", quote, "a", 2) for quote in "“‘„«¿¡‚‹"),
        *(("a", quote, "b", -3) for quote in "“‘„«¿¡‚‹"),
        *(("a", quote, " ", 2) for quote in "”’»›…"), *((" ", quote, " ", -2) for quote in "”’»›…"),
        ("a", "”", "b", -2), ("a", "’", "b", 2),
        ("a", "–", "b", 1), ("a", "—", " ", 1), ("a", "\xa0", "b", 1), ("a", "©", "b", -3), (" ", "©", " ", 0),
        ("a", "\ufffd", "b", -6), ("a", "\x81", "b", -6), ("a", "\ue000", "b", -6), ("a", "\u0378", "b", -6),
    ],
)  # fmt: skip
def test_how_well_a_character_fits_between_its_neighbours(before, character, after, score):
    assert encoding._fit(before, character, after) == score


def test_of_a_long_file_the_lines_that_tell_are_looked_at(monkeypatch):
    monkeypatch.setattr(encoding, "_SAMPLE_BYTES", 20)
    assert encoding._telling_sample(b"short \xe9") == b"short \xe9"
    lines = [b"plain words here", b"caf\xe9 one two three", b"more", b"caf\xe9 again", b"caf\xe9 never"]
    assert encoding._telling_sample(b"\n".join(lines)) == lines[1] + b"\n" + lines[3]


@pytest.mark.parametrize(
    ("damaged", "right"),
    [
        ("Ã©", "é"), ("â€™", "’"), ("Å“", "œ"), ("Â£", "£"), ("â‚¬", "€"), ("â„¢", "™"), ("âˆ’", "−"), ("ï¬\x81", "ﬁ"),
        ("â€“", "–"), ("Â\xa0", "\xa0"), ("Å¿", "ſ"),
        ("Ğ–", None), ("Ð–", None), ("Ã", None), ("Æ€", None),
    ],
)  # fmt: skip
def test_only_characters_of_western_texts_are_put_right(damaged, right):
    assert repair(f"a{damaged}b", "x")[0] == f"a{right or damaged}b"


@pytest.mark.parametrize("end", ["t", "s", "d", "m", "ll", "re", "ve"])
def test_a_lost_apostrophe_is_known_by_what_follows(end):
    assert repair(f"I\ufffd{end} x", "x")[0] == f"I’{end} x"
    assert repair(f"I\ufffd{end}x", "x")[0] == f"I\ufffd{end}x"
    assert repair(f"1\ufffd{end}", "x")[0] == f"1\ufffd{end}"
