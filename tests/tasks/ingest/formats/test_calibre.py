"""Books that calibre converts, with a stand-in for its program on the PATH."""

from __future__ import annotations

import fcntl
import hashlib
import inspect
import json
import os
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import pytest

from tasks.errors import UnreadableBookError
from tasks.ingest.book import read_book
from tasks.ingest.formats.calibre.book import is_kindle, read_converted_book
from tasks.ingest.formats.calibre.convert import TIME_LIMIT_S, converted
from tests.tasks.ingest.builders import nav, opf, page, write_epub

MOBI = bytes(60) + b"BOOKMOBI" + bytes(200)


@pytest.fixture
def calibre(tmp_path, monkeypatch):
    """Puts a program `ebook-convert` with that Python body on the PATH."""

    def install(body: str):
        folder = tmp_path / "bin"
        folder.mkdir()
        program = folder / "ebook-convert"
        program.write_text(f"#!{sys.executable}\nimport sys, shutil, os, time\n{body}\n", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return install


def _book(tmp_path, name="An 'odd' -name.mobi"):
    path = tmp_path / name
    path.write_bytes(MOBI)
    return path


def test_a_kindle_book_becomes_an_epub_and_a_book(calibre, tmp_path, settings):
    epub = write_epub(tmp_path / "made.epub", {"a.xhtml": page("<p>x</p>")}, {"nav.xhtml": nav(("One", "a.xhtml"))})
    calibre(
        f"assert open(sys.argv[1], 'rb').read()[60:68] == b'BOOKMOBI' and sys.argv[1].endswith('.mobi')\n"
        f"shutil.copy({str(epub)!r}, sys.argv[2])"
    )
    path = _book(tmp_path)
    book = read_book(path, settings)
    assert (book.title, [chapter.title for chapter in book.chapters]) == ("A Test", ["One"])
    assert book.source_sha256 != read_book(epub, settings).source_sha256
    assert read_book(path, settings) == book


def test_without_calibre_the_remedy_is_named(tmp_path, settings, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnreadableBookError, match="install calibre"):
        read_book(_book(tmp_path), settings)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("print('broken header'); sys.exit(1)", "exit code 1: broken header"),
        ("print('calibre.ebooks.DRMError: This book has DRM'); sys.exit(1)", "protected by DRM"),
        ("pass", "ended without a book"),
        ("open(sys.argv[2], 'w').write('no epub')", "not an EPUB"),
    ],
)
def test_failures_of_calibre_get_one_clear_line(body, message, calibre, tmp_path, settings):
    calibre(body)
    with pytest.raises(UnreadableBookError, match=message) as caught:
        read_book(_book(tmp_path), settings)
    assert "\n" not in str(caught.value)


def test_an_endless_conversion_is_stopped_with_its_children_and_leaves_nothing(calibre, tmp_path):
    calibre(
        "import fcntl\n"
        f"held = open({str(tmp_path / 'held')!r}, 'w'); fcntl.flock(held, fcntl.LOCK_EX)\n"
        f"open({str(tmp_path / 'folder')!r}, 'w').write(os.path.dirname(sys.argv[2]))\n"
        "os.fork(); time.sleep(60)"
    )
    began = time.monotonic()
    with pytest.raises(UnreadableBookError, match="stopped after 2 seconds"), converted(_book(tmp_path), ".mobi", 2):
        pass
    with (tmp_path / "held").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # ours once the last of the two processes that have it open has ended
    assert time.monotonic() - began < 30
    assert not Path((tmp_path / "folder").read_text()).exists()


def test_calibre_sees_a_copy_under_a_plain_name_and_no_settings_or_input_of_ours(calibre, tmp_path):
    """The book's own name may hold anything; the user's calibre may have plugins."""
    calibre(
        "import json\n"
        f"with open({str(tmp_path / 'seen')!r}, 'w') as file:\n"
        "    json.dump([sys.argv[1:], os.getcwd(), sys.stdin.read(), dict(os.environ)], file)\n"
        "open(sys.argv[2], 'w').write('x')"
    )
    with converted(_book(tmp_path), ".azw3") as made:
        assert made.read_text() == "x"
        arguments, folder, given, variables = json.loads((tmp_path / "seen").read_text())
        assert arguments == [f"{folder}/book.azw3", f"{folder}/book.epub"]
        assert (made.parent, given) == (Path(folder), "")
        assert variables["CALIBRE_CONFIG_DIRECTORY"] == f"{folder}/settings"
        assert variables["QT_QPA_PLATFORM"] == "offscreen"
        assert Path(folder).is_relative_to(tempfile.gettempdir())
    assert not Path(folder).exists()
    assert _book(tmp_path).read_bytes() == MOBI


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("print('first'); print('last  '); print(); sys.exit(3)", "exit code 3: last$"),
        ("sys.exit(2)", "exit code 2: no message$"),
        ("print('x' * 900); sys.exit(1)", "exit code 1: x{300}$"),
        ("sys.stderr.write('on stderr'); sys.exit(1)", "exit code 1: on stderr$"),
        ("sys.stdout.buffer.write(bytes([255, 97])); sys.exit(1)", "exit code 1: \ufffda$"),
        ("open(sys.argv[2], 'w').close()", "ended without a book"),
        ("open(sys.argv[2], 'w').write('x'); sys.exit(1)", "exit code 1"),
    ],
)
def test_the_last_words_of_calibre_are_said(body, message, calibre, tmp_path):
    calibre(body)
    with pytest.raises(UnreadableBookError, match=message), converted(_book(tmp_path), ".mobi"):
        pass


def test_a_conversion_may_take_ten_minutes():
    assert inspect.signature(converted).parameters["time_limit_s"].default == TIME_LIMIT_S == 600


def _titled(tmp_path, title):
    text = opf(["a.xhtml"], ["a.xhtml"]).replace("<dc:title>A Test</dc:title>", title)
    return write_epub(tmp_path / "made.epub", {"a.xhtml": page("<p>x</p>")}, members={"OEBPS/content.opf": text})


@pytest.mark.parametrize("title", ["<dc:title>Unknown</dc:title>", "<dc:title>book</dc:title>", ""])
def test_a_title_that_calibre_invented_is_the_files_name(title, calibre, tmp_path, settings):
    calibre(f"shutil.copy({str(_titled(tmp_path, title))!r}, sys.argv[2])")
    path = _book(tmp_path)
    book = read_book(path, settings)
    assert (book.title, book.source_sha256) == (path.stem, hashlib.sha256(MOBI).hexdigest())


@pytest.mark.parametrize(("spare", "is_read"), [(0, True), (-1, False)])
def test_what_calibre_makes_is_as_large_as_a_file_may_be_and_no_larger(spare, is_read, calibre, tmp_path, settings):
    made = _titled(tmp_path, "<dc:title>T</dc:title>")
    calibre(f"shutil.copy({str(made)!r}, sys.argv[2])")
    limited = settings.model_copy(update={"max_file_bytes": made.stat().st_size + spare})
    if is_read:
        assert read_converted_book(_book(tmp_path), MOBI, limited, ".mobi").title == "T"
    else:
        with pytest.raises(UnreadableBookError, match=r"becomes an EPUB larger than ingest\.max_file_bytes allows"):
            read_converted_book(_book(tmp_path), MOBI, limited, ".mobi")


@pytest.mark.parametrize(
    ("name", "data", "suffix"),
    [
        ("b.mobi", MOBI, ".mobi"),
        ("b.prc", MOBI, ".mobi"),
        ("b.txt", MOBI, ".mobi"),
        ("b.azw", MOBI, ".azw"),
        ("b.azw3", MOBI, ".azw3"),
        ("b.rtf", b"{\\rtf1", ".rtf"),
        ("b.lit", b"ITOLITLS", ".lit"),
        ("b.odt", None, ".odt"),
    ],
)
def test_every_kind_is_shown_to_calibre_under_its_own_suffix(name, data, suffix, calibre, tmp_path, settings):
    calibre(f"open({str(tmp_path / 'seen')!r}, 'w').write(os.path.basename(sys.argv[1])); sys.exit(1)")
    path = tmp_path / name
    if data is None:
        with zipfile.ZipFile(path, "w") as archive:
            for member in ("content.xml", "styles.xml"):
                archive.writestr(member, "x")
    else:
        path.write_bytes(data)
    with pytest.raises(UnreadableBookError, match=f"^{name}: ebook-convert failed"):
        read_book(path, settings)
    assert (tmp_path / "seen").read_text() == f"book{suffix}"


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        (bytes(60) + b"BOOKMOBI", True),
        (bytes(60) + b"TEXtREAd", True),
        (bytes(59) + b"BOOKMOBI", False),
        (b"BOOKMOBI", False),
    ],
)
def test_a_kindle_book_is_known_by_its_type(head, is_one):
    assert is_kindle(head) is is_one
