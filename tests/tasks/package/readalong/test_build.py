"""A whole book becomes a read-along: everything that stands in it lights up, and nothing else has changed."""

import gc
import json
import posixpath
import shutil
import subprocess
import warnings
import zipfile
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from tasks.errors import BadInputError, TalepressError
from tasks.package.outputs import readalong
from tasks.package.readalong.build import _groups, build, opened
from tasks.package.readalong.check import _milliseconds, check_readalong, judged, require_epubcheck
from tasks.package.readalong.clips import SpokenChapter, SpokenText
from tasks.package.readalong.markings import unmarked
from tests.tasks.ingest.builders import nav, page, write_epub
from tests.tasks.package.readalong import spoken
from tests.tasks.package.readalong.spoken import made

SAMPLE = Path(__file__).parents[4] / "samples" / "the-lamplighters-clock.epub"
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # for Java: otherwise it compiles for half of such a run
BOOKS = Path(__file__).parents[5] / "shared" / "books"  # where they lie beside the checkout
SOME_BOOKS = [
    SAMPLE,
    BOOKS / "l-frank-baum_the-wonderful-wizard-of-oz.epub",
    *(BOOKS / "idpf" / name for name in ("wasteland.epub", "hefty-water.epub", "georgia-pls-ssml.epub")),
]


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Bytes in place of audio: nothing here listens."""
    path = tmp_path_factory.mktemp("sound") / "sound.m4a"
    path.write_bytes(b"\0" * 64)
    return path


@pytest.fixture(scope="module")
def built(sound, tmp_path_factory):
    result, lengths = made(SAMPLE, sound)
    path = tmp_path_factory.mktemp("book") / "sample.epub"
    result.write(path)
    return result, lengths, path


def rewritten(path, target, change):
    """The archive with the bytes of its files changed by a function of name and bytes."""
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(target, "w") as after:
        for info in before.infolist():
            after.writestr(info, change(info.filename, before.read(info)))
    return target


def test_every_utterance_lights_up_and_the_book_reads_back(built):
    result, lengths, path = built
    assert result.unpaired == [] and result.warnings == [] and result.pairs >= 43
    check_readalong(path, SAMPLE.read_bytes(), lengths)


def test_without_our_marks_the_files_are_the_originals(built):
    result, _, _ = built
    changed = [name for name in result.changed if not name.endswith(".opf")]
    assert changed and all(unmarked(result.changed[name]) == result.original.read(name) for name in changed)


def test_words_light_up_one_by_one(sound):
    result, _ = made(SAMPLE, sound, "word")
    assert result.unpaired == [] and result.pairs > 300
    assert any(b'<span id="tp-w00001">' in result.changed[name] for name in result.changed)


def test_equal_books_are_equal_files(built, sound, tmp_path):
    made(SAMPLE, sound)[0].write(tmp_path / "again.epub")
    assert (tmp_path / "again.epub").read_bytes() == built[2].read_bytes()


def test_the_package_file_says_how_long_and_by_whom(built):
    opf = next(data for name, data in built[0].changed.items() if name.endswith(".opf")).decode()
    assert 'property="media:narrator">slt (AI voice)<' in opf and opf.count(' media-overlay="talepress-text-') == 4
    assert 'property="media:active-class">-epub-media-overlay-active<' in opf
    assert 'property="schema:accessMode">auditory<' in opf
    assert 'property="schema:accessibilityFeature">synchronizedAudioText<' in opf


def audio_of(book, name):
    """The names of the audio files that an overlay plays, each with the ms of its clips together."""
    played = Counter()
    for audio in etree.fromstring(book.read(name)).iter("{*}audio"):
        played[posixpath.basename(audio.get("src"))] += _milliseconds(audio.get("clipEnd")) - _milliseconds(
            audio.get("clipBegin")
        )
    return played


def test_durations_are_the_sums_of_the_clips(built):
    with zipfile.ZipFile(built[2]) as book:
        package = etree.fromstring(book.read("EPUB/content.opf"))
        items = {item.get("id"): f"EPUB/{item.get('href')}" for item in package.iter("{*}item")}
        said = {
            meta.get("refines", "").lstrip("#"): _milliseconds(meta.text)
            for meta in package.iter("{*}meta")
            if meta.get("property") == "media:duration"
        }
        total = said.pop("")
        assert said == {id_: audio_of(book, items[id_]).total() for id_ in said}
        assert total == sum(said.values()) > 0 and len(said) == 4


def test_chapters_in_one_file_and_a_chapter_over_several(sound, tmp_path):
    pages = {
        "a.xhtml": page(
            "<h1>One</h1><p>He ran.</p><h1 id='two'>Two</h1><p>She sat.</p><h1 id='three'>Three</h1><p>Yes.</p>"
        ),
        "b.xhtml": page("<p>It rained.</p>"),
        "c.xhtml": page("<p>It snowed.</p>"),
        "d.xhtml": page("<h1>Four</h1><p>The end.</p>"),
    }
    contents = nav(("One", "a.xhtml"), ("Two", "a.xhtml#two"), ("Three", "a.xhtml#three"), ("Four", "d.xhtml"))
    path = write_epub(tmp_path / "book.epub", pages, {"nav.xhtml": contents})
    result, lengths = made(path, sound)
    result.write(tmp_path / "made.epub")
    check_readalong(tmp_path / "made.epub", path.read_bytes(), lengths)
    assert result.unpaired == [] and result.pairs == 10
    with zipfile.ZipFile(tmp_path / "made.epub") as book:
        played = [sorted(audio_of(book, name)) for name in sorted(book.namelist()) if name.endswith(".smil")]
    assert played == [
        ["audio-001.m4a", "audio-002.m4a", "audio-003.m4a"],
        ["audio-003.m4a"],
        ["audio-003.m4a"],
        ["audio-004.m4a"],
    ]


def test_a_long_books_texts_are_not_held_all_at_once(sound, tmp_path, monkeypatch):
    pages = {f"{n}.xhtml": page(f"<h1>Chapter {n}</h1><p>{'It rained. ' * 9}</p>") for n in range(8)}
    path = write_epub(
        tmp_path / "book.epub", pages, {"nav.xhtml": nav(*((f"Chapter {n}", f"{n}.xhtml") for n in range(8)))}
    )
    held = []

    def watched(data, name, chapters, *rest):
        def noting(texts):
            def make():
                own = texts()
                held.append((len(own), sum(type(one) is SpokenText for one in gc.get_objects())))
                return own

            return make

        return build(data, name, [replace(chapter, texts=noting(chapter.texts)) for chapter in chapters], *rest)

    monkeypatch.setattr(spoken, "build", watched)
    result, _ = made(path, sound, "word")
    assert result.pairs == sum(own for own, _ in held) == 8 * 20
    assert max(alive for _, alive in held) <= 2 * 20  # those of this chapter and of the one before


def test_a_signature_that_holds_no_longer_is_left_out_and_said(sound, tmp_path):
    book = tmp_path / "signed.epub"
    book.write_bytes(SAMPLE.read_bytes())
    with zipfile.ZipFile(book, "a") as archive:
        archive.writestr("META-INF/signatures.xml", "<signatures/>")
        archive.writestr("META-INF/encryption.xml", "<encryption/>")
    result, lengths = made(book, sound)
    result.write(tmp_path / "made.epub")
    check_readalong(tmp_path / "made.epub", book.read_bytes(), lengths)
    assert [warning for warning in result.warnings if "signature holds no longer" in warning]
    with zipfile.ZipFile(tmp_path / "made.epub") as archive:
        assert "META-INF/signatures.xml" not in archive.namelist()
        assert archive.read("META-INF/encryption.xml") == b"<encryption/>"


@pytest.mark.parametrize(
    ("what", "old", "new"),
    [
        ("not inside its audio", b'clipEnd="0:', b'clipEnd="9:'),
        ("not inside its audio", b'clipBegin="0:', b'clipBegin="x:'),
        ("names other places", b"#tp-s00001", b"#tp-s00009"),
        ("is not as it was", b"<body", b"<body class='x'"),
        ("no style", b".-epub-media-overlay-active", b".other"),
        ("inside its audio: 500 to 500 ms", b'.500" clipEnd="', b'.500" clipEnd="0:00:00.500" was="'),
        ("inside its audio: 500 to -1 ms", b'.500" clipEnd="', b'.500" clipEnd="0:00:1.500" was="'),
        ("or in another order", b'<span id="tp-s00002"', b'<span id="tp-s00001"'),
        ("style.css is not as it was", b"font", b"fount"),
        ("toc.ncx is not as it was", b"<navMap>", b"<navMap >"),
    ],
)
def test_what_epubcheck_would_not_notice_is_found(built, tmp_path, what, old, new):
    _, lengths, path = built
    broken = rewritten(path, tmp_path / "broken.epub", lambda _name, data: data.replace(old, new, 1))
    with pytest.raises(TalepressError, match=what):
        check_readalong(broken, SAMPLE.read_bytes(), lengths)


def test_an_archive_that_readers_would_refuse_is_found(built, tmp_path):
    _, lengths, _ = built
    for number, (message, compression, names) in enumerate([
        ("media type is not its first file", zipfile.ZIP_DEFLATED, ["mimetype"]),
        ("media type is not its first file", zipfile.ZIP_STORED, ["other", "mimetype"]),
        ("two files of one name", zipfile.ZIP_STORED, ["mimetype", "x", "y", "x"]),
    ]):  # fmt: skip
        broken = tmp_path / f"{number}.epub"
        with zipfile.ZipFile(broken, "w") as archive, warnings.catch_warnings(action="ignore"):
            for name in names:
                archive.writestr(zipfile.ZipInfo(name), "", compression)
        with pytest.raises(TalepressError, match=message):
            check_readalong(broken, b"", lengths)


@pytest.mark.parametrize(
    ("documents", "groups"),
    [
        (["a", "b", "c"], [[0], [1], [2]]),
        (["a", "a", "b"], [[0, 1], [2]]),
        (["ab", "c", "b", "d"], [[0, 1, 2], [3]]),
        (["a", "b", "bc", "c", ""], [[0], [1, 2, 3], [4]]),
        ([], []),
    ],
)
def test_chapters_that_share_a_file_are_marked_together(documents, groups):
    chapters = [SpokenChapter(frozenset(names), tuple) for names in documents]
    assert [
        [next(n for n, own in enumerate(chapters) if own is one) for one in group] for group in _groups(chapters)
    ] == groups


def test_faults_that_the_original_has_are_no_reason_to_refuse_and_new_ones_are(built, monkeypatch):
    path = built[2]
    found = {path: ["ERROR OPF-1: old", "ERROR OPF-1: old"]}
    monkeypatch.setattr(readalong, "judged", lambda book: found.get(book, ["ERROR OPF-1: old"]))
    with pytest.raises(TalepressError, match=r"sample.epub: epubcheck finds 1 faults, the first is ERROR OPF-1: old"):
        readalong._require_no_new_faults(path, SAMPLE.read_bytes())
    found[path].pop()
    readalong._require_no_new_faults(path, SAMPLE.read_bytes())


def test_an_epubcheck_that_does_not_end_is_told_in_a_sentence(monkeypatch):
    monkeypatch.setattr("tasks.package.readalong.check.require_epubcheck", lambda: None)

    def hang(command, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", hang)
    with pytest.raises(TalepressError, match=r"did not come to an end on .*\.epub within 600 s: set package"):
        judged(SAMPLE)


@pytest.mark.parametrize(
    ("output", "found"),
    [
        (
            [{"severity": kind, "ID": f"X-{n}", "message": "m"} for n, kind in enumerate(
                ("FATAL", "ERROR", "WARNING", "INFO", "USAGE", "SUPPRESSED")
            )],
            ["FATAL X-0: m", "ERROR X-1: m", "WARNING X-2: m"],
        ),
        ([], []),
    ],
)  # fmt: skip
def test_what_epubcheck_finds_is_told_from_what_it_mentions(monkeypatch, output, found):
    monkeypatch.setattr("tasks.package.readalong.check.require_epubcheck", lambda: None)
    answer = subprocess.CompletedProcess([], 1, json.dumps({"messages": output}).encode(), b"")
    monkeypatch.setattr(subprocess, "run", lambda *given, **options: answer)
    assert judged(SAMPLE, Path("x.jar")) == found


@pytest.mark.parametrize("output", [b"", b"no json", b"{}"])
def test_an_epubcheck_that_says_nothing_is_told_with_its_last_words(monkeypatch, output):
    monkeypatch.setattr("tasks.package.readalong.check.require_epubcheck", lambda: None)
    answer = subprocess.CompletedProcess([], 1, output, b"no memory")
    monkeypatch.setattr(subprocess, "run", lambda *given, **options: answer)
    with pytest.raises(TalepressError, match=r"epubcheck failed on .*: no memory"):
        judged(SAMPLE, Path("x.jar"))


@pytest.mark.parametrize("old", [b"full-path=", b"<rootfile ", b"content.opf"])
def test_a_book_that_names_no_package_file_is_refused(tmp_path, old):
    def spoil(name: str, data: bytes) -> bytes:
        return data.replace(old, b"<other " if old == b"<rootfile " else b"x=") if name.endswith("iner.xml") else data

    book = rewritten(SAMPLE, tmp_path / "odd.epub", spoil)
    with pytest.raises(BadInputError, match=r"odd.epub cannot become .*: its container names no package file"):
        opened(book.read_bytes(), book.name)


def test_an_older_format_is_refused_with_the_remedy(tmp_path, sound):
    def aged(name: str, data: bytes) -> bytes:
        return data.replace(b'version="3.0"', b'version="1.0"') if name.endswith(".opf") else data

    old = rewritten(SAMPLE, tmp_path / "old.epub", aged)
    with pytest.raises(BadInputError, match=r"old.epub is an EPUB 1.0, and only EPUB 3 has read-alongs: convert it"):
        made(old, sound)


def test_a_malformed_file_is_left_alone_and_named(tmp_path, sound):
    def spoil(name: str, data: bytes) -> bytes:
        return data.replace(b"</p>", b"</b>", 1) if name.endswith("chapter-2.xhtml") else data

    book = rewritten(SAMPLE, tmp_path / "spoilt.epub", spoil)
    result, lengths = made(book, sound)
    assert len(result.warnings) == 1 and "chapter-2.xhtml is not well-formed" in result.warnings[0]
    assert result.unpaired and all("chapter-2.xhtml" in one.reason for one in result.unpaired)
    result.write(tmp_path / "made.epub")
    check_readalong(tmp_path / "made.epub", book.read_bytes(), lengths)


def test_a_picture_whose_description_is_spoken_lights_up(sound, tmp_path):
    body = '<h1>One</h1><p><img src="o.png" alt="O"/>nce there was <img src="f.png" class="math" alt="x = 1"/>.</p>'
    pages = {"one.xhtml": page(body)}
    book = write_epub(tmp_path / "pictures.epub", pages, {"nav.xhtml": nav(("One", "one.xhtml"))})
    result, _ = made(book, sound, "word")
    text = result.changed["OEBPS/one.xhtml"].decode()
    assert result.unpaired == []
    assert (
        '><img src="o.png" alt="O"/>nce</span>' in text
        and '><img src="f.png" class="math" alt="x = 1"/></span>' in text
    )


@cache
def faults_before(book):
    """What epubcheck finds in a book as it came."""
    return frozenset(judged(book))


@pytest.mark.slow
@pytest.mark.parametrize("grain", ["sentence", "word"])
@pytest.mark.parametrize("book", SOME_BOOKS, ids=lambda path: path.stem)
def test_epubcheck_finds_nothing_that_the_book_did_not_have(book, grain, sound, tmp_path, monkeypatch):
    if shutil.which("java") is None or not book.exists():
        pytest.skip("needs Java and the book")
    require_epubcheck()
    if grain == "sentence":  # with an id for each word, a long book keeps it busy for longer
        monkeypatch.setenv("JAVA_TOOL_OPTIONS", SHORT_LIVED)
    made(book, sound, grain)[0].write(tmp_path / "made.epub")
    found = judged(tmp_path / "made.epub")
    assert not found or set(found) <= faults_before(book)  # where nothing is found there is nothing to compare
