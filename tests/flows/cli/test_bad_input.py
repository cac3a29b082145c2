"""Bad input: one line on stderr that names what is wrong, exit code 2, and everything is as it was."""

import os
import zipfile

import pytest

from tasks import disk


def tree(folder):
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


@pytest.fixture
def files(tmp_path, book):
    (tmp_path / "folder").mkdir()
    (tmp_path / "noise.epub").write_bytes(os.urandom(500))
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "blank.md").write_text("***\n")
    (tmp_path / "book.pdf").write_bytes(b"%PDF-1.4")
    (tmp_path / "lines.txt").write_text("First line.\n")
    (tmp_path / "latin1.txt").write_bytes(b"caf\xe9\n")
    encrypted_epub(tmp_path / "drm.epub")
    return tmp_path


BAD = [
    (["make", "missing.epub"], "missing.epub"),
    (["make", "folder"], "folder"),
    (["make", "noise.epub"], "noise.epub"),
    (["make", "drm.epub"], "drm.epub"),
    (["make", "empty.txt"], "empty.txt"),
    (["make", "blank.md"], "blank.md"),
    (["make", "book.pdf"], "book.pdf"),
    (["make", "book.md", "--voice", "nobody"], "nobody"),
    (["make", "book.md", "--preset", "best"], "best"),
    (["make", "book.md", "--chapters", "4"], "'4'"),
    (["make", "book.md", "--chapters", "two"], "'two'"),
    (["make", "book.md", "--out", "lines.txt"], "lines.txt"),
    (["make", "book.md", "--out", "lines.txt/deeper"], "lines.txt"),
    (["make", "book.md", "--nonsense"], "--nonsense"),
    (["make"], "book"),
    (["nonsense"], "nonsense"),
    (["plan", "missing.epub"], "missing.epub"),
    (["plan", "noise.epub"], "noise.epub"),
    (["status", "missing.epub"], "missing.epub"),
    (["status", "book.md"], "book.md"),
    (["retry", "missing.epub"], "missing.epub"),
    (["retry", "book.md"], "book.md"),
    (["say", "Hello."], "--out"),
    (["say", "Hello.", "--lines", "lines.txt", "--out", "x.wav"], "--lines"),
    (["say", "--out", "x.wav"], "--lines"),
    (["say", "  ", "--out", "x.wav"], "empty"),
    (["say", "Hello.", "--out", "x.mp3"], "x.mp3"),
    (["say", "Hello.", "--out", "folder"], "folder"),
    (["say", "Hello.", "--out", "x.wav", "--voice", "nobody"], "nobody"),
    (["say", "***", "--out", "x.wav"], "nothing to say"),
    (["say", "Hello.", "--out", "x.wav", "--seed", "-1"], "seed"),
    (["say", "Hello.", "--out", "x.wav", "--candidates", "0"], "candidates"),
    (["say", "--lines", "missing.txt", "--out", "folder"], "missing.txt"),
    (["say", "--lines", "latin1.txt", "--out", "folder"], "latin1.txt"),
    (["say", "--lines", "empty.txt", "--out", "folder"], "empty.txt"),
    (["voice", "add", "new", "missing.wav"], "missing.wav"),
    (["voice", "add", "new", "lines.txt"], "lines.txt"),
    (["voice", "add", "../evil", "lines.txt"], "../evil"),
    (["voice", "remove", "nobody"], "nobody"),
    (["model", "import", "missing"], "missing"),
    (["model", "import", "folder"], "folder"),
    (["model", "import", "folder", "--name", "../evil"], "../evil"),
    (["model", "verify", "nothing"], "nothing"),
]


@pytest.mark.parametrize(("arguments", "named"), BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
@pytest.mark.usefixtures("voiced_home")
def test_refused_in_one_line_without_a_trace(talepress, files, arguments, named):
    before = tree(files)
    ended = talepress(*arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert len(ended.err.splitlines()) == 1
    assert named in ended.err
    assert tree(files) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["make", "missing.epub"],
        ["make", "book.md"],
        ["say", "Hello.", "--out", "x.wav"],
        ["voice", "add", "n", "no.wav"],
    ],
)
@pytest.mark.usefixtures("book")
def test_a_fresh_data_folder_is_not_even_made(talepress, home, arguments):
    assert talepress(*arguments).code == 2  # the second and third: the profile's voice is not there
    assert not home.exists()


@pytest.mark.parametrize("arguments", [["plan", "book.md"], ["make", "book.md"], ["status"], ["voice", "list"]])
@pytest.mark.usefixtures("book")
def test_what_is_no_database_url_is_refused_with_the_setting_to_change(talepress, home, monkeypatch, arguments):
    monkeypatch.setenv("TALEPRESS_STORAGE__DATABASE_URL", "postgresql:/ann:secret@host/talepress")
    ended = talepress(*arguments)
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "storage.database_url" in ended.err
    assert "secret" not in ended.err
    assert not home.exists()


@pytest.mark.usefixtures("voiced_home", "book")
def test_a_disk_without_room_is_found_before_work_starts(talepress, monkeypatch, tmp_path):
    usage = disk.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda place: usage._replace(free=1000))
    before = tree(tmp_path)
    ended = talepress("make", "book.md")
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "MiB" in ended.err
    assert tree(tmp_path) == before


@pytest.mark.usefixtures("voiced_home", "book")
def test_a_wrong_setting_is_named(talepress, monkeypatch):
    monkeypatch.setenv("TALEPRESS_QA__RETAKES", "many")
    ended = talepress("make", "book.md")
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "TALEPRESS_QA__RETAKES" in ended.err


@pytest.mark.usefixtures("voiced_home", "book")
@pytest.mark.parametrize(
    ("outputs", "message"),
    [('["m4b", "mp4", "manifest"]', "no output 'mp4': outputs (package.outputs) are m4b, "), ('["m4b"]', "add it")],
)
def test_an_output_that_cannot_be_is_refused_before_work_starts(talepress, monkeypatch, tmp_path, outputs, message):
    monkeypatch.setenv("TALEPRESS_PACKAGE__OUTPUTS", outputs)
    before = tree(tmp_path)
    ended = talepress("make", "book.md")
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert message in ended.err
    assert tree(tmp_path) == before


@pytest.mark.usefixtures("voiced_home", "book")
def test_every_output_needs_room(talepress, monkeypatch, tmp_path):
    usage = disk.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda place: usage._replace(free=4_000_000))
    monkeypatch.setattr("flows.order.order.DATA_BYTES_PER_SECOND", 0)  # takes and masters need none of it
    monkeypatch.setattr("tasks.package.outputs.flac.PCM_BYTES_PER_SECOND", 1_000_000)
    monkeypatch.setenv("TALEPRESS_PACKAGE__OUTPUTS", '["flac", "manifest"]')
    ended = talepress("make", "book.md")
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "MiB are needed and 3 MiB are free" in ended.err


@pytest.mark.usefixtures("home")
def test_an_error_that_nobody_foresaw_is_one_line_too_and_a_failure(talepress, monkeypatch, book):
    def broken(*arguments, **options):
        raise KeyError("surprise")

    monkeypatch.setattr("flows.actions.plan.read_manuscript", broken)
    ended = talepress("plan", book)
    assert (ended.code, len(ended.err.splitlines())) == (3, 1)
    assert "KeyError" in ended.err and "surprise" in ended.err
    assert "Traceback" in talepress("--verbose", "plan", book).err
