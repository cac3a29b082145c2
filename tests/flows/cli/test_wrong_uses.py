"""Wrong uses of every command: one clear line on stderr, the documented exit code, and nothing lost or left behind."""

import io
import os
import re
import zipfile
from types import SimpleNamespace

import pytest

from flows.order.order import prepare
from flows.order.request import Request
from flows.services import open_services, read_settings
from storage.records import RunState
from tasks.synthesize.engines import forget_engines
from tests.flows.cli.test_language import FRENCH
from tests.flows.cli.wrong_uses import LONG, PRIVATE_BYTES, WRONG
from tests.flows.samples import BOOK, add_voice


def tree(folder):
    """Everything below a folder, with its bytes; but for the files that SQLite keeps beside an open database."""
    return {
        path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*") if ".db-" not in path.name
    }


def encrypted_epub(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
            '<rootfile full-path="a.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        )
        archive.writestr(
            "META-INF/encryption.xml",
            '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
            'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
            '<enc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>'
            '<enc:CipherData><enc:CipherReference URI="a.xhtml"/></enc:CipherData></enc:EncryptedData></encryption>',
        )
        archive.writestr("META-INF/rights.xml", "<rights/>")
        archive.writestr(
            "a.opf",
            '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata/><manifest>'
            '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
            '<spine><itemref idref="a"/></spine></package>',
        )
        archive.writestr("a.xhtml", os.urandom(200))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A working folder with all kinds of files and a data folder with a voice. No row of the table changes it."""
    folder = tmp_path_factory.mktemp("wrong")
    add_voice(folder / "home")
    (folder / "folder").mkdir()
    (folder / "book.md").write_text(BOOK, "utf-8")
    (folder / "noise.epub").write_bytes(bytes(range(256)) * 2)
    (folder / "empty.txt").write_text("")
    (folder / "blank.md").write_text("***\n")
    (folder / "book.pdf").write_bytes(b"%PDF-1.4")
    (folder / "lines.txt").write_text("First line.\n")
    (folder / "latin1.txt").write_bytes(b"caf\xe9\n")
    (folder / "french.txt").write_text(FRENCH * 5, "utf-8")
    (folder / "bad.toml").write_text("[[nonsense\n")
    (folder / "odd.toml").write_text("colour = 'red'\n")
    (folder / "nobody.toml").write_text("narrator = 'nobody'\n")
    (folder / "chapter9.toml").write_text("[[chapter]]\nnumber = 9\n")
    (folder / "words.toml").write_text("[[entry]]\nword = 'dragon'\nsay = 'dray gone'\n")
    (folder / "noword.toml").write_text("[[entry]]\nsay = 'dray gone'\n")
    (folder / "plan.json").write_text("{}")
    (folder / "archive.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    (folder / PRIVATE_BYTES).write_text(BOOK, "utf-8")
    (folder / "home" / "lexicons").mkdir()
    (folder / "home" / "lexicons" / "words.toml").write_text("[[entry]]\nword = 'mountain'\nsay = 'mount in'\n")
    encrypted_epub(folder / "drm.epub")
    for name in ("html", "shared", "shelf", "deep/deeper"):
        (folder / name).mkdir(parents=True)
    (folder / "html" / "page.html").write_text("<p>A page.", "utf-8")
    (folder / "shared").chmod(0o1777)
    (folder / "shelf" / "noise.epub").write_bytes(bytes(range(256)))
    encrypted_epub(folder / "deep" / "deeper" / "drm.epub")
    (folder / "home" / "prefect").mkdir()
    (folder / "home" / "prefect" / "prefect.db").write_bytes(b"runs")
    return folder


@pytest.fixture(autouse=True)
def working(request, monkeypatch):
    """Works in the module's folder, with its data folder."""
    if "place" in request.fixturenames:
        folder = request.getfixturevalue("place")
        monkeypatch.chdir(folder)
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(), isatty=lambda: False))
        monkeypatch.setenv("TALEPRESS_HOME", str(folder / "home"))
        monkeypatch.setenv("TALEPRESS_PROFILE", "test")
        forget_engines()


def name_of(arguments):
    return " ".join(arguments).encode("ascii", "backslashreplace").decode()[:60] or "nothing"


def assert_refused(ended, code=2):
    assert ended.code == code, ended.err
    assert ended.out == ""
    assert len(ended.err.splitlines()) == 1, ended.err
    assert re.search("unexpected [A-Z]", ended.err) is None
    assert "Traceback" not in ended.err


def test_the_table_is_whole():
    assert len(WRONG) >= 120
    assert len({tuple(arguments) for arguments, _ in WRONG}) == len(WRONG)


@pytest.mark.parametrize(("arguments", "named"), WRONG, ids=[name_of(arguments) for arguments, _ in WRONG])
def test_refused_in_one_line_without_a_trace(talepress, place, arguments, named):
    before = tree(place)
    ended = talepress(*arguments)
    assert_refused(ended)
    assert named in ended.err
    assert tree(place) == before


def test_a_file_that_is_there_is_not_emptied_by_a_refusal(talepress, place):
    for options in (["--voice", "nobody"], ["--preset", "best"]):
        (place / "mine.wav").write_bytes(b"mine")
        assert_refused(talepress("say", "Hello.", "--stream", "--out", "mine.wav", *options))
        assert (place / "mine.wav").read_bytes() == b"mine"
        (place / "mine.wav").unlink()


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("command", [["status"], ["make", "book.md"], ["plan", "book.md"]])
@pytest.mark.parametrize(
    "home", ["/proc/home", "/dev/null", LONG, "lines.txt", "lines.txt/home", PRIVATE_BYTES, "~nobody-at-all/home"]
)
def test_a_data_folder_that_cannot_be_is_the_same_fault_in_every_command(talepress, monkeypatch, command, home):
    monkeypatch.setenv("TALEPRESS_HOME", home)
    ended = talepress(*command)
    if ended.code != 0:  # a plan needs none
        assert_refused(ended)
    else:
        assert command[0] == "plan"


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("TALEPRESS_PROFILE", "none", "TALEPRESS_PROFILE"),
        ("TALEPRESS_CONFIG", "missing.toml", "missing.toml"),
        ("TALEPRESS_CONFIG", "bad.toml", "bad.toml"),
        ("TALEPRESS_NONSENSE__KEY", "1", "NONSENSE"),
        ("TALEPRESS_QA__RETAKES", "-1", "qa.retakes"),
        ("TALEPRESS_SYNTHESIZE__ENGINE", "none", "none"),
        ("TALEPRESS_PACKAGE__NAME", "{title} {reader}", "{reader}"),
        ("TALEPRESS_PACKAGE__OUTPUTS", "m4b", "package"),
        ("TALEPRESS_NOTIFY__ADDRESSES", "everybody", "notify"),
        ("TALEPRESS_NOTIFY__ADDRESSES", '["everybody"]', "notify.addresses"),
        ("TALEPRESS_PRODUCTION__TRIES", "-1", "production.tries"),
        ("TALEPRESS_STORAGE__ARTIFACTS_URL", "ftp://shop/audio", "ftp"),
    ],
)
def test_a_setting_that_cannot_be_is_named(talepress, monkeypatch, name, value, named):
    monkeypatch.setenv(name, value)
    ended = talepress("make", "book.md")
    assert_refused(ended)
    assert named in ended.err


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("arguments", [["make", "book.md"], ["retry", "book.md"]])
def test_a_book_that_another_process_works_on_is_refused_before_prefect_starts(talepress, place, arguments):
    request = Request(book=str(place / "book.md"), out=str(place / "audiobooks"))
    with open_services(read_settings()) as services:
        order = prepare(services, request)
        with services.database.unit_of_work() as uow:
            uow.books.save(order.book, order.script)
            run = uow.runs.start(order.source, "book_to_audio", order.record)
            uow.commit()
        try:
            ended = talepress(*arguments)
        finally:
            with services.database.unit_of_work() as uow:
                uow.runs.finish(run, RunState.FAILED)
                uow.commit()
    assert_refused(ended)
    assert "another process has been working on" in ended.err
