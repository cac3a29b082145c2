"""An archive of a book is read only where its names, sizes and locks are safe; XML is read without what it names."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from tasks.errors import UnreadableBookError
from tasks.ingest.archive import BookArchive, parse_xml, resolve, safe_parser

ENCRYPTION = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/xmlenc#">'
    "{}</encryption>"
)
ENCRYPTED = (
    '<enc:EncryptedData><enc:EncryptionMethod Algorithm="{}"/><enc:CipherData><enc:CipherReference URI="{}"/>'
    "</enc:CipherData></enc:EncryptedData>"
)
IDPF_FONT = "http://www.idpf.org/2008/embedding"
ADOBE_FONT = "http://ns.adobe.com/pdf/enc#RC"
AES = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"


@pytest.fixture
def write(tmp_path):
    """A function that writes an archive of the members that it is given."""

    def written(members, compression=zipfile.ZIP_STORED):
        path = tmp_path / "book.epub"
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(name), content, compress_type=compression)
        return path

    return written


def refused(path, settings, message, **changed):
    with pytest.raises(UnreadableBookError, match=message) as caught:
        BookArchive(path, settings.model_copy(update=changed))
    assert str(caught.value).startswith("book.epub")


def opened(path, settings, **changed):
    with BookArchive(path, settings.model_copy(update=changed)) as archive:
        return archive.names()


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "a/../x",
        "a/..",
        "..",
        "..\\x",
        "a\\..\\x",
        "/x",
        "//host/x",
        "\\x",
        "\\\\host\\x",
        "C:x",
        "c:/x",
        "c:\\x",
    ],
)
def test_a_name_that_leads_outside_is_refused_wherever_it_stands(write, settings, name):
    path = write({"first": "1", name: "2", "last": "3"})
    refused(path, settings, "holds a file that points outside of it")


@pytest.mark.parametrize("name", ["a..b", "..a/b", "a/b..", "a/...", "a/c:b", "./a", "a//b"])
def test_a_name_that_only_looks_odd_is_taken(write, settings, name):
    with BookArchive(write({name: "text"}), settings) as archive:
        assert name in archive
        assert archive.read(name) == b"text"


@pytest.mark.parametrize(
    "name",
    ["OEBPS/Text/a.xhtml", "oebps/text/A.XHTML", "OEBPS\\Text\\a.xhtml", "/OEBPS/Text/a.xhtml", "OEBPS/./Text/a.xhtml"],
)
def test_members_are_found_whatever_their_case_and_slashes(write, settings, name):
    with BookArchive(write({"OEBPS/Text/a.xhtml": "text"}), settings) as archive:
        assert name in archive
        assert archive.read(name) == b"text"
        assert "a.xhtml" not in archive
        with pytest.raises(KeyError):
            archive.read("OEBPS/Text/b.xhtml")


def test_an_archive_is_as_large_as_the_settings_allow_and_no_larger(write, settings):
    path = write({"a": "x" * 60, "b.png": "x" * 40})
    assert opened(path, settings, max_archive_members=2, max_archive_bytes=100) == ["a", "b.png"]
    refused(path, settings, "holds 2 files, more than ingest.max_archive_members", max_archive_members=1)
    refused(path, settings, "more than ingest.max_archive_bytes", max_archive_bytes=99)
    refused(write({"a": "x" * (3 << 20)}), settings, "unpacks to 3 MiB", max_archive_bytes=1 << 20)
    packed = write(dict.fromkeys("abc", "x" * (1 << 20)), zipfile.ZIP_DEFLATED)  # a few KiB
    refused(packed, settings, "unpacks to 3 MiB", max_archive_bytes=(3 << 20) - 1, max_compression_ratio=10_000)


@pytest.mark.parametrize(
    "suffix", [".xhtml", ".html", ".htm", ".xml", ".opf", ".ncx", ".css", ".svg", ".smil", ".XHTML"]
)
def test_a_file_with_text_is_as_large_as_a_unit_may_be_and_no_larger(write, settings, suffix):
    path = write({f"a{suffix}": "x" * 100})
    assert opened(path, settings, max_unit_bytes=100) == [f"a{suffix}"]
    refused(path, settings, f"a{suffix} has 0 MiB, over ingest.max_unit_bytes", max_unit_bytes=99)
    assert opened(write({"a.jpeg": "x" * 100}), settings, max_unit_bytes=99) == ["a.jpeg"]


def test_what_hardly_takes_room_has_a_limit_all_together(write, settings):
    files = {name: bytes(600_000) for name in ("a.png", "b.png")}
    dense = write({**files, "c.png": bytes(600_001)}, zipfile.ZIP_DEFLATED)
    assert opened(dense, settings, max_unit_bytes=1_800_001)
    refused(dense, settings, r"c\.png unpacks to 1\d{3} times its size, more than .* and all such files to 1 MiB, more",
            max_unit_bytes=1_800_000)  # fmt: skip
    assert opened(dense, settings, max_unit_bytes=1_800_000, max_compression_ratio=2000)


def test_a_file_is_dense_above_the_ratio_and_not_at_it(write, settings):
    stored = write({"a.png": "x" * 1000})
    assert opened(stored, settings, max_unit_bytes=10, max_compression_ratio=1)
    path = write({"a.png": bytes(1_000_000)}, zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(path) as archive:
        packed = archive.infolist()[0].compress_size
    refused(path, settings, "zip bomb", max_unit_bytes=10, max_compression_ratio=1_000_000 // packed - 1)
    assert opened(path, settings, max_unit_bytes=10, max_compression_ratio=1_000_000 // packed + 1)
    empty = write({"a.png": "", "b.png": ""})
    assert opened(empty, settings, max_unit_bytes=0, max_compression_ratio=0)


@pytest.mark.parametrize(("flags", "locked"), [(0x1, True), (0x801, True), (0x41, True), (0x800, False), (0x2, False)])
def test_a_file_behind_a_password_is_named(write, settings, flags, locked):
    path = write({"a.txt": "text", "b.txt": "text"})
    data = bytearray(path.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    struct.pack_into("<H", data, second + 8, flags)  # "general purpose bit flag" of the directory's entry
    path.write_bytes(data)
    if locked:
        refused(path, settings, r"is locked with a password \(b\.txt\); unlock it first")
    else:
        assert opened(path, settings) == ["a.txt", "b.txt"]


@pytest.mark.parametrize("name", ["META-INF/sinf.xml", "META-INF/license.lcpl", "meta-inf/LICENSE.LCPL"])
def test_the_files_of_two_kinds_of_drm(write, settings, name):
    refused(write({name: "x"}), settings, "is protected by DRM")


@pytest.mark.parametrize(
    ("algorithm", "uri", "locked"),
    [
        (IDPF_FONT, "a.bin", False),
        (ADOBE_FONT, "a.bin", False),
        (AES, "a.otf", False),
        (AES, "a.ttf", False),
        (AES, "a.woff", False),
        (AES, "a.woff2", False),
        (AES, "A.TTC", False),
        (AES, "a.xhtml", True),
        (AES, "a.ttf.xhtml", True),
        ("", "a.xhtml", True),
    ],
)
def test_encrypted_fonts_hide_no_text(write, settings, algorithm, uri, locked):
    font = ENCRYPTED.format(IDPF_FONT, "b.otf")
    path = write({"META-INF/encryption.xml": ENCRYPTION.format(font + ENCRYPTED.format(algorithm, uri))})
    if locked:
        refused(path, settings, "is protected by DRM")
    else:
        assert opened(path, settings)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (ENCRYPTION.format("<enc:EncryptedData/>"), "is protected by DRM"),
        (ENCRYPTION.format('<enc:EncryptedData><enc:EncryptionMethod Algorithm="a"/></enc:EncryptedData>'), "DRM"),
        ("", "encryption.xml is damaged: it is not well-formed XML"),
    ],
)
def test_what_is_encrypted_and_nobody_can_say_how_is_taken_for_locked(write, settings, content, message):
    refused(write({"META-INF/encryption.xml": content}), settings, message)


def test_nothing_encrypted_is_not_locked(write, settings):
    assert opened(write({"META-INF/encryption.xml": ENCRYPTION.format("")}), settings)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06"])
def test_what_is_no_archive(tmp_path, settings, content):
    path = tmp_path / "book.epub"
    path.write_bytes(content)
    refused(path, settings, "is not an EPUB, or is damaged")


def _is_a_folder(path):
    path.unlink()
    path.mkdir()


def _needs_a_later_program(path):
    data = bytearray(path.read_bytes())
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 6, 99)  # "version needed to extract"
    path.write_bytes(data)


def _has_a_name_in_no_encoding(path):
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02")
    struct.pack_into("<H", data, entry + 8, 0x800)  # the name is UTF-8
    data[entry + 46 : entry + 48] = b"\xff\xfe"
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [_is_a_folder, _needs_a_later_program, _has_a_name_in_no_encoding])
def test_whatever_python_says_of_an_archive_that_it_cannot_open_is_one_clear_line(write, settings, damage):
    path = write({"ab.txt": "text"})
    damage(path)
    refused(path, settings, "is not an EPUB, or is damaged: ")


def test_a_directory_that_calls_a_large_file_nothing_in_the_archive_is_a_bomb(write, settings):
    path = write({"a.png": bytes(300)}, zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 20, 0)  # "compressed size"
    path.write_bytes(data)
    refused(path, settings, r"a\.png unpacks to 300 times its size", max_unit_bytes=299)


def test_a_member_that_is_damaged_is_named_without_its_strange_characters(write, settings):
    name = "a\nb" + "c" * 100
    path = write({name: "text that will be another"})
    path.write_bytes(path.read_bytes().replace(b"another", b"changed"))
    with BookArchive(path, settings) as archive, pytest.raises(UnreadableBookError) as caught:
        archive.read(name)
    assert str(caught.value).startswith(f"book.epub: a\ufffdb{'c' * 77} is damaged: ")


def test_a_member_that_does_not_unpack_is_named(write, settings):
    path = write({"a.txt": "many words " * 100}, zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    start = data.index(b"a.txt") + 5
    data[start : start + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    with BookArchive(path, settings) as archive, pytest.raises(UnreadableBookError, match=r"^book\.epub: a\.txt "):
        archive.read("a.txt")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not name open files")
def test_no_archive_stays_open(write, settings):
    path = write({"../x": "x"})
    refused(path, settings, "points outside")
    opened(write({"x": "x"}), settings)
    assert str(path) not in [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.exists()]


@pytest.mark.parametrize(
    ("base", "href", "wanted"),
    [
        ("OEBPS/a.opf", "text/b.xhtml", "OEBPS/text/b.xhtml"),
        ("OEBPS/text/a.xhtml", "../b%20c.xhtml#here#there", "OEBPS/b c.xhtml"),
        ("OEBPS/text/a.xhtml", "#here", "OEBPS/text/a.xhtml"),
        ("OEBPS/text/a.xhtml", " ", "OEBPS/text/a.xhtml"),
        ("OEBPS/a.opf", "text\\b.xhtml ", "OEBPS/text/b.xhtml"),
        ("OEBPS/a.opf", "/b.xhtml", "b.xhtml"),
        ("a.opf", "b%23c.xhtml#d", "b#c.xhtml"),
        ("OEBPS/a.opf", "./text/../b.xhtml", "OEBPS/b.xhtml"),
    ],
)
def test_where_a_link_leads(base, href, wanted):
    assert resolve(base, href) == wanted


def test_what_is_well_formed_has_no_problem():
    root, problem = parse_xml(b"<a><b>text</b></a>")
    assert (root.tag, root.findtext("b"), problem) == ("a", "text", "")


@pytest.mark.parametrize(
    ("data", "tag"),
    [
        (b"<a><dc:b/></a>", "{http://purl.org/dc/elements/1.1/}b"),
        (b"<a><dcterms:b/></a>", "{http://purl.org/dc/terms/}b"),
        (b"<a><opf:b/></a>", "{http://www.idpf.org/2007/opf}b"),
        (b"<a><epub:b/></a>", "{http://www.idpf.org/2007/ops}b"),
        (b"<a><ncx:b/></a>", "{http://www.daisy.org/z3986/2005/ncx/}b"),
        (b"<a><xsi:b/></a>", "{http://www.w3.org/2001/XMLSchema-instance}b"),
        (b"<a><own-1.2:b/></a>", "{urn:undeclared:own-1.2}b"),
        (b"<?xml version='1.0'?><!-- x --><a.b:c><d></a.b:c>", "{urn:undeclared:a.b}c"),
        (b"<a xmlns:dc='urn:other'><dc:b/><e></a>", "{urn:other}b"),
    ],
)
def test_prefixes_that_nobody_declared_are_declared(data, tag):
    root, problem = parse_xml(data)
    assert problem.startswith("is not well-formed XML and was repaired: ") or tag not in problem
    assert [element.tag for element in root.iter("*") if element.tag == tag] == [tag]


def test_the_prefix_of_an_attribute_is_declared_too():
    root, problem = parse_xml(b"<a><b opf:role = 'aut' xml:lang='en' x='opf:y'/></a>")
    assert problem
    assert dict(root[0].attrib) == {
        "{http://www.idpf.org/2007/opf}role": "aut",
        "{http://www.w3.org/XML/1998/namespace}lang": "en",
        "x": "opf:y",
    }
    assert dict(root.nsmap) == {"opf": "http://www.idpf.org/2007/opf"}


def test_where_nothing_can_be_repaired_there_is_no_root():
    root, problem = parse_xml(b"\x00\x01")
    assert root is None
    assert problem.startswith("is not well-formed XML")


@pytest.mark.parametrize(("deep", "depth", "passes"), [(False, 250, True), (False, 300, False), (True, 2000, True)])
def test_how_deep_elements_may_be_nested(deep, depth, passes):
    text = "<x>" * depth + "</x>" * depth
    if passes:
        assert len(list(etree.fromstring(text, safe_parser(deep=deep)).iter())) == depth
    else:
        with pytest.raises(etree.XMLSyntaxError, match=r"[Dd]epth"):
            etree.fromstring(text, safe_parser(deep=deep))


def test_only_a_recovering_parser_repairs():
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring("<a><b></a>", safe_parser())
    assert etree.fromstring("<a><b></a>", safe_parser(recover=True)).tag == "a"


@pytest.mark.parametrize("recover", [False, True])
@pytest.mark.parametrize("deep", [False, True])
def test_no_parser_reads_entities_or_document_types(tmp_path, recover, deep):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "types.dtd").write_text('<!ENTITY b "secret"><!ATTLIST x c CDATA "secret">')
    secret = f'<!ENTITY a SYSTEM "{(tmp_path / "secret").as_uri()}">'
    kind = f'<!DOCTYPE x SYSTEM "{(tmp_path / "types.dtd").as_uri()}" [{secret}<!ENTITY d "secret">]>'
    text = f"{kind}<x>A&a;B&d;C</x>"
    root = etree.fromstring(text, safe_parser(recover=recover, deep=deep))
    assert "".join(root.xpath("//text()")) == "ABC"
    assert not root.attrib
