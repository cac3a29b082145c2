"""Opens a book archive safely: size limits, names that stay inside, no DRM. Must not know what an EPUB's files mean.

Nothing is ever unpacked to disk, and a member is read only after its declared size has been checked (Python's zipfile
stops at the declared size, so a lying header cannot get past the limits).
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from configs.settings import IngestSettings
from tasks.errors import UnreadableBookError

_MIB = 1024 * 1024
_SHOWN_CHARS = 80  # of a name in a message
_ENCRYPTED_FLAG = 0x1
# Obfuscated fonts are listed in encryption.xml too, but hide no text (EPUB 3.3, section 4.4; Adobe's older scheme).
_FONT_OBFUSCATION = frozenset({"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"})
_FONT_SUFFIXES = (".otf", ".ttf", ".woff", ".woff2", ".ttc")
_NAMESPACES = {
    b"dc": b"http://purl.org/dc/elements/1.1/",
    b"dcterms": b"http://purl.org/dc/terms/",
    b"opf": b"http://www.idpf.org/2007/opf",
    b"epub": b"http://www.idpf.org/2007/ops",
    b"xsi": b"http://www.w3.org/2001/XMLSchema-instance",
    b"ncx": b"http://www.daisy.org/z3986/2005/ncx/",
}
_DRM_FILES = ("META-INF/sinf.xml", "META-INF/license.lcpl")
_TEXT_SUFFIXES = (".xhtml", ".html", ".htm", ".xml", ".opf", ".ncx", ".css", ".svg", ".smil")


def safe_parser(*, recover: bool = False, deep: bool = False) -> etree.XMLParser:
    """Makes an XML parser that expands no entities, opens no network and keeps libxml2's limits on depth and size.

    Args:
        recover: whether what is not well-formed is repaired instead of refused.
        deep: whether elements may be nested 2048 deep instead of 256, and a text may have more than 10 MB.
    """
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=deep, recover=recover)


def parse_xml(data: bytes) -> tuple[etree._Element | None, str]:
    """Parses an XML file. Returns its root and what is wrong with it, "" for nothing.

    What is not well-formed is repaired: undeclared prefixes are declared, the rest is libxml2's recovery. The root is
    `None` where nothing is left.
    """
    try:
        return etree.fromstring(data, safe_parser()), ""
    except etree.XMLSyntaxError as error:
        problem = f"is not well-formed XML and was repaired: {error.msg}"
    try:
        root = etree.fromstring(_declare_prefixes(data), safe_parser(recover=True))
    except etree.XMLSyntaxError:
        root = None
    return root, problem


def _declare_prefixes(data: bytes) -> bytes:
    """Declares on the first element every namespace prefix that a file uses without declaring it."""
    declared = set(re.findall(rb"xmlns:([\w.-]+)\s*=", data)) | {b"xml", b"xmlns"}
    used = set(re.findall(rb"</?([A-Za-z_][\w.-]*):", data)) | set(
        re.findall(rb"\s([A-Za-z_][\w.-]*):[\w.-]+\s*=", data)
    )
    missing = b"".join(
        b' xmlns:%s="%s"' % (prefix, _NAMESPACES.get(prefix, b"urn:undeclared:" + prefix))
        for prefix in sorted(used - declared)
    )
    return re.sub(rb"<[A-Za-z_][\w.:-]*", lambda match: match[0] + missing, data, count=1)


def resolve(base: str, href: str) -> str:
    """Returns the archive path to which `href` in the file `base` leads: decoded, `..` resolved, no fragment."""
    path = unquote(href.split("#", 1)[0]).replace("\\", "/").strip()
    if not path:
        return base
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), path)).lstrip("/")


def _shown(member: str) -> str:
    """Returns a member's name as a message in one line can hold it: such names may be any bytes."""
    return "".join(character if character.isprintable() else "\ufffd" for character in member[:_SHOWN_CHARS])


class BookArchive:
    """A checked zip archive that finds its members by name, whatever their case or kind of slash."""

    def __init__(self, path: Path, settings: IngestSettings) -> None:
        self.path = path
        try:
            self.zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise UnreadableBookError(f"{path.name} is not an EPUB, or is damaged: {error}") from error
        try:
            self._check_members(self.zip.infolist(), settings)
            self._names = {self._key(name): name for name in self.zip.namelist()}
            self._check_drm()
        except BaseException:
            self.zip.close()
            raise

    def __enter__(self) -> BookArchive:
        return self

    def __exit__(self, *_: object) -> None:
        self.zip.close()

    @staticmethod
    def _key(name: str) -> str:
        return posixpath.normpath(name.replace("\\", "/")).lstrip("/").lower()

    def __contains__(self, name: str) -> bool:
        return self._key(name) in self._names

    def names(self) -> list[str]:
        """Lists the names of all members."""
        return list(self._names.values())

    def read(self, name: str) -> bytes:
        """Reads a member. Raises `KeyError` where there is none, `UnreadableBookError` where it is damaged."""
        member = self._names[self._key(name)]
        try:
            return self.zip.read(member)
        except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
            raise UnreadableBookError(f"{self.path.name}: {_shown(member)} is damaged: {error}") from error
        except Exception as error:  # zlib.error, lzma.LZMAError, ...: every decompressor has its own base class
            raise UnreadableBookError(f"{self.path.name}: {_shown(member)} cannot be unpacked: {error}") from error

    def _check_members(self, members: Iterable[zipfile.ZipInfo], settings: IngestSettings) -> None:
        """Raises `UnreadableBookError` for an archive that is too large, or a member that is hostile or locked."""
        name = self.path.name
        members = list(members)
        if len(members) > settings.max_archive_members:
            raise UnreadableBookError(f"{name} holds {len(members)} files, more than ingest.max_archive_members allows")
        total = sum(member.file_size for member in members)
        if total > settings.max_archive_bytes:
            raise UnreadableBookError(
                f"{name} unpacks to {total // _MIB} MiB, more than ingest.max_archive_bytes allows (a zip bomb?)"
            )
        for member in members:
            parts = member.filename.replace("\\", "/").split("/")
            if ".." in parts or member.filename.startswith(("/", "\\")) or ":" in parts[0]:
                raise UnreadableBookError(f"{name} holds a file that points outside of it: {member.filename!r}")
            if member.flag_bits & _ENCRYPTED_FLAG:
                raise UnreadableBookError(
                    f"{name} is locked with a password ({_shown(member.filename)}); unlock it first"
                )
            if member.filename.lower().endswith(_TEXT_SUFFIXES) and member.file_size > settings.max_unit_bytes:
                raise UnreadableBookError(
                    f"{name}: {_shown(member.filename)} has {member.file_size // _MIB} MiB, over ingest.max_unit_bytes"
                )

        self._check_compression(members, settings)

    def _check_compression(self, members: Iterable[zipfile.ZipInfo], settings: IngestSettings) -> None:
        """Raises `UnreadableBookError` where what hardly takes room in the archive is large unpacked, all together.

        A little of it is in good books: a page of one phrase again and again, the empty picture of a drawing.
        """
        limit = settings.max_compression_ratio
        dense = [member for member in members if member.file_size > limit * max(member.compress_size, 1)]
        unpacked = sum(member.file_size for member in dense)
        if unpacked <= settings.max_unit_bytes:
            return
        largest = max(dense, key=lambda member: member.file_size)
        ratio = largest.file_size / max(largest.compress_size, 1)
        raise UnreadableBookError(
            f"{self.path.name}: {_shown(largest.filename)} unpacks to {ratio:.0f} times its size, more than "
            f"ingest.max_compression_ratio, and all such files to {unpacked // _MIB} MiB, more than "
            "ingest.max_unit_bytes allows (a zip bomb?)"
        )

    def _check_drm(self) -> None:
        """Raises `UnreadableBookError` where files of the archive are encrypted, fonts apart."""
        locked = UnreadableBookError(
            f"{self.path.name} is protected by DRM; Talepress reads only unprotected books: "
            "buy or borrow it where it is sold without"
        )
        if any(name in self for name in _DRM_FILES):
            raise locked
        if "META-INF/encryption.xml" not in self:
            return
        root, problem = parse_xml(self.read("META-INF/encryption.xml"))
        if root is None:
            raise UnreadableBookError(f"{self.path.name}: META-INF/encryption.xml is damaged: it {problem}")
        for data in root.iter("{*}EncryptedData"):
            method = data.find("{*}EncryptionMethod")
            reference = data.find(".//{*}CipherReference")
            uri = "" if reference is None else (reference.get("URI") or "").lower()
            hides_text = method is None or method.get("Algorithm") not in _FONT_OBFUSCATION
            if hides_text and not uri.endswith(_FONT_SUFFIXES):
                raise locked
