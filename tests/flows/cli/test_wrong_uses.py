"""Wrong uses of every command: one clear line on stderr, the documented exit code, and nothing lost or left behind."""

import os
import re
import zipfile

import pytest

from flows.order.order import prepare
from flows.order.request import Request
from flows.services import open_services, read_settings
from storage.records import RunState
from tasks.synthesize.engines import forget_engines
from tests.flows.cli.test_language import FRENCH
from tests.flows.samples import BOOK, add_voice

LONG = "x" * 300
PRIVATE_BYTES = os.fsdecode(b"b\xff\xe9.md")  # a name that is not UTF-8


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
    return folder


@pytest.fixture(autouse=True)
def working(request, monkeypatch):
    """Works in the module's folder, with its data folder."""
    if "place" in request.fixturenames:
        folder = request.getfixturevalue("place")
        monkeypatch.chdir(folder)
        monkeypatch.setenv("TALEPRESS_HOME", str(folder / "home"))
        monkeypatch.setenv("TALEPRESS_PROFILE", "test")
        forget_engines()


# Arguments, and what the line must name.
WRONG = [
    # the command itself
    (["nonsense"], "nonsense"),
    (["--nonsense"], "--nonsense"),
    (["--verbose=3", "status"], "--verbose"),
    (["-x"], "-x"),
    (["", "book.md"], "''"),
    # make: the book
    (["make"], "book"),
    (["make", ""], "folder"),
    (["make", "missing.epub"], "missing.epub"),
    (["make", "folder"], "folder"),
    (["make", "noise.epub"], "noise.epub"),
    (["make", "drm.epub"], "drm.epub"),
    (["make", "empty.txt"], "empty.txt"),
    (["make", "blank.md"], "blank.md"),
    (["make", "book.pdf"], "book.pdf"),
    (["make", "archive.zip"], "archive.zip"),
    (["make", "french.txt"], "French"),
    (["make", "book.md/deeper.epub"], "deeper.epub"),
    (["make", "/dev/null"], "/dev/null"),
    (["make", "/proc/self/nothing"], "/proc/self/nothing"),
    (["make", "https://example.org/book.epub"], "book.epub"),
    (["make", LONG], "xxx"),
    (["make", f"{LONG}/{LONG}.epub"], "xxx"),
    (["make", "a\nb.epub"], "a b.epub"),
    (["make", PRIVATE_BYTES], "UTF-8"),
    (["make", "book.md", "other.md"], "other.md"),
    # make: its options
    (["make", "book.md", "--nonsense"], "--nonsense"),
    (["make", "book.md", "--out"], "--out"),
    (["make", "book.md", "--voice", "nobody"], "nobody"),
    (["make", "book.md", "--voice", "Tone"], "Tone"),
    (["make", "book.md", "--voice", "../tone"], "../tone"),
    (["make", "book.md", "--voice", "to\nne"], "tone"),
    (["make", "book.md", "--preset", "best"], "best"),
    (["make", "book.md", "--preset", "FAST"], "FAST"),
    (["make", "book.md", "--locale", "fr-FR"], "fr-FR"),
    (["make", "book.md", "--chapters", "4"], "'4'"),
    (["make", "book.md", "--chapters", "0"], "'0'"),
    (["make", "book.md", "--chapters", "2-1"], "2-1"),
    (["make", "book.md", "--chapters", "1-9"], "1-9"),
    (["make", "book.md", "--chapters", "two"], "'two'"),
    (["make", "book.md", "--chapters", "1,,2"], "1,,2"),
    (["make", "book.md", "--chapters", "-1"], "-1"),
    (["make", "book.md", "--chapters", "1.5"], "1.5"),
    (["make", "book.md", "--chapters", "9" * 50], "999"),
    (["make", "book.md", "--plan", "missing.toml"], "missing.toml"),
    (["make", "book.md", "--plan", "bad.toml"], "bad.toml"),
    (["make", "book.md", "--plan", "chapter9.toml"], "chapter 9"),
    (["make", "book.md", "--plan", "folder"], "folder"),
    (["make", "book.md", "--cast", "missing.toml"], "missing.toml"),
    (["make", "book.md", "--cast", "odd.toml"], "odd.toml"),
    (["make", "book.md", "--cast", "nobody.toml"], "nobody"),
    (["make", "book.md", "--lexicon", "missing.toml"], "missing.toml"),
    (["make", "book.md", "--lexicon", "bad.toml"], "bad.toml"),
    (["make", "book.md", "--lexicon", "noword.toml"], "noword.toml"),
    (["make", "book.md", "--lexicon", "book.md"], "book.md"),
    # make: where it goes
    (["make", "book.md", "--out", "lines.txt"], "lines.txt"),
    (["make", "book.md", "--out", "lines.txt/deeper"], "lines.txt"),
    (["make", "book.md", "--out", "/proc/out"], "/proc/out"),
    (["make", "book.md", "--out", "/dev/null"], "/dev/null"),
    (["make", "book.md", "--out", LONG], "xxx"),
    (["make", "book.md", "--out", os.fsdecode(b"o\xff")], "UTF-8"),
    # plan
    (["plan"], "book"),
    (["plan", "missing.epub"], "missing.epub"),
    (["plan", "noise.epub"], "noise.epub"),
    (["plan", "folder"], "folder"),
    (["plan", "french.txt"], "French"),
    (["plan", LONG], "xxx"),
    (["plan", PRIVATE_BYTES], "UTF-8"),
    (["plan", "book.md", "--out", "x"], "--out"),
    (["plan", "book.md", "--chapters", "1"], "--chapters"),
    (["plan", "book.md", "--preset", "best"], "best"),
    (["plan", "book.md", "--plan", "chapter9.toml"], "chapter 9"),
    (["plan", "book.md", "--cast", "bad.toml"], "bad.toml"),
    (["plan", "book.md", "--lexicon", "missing.toml"], "missing.toml"),
    (["plan", "book.md", "--diff", "missing.epub"], "missing.epub"),
    (["plan", "book.md", "--diff", "plan.json"], "plan.json"),
    (["plan", "book.md", "--diff", "noise.epub"], "noise.epub"),
    (["plan", "book.md", "--write", "folder"], "folder"),
    (["plan", "book.md", "--write", "nowhere/plan.toml"], "nowhere"),
    (["plan", "book.md", "--write", LONG], "xxx"),
    # status, retry
    (["status", "missing.epub"], "missing.epub"),
    (["status", "book.md"], "book.md"),
    (["status", "folder"], "folder"),
    (["status", LONG], "xxx"),
    (["status", "book.md", "more"], "more"),
    (["status", "--nonsense"], "--nonsense"),
    (["retry"], "book"),
    (["retry", "missing.epub"], "missing.epub"),
    (["retry", "book.md"], "book.md"),
    (["retry", "folder"], "folder"),
    (["retry", LONG], "xxx"),
    (["retry", "book.md", "--voice", "tone"], "--voice"),
    # report
    (["report"], "book"),
    (["report", "missing.epub"], "missing.epub"),
    (["report", "book.md"], "book.md"),
    (["report", "folder"], "folder"),
    (["report", LONG], "xxx"),
    (["report", "book.md", "--out"], "--out"),
    # say
    (["say"], "--lines"),
    (["say", "Hello."], "--out"),
    (["say", "Hello.", "--lines", "lines.txt", "--out", "x.wav"], "--lines"),
    (["say", "--out", "x.wav"], "--lines"),
    (["say", "  ", "--out", "x.wav"], "empty"),
    (["say", "Hello.", "--out", "x.mp3"], "x.mp3"),
    (["say", "Hello.", "--out", "folder"], "folder"),
    (["say", "Hello.", "--out", "lines.txt/x.wav"], "lines.txt"),
    (["say", "Hello.", "--out", "/proc/x.wav"], "/proc"),
    (["say", "Hello.", "--out", f"{LONG}.wav"], "xxx"),
    (["say", "Hello.", "--out", "x.wav", "--voice", "nobody"], "nobody"),
    (["say", "Hello.", "--out", "x.wav", "--preset", "best"], "best"),
    (["say", "***", "--out", "x.wav"], "nothing to say"),
    (["say", FRENCH * 2, "--out", "x.wav"], "French"),
    (["say", FRENCH * 2, "--out", "x.wav", "--stream"], "French"),
    (["say", "--lines", "french.txt", "--out", "takes"], "French"),
    (["say", "Hello.", "--out", "x.wav", "--seed", "-1"], "seed"),
    (["say", "Hello.", "--out", "x.wav", "--seed", "many"], "--seed"),
    (["say", "Hello.", "--out", "x.wav", "--candidates", "0"], "candidates"),
    (["say", "--lines", "missing.txt", "--out", "folder"], "missing.txt"),
    (["say", "--lines", "latin1.txt", "--out", "folder"], "latin1.txt"),
    (["say", "--lines", "empty.txt", "--out", "folder"], "empty.txt"),
    (["say", "--lines", "folder", "--out", "takes"], "folder"),
    (["say", "--lines", "lines.txt", "--out", "book.md"], "book.md"),
    (["say", "Hello.", "--stream", "--json"], "--out"),
    (["say", "Hello.", "--stream", "--lines", "lines.txt"], "--lines"),
    (["say", "", "--stream", "--out", "x.wav"], "empty"),
    # voices
    (["voice", "nonsense"], "nonsense"),
    (["voice", "add"], "name"),
    (["voice", "add", "new"], "clips"),
    (["voice", "add", "new", "missing.wav"], "missing.wav"),
    (["voice", "add", "new", "lines.txt"], "lines.txt"),
    (["voice", "add", "new", "folder"], "folder"),
    (["voice", "add", "new", f"{LONG}.wav"], "xxx"),
    (["voice", "add", "../evil", "lines.txt"], "../evil"),
    (["voice", "add", "", "lines.txt"], "name"),
    (["voice", "add", "slt", "lines.txt"], "slt"),
    (["voice", "remove", "nobody"], "nobody"),
    (["voice", "remove", "slt"], "slt"),
    (["voice", "remove"], "name"),
    (["voice", "list", "more"], "more"),
    # models
    (["model", "nonsense"], "nonsense"),
    (["model", "import"], "folder"),
    (["model", "import", "missing"], "missing"),
    (["model", "import", "folder"], "folder"),
    (["model", "import", "book.md"], "book.md"),
    (["model", "import", "folder", "--name", "../evil"], "../evil"),
    (["model", "import", "folder", "--name", ""], "name"),
    (["model", "verify", "nothing"], "nothing"),
    (["model", "verify", "../../etc"], "../../etc"),
    (["model", "resynthesize", "missing.wav", "--out", "x.wav"], "synthesize.engine"),
    (["model", "resynthesize", "lines.txt"], "--out"),
    (["model", "resynthesize", "lines.txt", "--out", "x.wav", "--through", "air"], "air"),
    (["model", "resynthesize", "lines.txt", "--out", "x.wav", "--steps", "0"], "steps"),
    # lexicons
    (["lexicon", "import"], "file"),
    (["lexicon", "import", "missing.pls"], "missing.pls"),
    (["lexicon", "import", "bad.toml"], "bad.toml"),
    (["lexicon", "import", "folder"], "folder"),
    (["lexicon", "import", "words.toml"], "--force"),
    (["lexicon", "import", "book.pdf"], "book.pdf"),
    # maintain
    (["maintain", "nonsense"], "nonsense"),
    (["maintain", "verify", "more"], "more"),
    (["maintain", "verify", "--nonsense"], "--nonsense"),
    (["maintain", "rebuild", "more"], "more"),
    (["maintain", "restore", "more"], "more"),
    (["maintain", "adopt-store", "more"], "more"),
    # the rest
    (["train", "all"], "--config"),
    (["train", "nonsense", "--config", "odd.toml"], "odd.toml"),
    (["train", "all", "--config", "missing.toml"], "missing.toml"),
    (["make", "book.md", "--progress", "dance"], "dance"),
    (["bench", "--seconds", "0"], "seconds"),
    (["bench", "--seconds", "many"], "--seconds"),
    (["bench", "--voice", "nobody"], "nobody"),
    (["bench", "more"], "more"),
    (["doctor", "more"], "more"),
]


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
@pytest.mark.parametrize("home", ["/proc/home", "/dev/null", LONG, "lines.txt", "lines.txt/home"])
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
    ],
)
def test_a_setting_that_cannot_be_is_named(talepress, monkeypatch, name, value, named):
    monkeypatch.setenv(name, value)
    ended = talepress("make", "book.md")
    assert_refused(ended)
    assert named in ended.err


@pytest.mark.parametrize(
    "arguments",
    [[], ["voice"], ["lexicon"], ["model"], ["maintain"], ["-h"], ["make", "-h"], ["report", "-h"], ["voice", "-h"]],
)
def test_what_is_incomplete_shows_its_help(talepress, arguments):
    ended = talepress(*arguments)
    assert (ended.code, ended.err) == (0, "")
    assert "Examples:" in ended.out
    assert ended.out.startswith("Usage: talepress")


def test_the_help_lists_the_exit_codes_and_the_version_is_told(talepress):
    assert "130  stopped" in talepress().out
    assert re.fullmatch(r"talepress \d+\.\d+\.\d+\n", talepress("--version").out)


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


@pytest.mark.usefixtures("place")
def test_a_narrow_terminal_gets_lines_in_place_of_a_table(talepress, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    lines = talepress("plan", "book.md").out.splitlines()
    assert "chapter: Chapter Two" in lines
    assert not [line for line in lines if set(line) & set("│┃")]
