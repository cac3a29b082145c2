"""Converts a Word document to HTML, by mammoth; what mammoth would drop is put right, or left out by name, before.

Must not know blocks or chapters.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import mammoth
from lxml import etree

from tasks.errors import UnreadableBookError
from tasks.ingest.archive import BookArchive, safe_parser
from tasks.ingest.html.parse import text_of
from tasks.ingest.recount import require_equal
from tasks.ingest.skips import SkipRule

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_STRICT_W = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_UNWRAPPED = frozenset({"fldSimple", "oMathPara", "moveTo", "customXml", "bdo", "dir", "rubyBase", "ruby"})
_MAX_LEVEL = 6
_STYLE_MAP = """
p[style-name='Title'] => p.title:fresh
p[style-name='Subtitle'] => p.subtitle:fresh
p[style-name='HTML Preformatted'] => pre.code:separator('\\n')
p[style-name='Code'] => pre.code:separator('\\n')
p[style-name='Source Code'] => pre.code:separator('\\n')
p[style-name='Quote'] => blockquote > p:fresh
p[style-name='Intense Quote'] => blockquote > p:fresh
p[style-name='Block Text'] => blockquote > p:fresh
p[style-name^='toc '] => p.toc:fresh
p[style-name='TOC Heading'] => p.toc:fresh
p[style-name='table of figures'] => p.toc:fresh
p[style-name='caption'] => figcaption:fresh
p[style-name^='Verse'] => p.verse:fresh
p[style-name^='Poem'] => p.verse:fresh
p[style-name^='Poetry'] => p.verse:fresh
"""
# The parts of a document that hold text around the text, by the beginning of their names.
_AROUND = {
    "comments.xml": SkipRule.COMMENT,
    "header": SkipRule.RUNNING_HEAD,
    "footer": SkipRule.RUNNING_HEAD,
}
_CORE = {
    "title": "title",
    "creator": "authors",
    "language": "language",
    "description": "description",
    "date": "date",
    "keywords": "keywords",
}


@dataclass
class WordDocument:
    """A Word document as HTML, with its properties and the text of it that is not read."""

    body: etree._Element
    properties: dict[str, str] = field(default_factory=dict)
    left_out: list[tuple[str, SkipRule]] = field(default_factory=list)  # text and skip rule


def read_docx(archive: BookArchive) -> WordDocument:
    """Converts the document in a checked archive.

    Raises:
        UnreadableBookError: it is no Word document, or damaged.
        CoverageError: text would be lost; a fault of ours.
    """
    name = archive.path.name
    left_out: list[tuple[str, SkipRule]] = []
    # 1. Prepare the text and the notes for mammoth.
    main = _main_part(archive)
    parts = {main: _xml(archive, main)}
    folder = posixpath.dirname(main)
    for note_part in ("footnotes.xml", "endnotes.xml"):
        if (path := posixpath.join(folder, note_part)) in archive:
            parts[path] = _xml(archive, path)
    for part in parts.values():
        _prepare(part, left_out)
    # 2. Convert them.
    styles = _heading_styles(archive, posixpath.join(folder, "styles.xml"))
    try:
        result = mammoth.convert_to_html(
            io.BytesIO(_rebuilt(archive, parts)),
            style_map=_STYLE_MAP + "".join(f"p.{style} => h{level}:fresh\n" for style, level in styles),
            convert_image=mammoth.images.img_element(lambda image: {"src": ""}),
            external_file_access=False,
        )
    except UnreadableBookError:
        raise
    except Exception as error:  # mammoth checks little and fails in any way Python can
        raise UnreadableBookError(f"{name} is a damaged Word document: {error!r}") from error
    body = etree.fromstring(f"<body>{result.value}</body>", etree.HTMLParser()).find(".//body")
    if body is None:
        body = etree.Element("body")
    # 3. Give notes and lists of contents the roles that the skip rules know, and count the characters again.
    _mark_notes(body)
    _mark_contents(body)
    _require_whole(parts.values(), body, name)
    left_out += _around(archive, folder)
    return WordDocument(body, _properties(archive), left_out)


def _main_part(archive: BookArchive) -> str:
    """Returns the path of the text itself."""
    if "_rels/.rels" in archive:
        for relation in _xml(archive, "_rels/.rels").iter("{*}Relationship"):
            if (relation.get("Type") or "").endswith("/officeDocument"):
                path = (relation.get("Target") or "").lstrip("/")
                if path in archive:
                    return path
    raise UnreadableBookError(f"{archive.path.name} is not a Word document: it names no main part")


def _xml(archive: BookArchive, name: str) -> etree._Element:
    """Parses one part. Raises `UnreadableBookError` for what is not well-formed."""
    try:
        return etree.fromstring(archive.read(name), safe_parser())
    except etree.XMLSyntaxError as error:
        raise UnreadableBookError(f"{archive.path.name}: {name} is damaged: {' '.join(error.msg.split())}") from error


def _prepare(root: etree._Element, left_out: list[tuple[str, SkipRule]]) -> None:
    """Takes out of a part what is not to be read, and turns what mammoth does not know into what it does."""
    for choice in list(root.iter("{*}Choice")):
        _remove(choice)  # its text stands in the Fallback as well
    _take_out_deletions(root, left_out)
    _take_out_hidden(root, left_out)
    for ruby in list(root.iter("{*}rt")):
        left_out.append(("".join(ruby.itertext("{*}t")), SkipRule.RUBY_ANNOTATION))
        _remove(ruby)
    for formula in list(root.iter("{*}oMath")):
        _replace(formula, [_run("".join(formula.itertext("{*}t")))])
    for element in list(root.iter(*(f"{{*}}{name}" for name in sorted(_UNWRAPPED)))):
        _replace(element, list(element))
    for frame in list(root.iter("{*}framePr")):
        _join_drop_cap(frame)


def _take_out_deletions(root: etree._Element, left_out: list[tuple[str, SkipRule]]) -> None:
    """Takes out text that was deleted or moved away with tracked changes."""
    marks = [change for change in root.iter("{*}del") if not len(change)]
    for element in [change for change in root.iter("{*}del", "{*}moveFrom") if len(change)]:
        _take_out_deleted(element, left_out)
    # Without text are the marks of a row, and of the end of a paragraph: mammoth joins it to the next, or drops it.
    for mark in marks:
        holder = mark.getparent()
        row = holder.getparent() if holder is not None and _local(holder) == "trPr" else None
        paragraph = next(mark.iterancestors("{*}p"), None)
        following = paragraph.getnext() if paragraph is not None else None
        if row is not None:
            _take_out_deleted(row, left_out)
        elif following is None or _local(following) != "p":
            _remove(mark)


def _take_out_deleted(element: etree._Element, left_out: list[tuple[str, SkipRule]]) -> None:
    """Takes out an element that was deleted."""
    if text := "".join(element.itertext("{*}delText", "{*}t")):
        left_out.append((text, SkipRule.TRACKED_DELETION))
    _remove(element)


def _take_out_hidden(root: etree._Element, left_out: list[tuple[str, SkipRule]]) -> None:
    """Takes out hidden text."""
    for run in list(root.iter("{*}r")):
        hidden = run.find("{*}rPr/{*}vanish")
        if hidden is not None and _value(hidden) not in ("0", "false", "off"):
            if text := "".join(run.itertext("{*}t")):
                left_out.append((text, SkipRule.HIDDEN))
            _remove(run)


def _join_drop_cap(frame: etree._Element) -> None:
    """Puts a drop cap, which is a paragraph of its own, before the word that it begins."""
    paragraph = frame.getparent().getparent() if frame.getparent() is not None else None
    following = paragraph.getnext() if paragraph is not None else None
    kind = next((value for key, value in frame.attrib.items() if key.endswith("dropCap")), "")
    if kind not in ("drop", "margin") or paragraph is None or following is None or _local(following) != "p":
        return
    at = 1 if len(following) and _local(following[0]) == "pPr" else 0
    runs = [child for child in paragraph if _local(child) != "pPr"]
    for offset, run in enumerate(runs):
        following.insert(at + offset, run)
    _remove(paragraph)


def _run(text: str) -> etree._Element:
    """Makes a run, Word's element for text, of a text."""
    run = etree.Element(f"{{{_W}}}r")
    etree.SubElement(run, f"{{{_W}}}t").text = text
    return run


def _heading_styles(archive: BookArchive, path: str) -> Iterator[tuple[str, int]]:
    """Yields the paragraph styles of headings as (style id, level from 1).

    The level is the outline level of a style, or of the nearest one that it is based on.
    """
    if path not in archive:
        return
    styles = {_attribute(style, "styleId"): style for style in _xml(archive, path).iter("{*}style")}
    for name in styles:
        visited = set()
        current = name
        while current in styles and current not in visited:
            visited.add(current)
            level = styles[current].find("{*}pPr/{*}outlineLvl")
            if level is not None:
                if _value(level).isdigit() and int(_value(level)) < _MAX_LEVEL and name.isidentifier():
                    yield name, int(_value(level)) + 1
                break
            base = styles[current].find("{*}basedOn")
            current = _value(base) if base is not None else ""


def _rebuilt(archive: BookArchive, parts: dict[str, etree._Element]) -> bytes:
    """Makes an archive of the prepared parts and of the others, without media, macros and comments."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name in archive.zip.namelist():
            if name in parts:
                data = etree.tostring(parts[name], xml_declaration=True, encoding="UTF-8", standalone=True)
            elif name.lower().endswith((".xml", ".rels")) and "comments" not in name.lower():
                data = archive.read(name)
                letters = data.replace(b"\0", b"")  # UTF-16 as well
                if b"<!DOCTYPE" in letters or b"<!ENTITY" in letters:
                    raise UnreadableBookError(
                        f"{archive.path.name}: {name} holds a document type, as no Word file does"
                    )
            else:
                continue
            target.writestr(name, data)
    return buffer.getvalue()


def _mark_notes(body: etree._Element) -> None:
    """Gives mammoth's notes their roles and takes away the arrows that it makes."""
    for link in list(body.iter("a")):
        href = link.get("href") or ""
        id_ = link.get("id") or ""
        if "-ref-" in href and (link.text or "") == "↑":
            _remove(link)
        elif id_.startswith(("footnote-ref-", "endnote-ref-")):
            link.set("role", "doc-noteref")
            link.text = (link.text or "").strip("[]")
    for item in body.iter("li"):
        if (item.get("id") or "").startswith(("footnote-", "endnote-")):
            item.set("role", "doc-footnote")


def _mark_contents(body: etree._Element) -> None:
    """Gives the paragraphs of a list of contents their role."""
    for paragraph in body.iter("p"):
        if paragraph.get("class") == "toc":
            paragraph.set("role", "doc-toc")


def _require_whole(parts: Iterable[etree._Element], body: etree._Element, name: str) -> None:
    """Raises `CoverageError` where characters of the parts' texts are not in the HTML. (It adds some, for notes.)"""
    expected: Counter[str] = Counter()
    for root in parts:
        notes = {id(note) for note in root.iter("{*}footnote", "{*}endnote") if _attribute(note, "type")}
        for text in root.iter("{*}t"):
            if not any(id(parent) in notes for parent in text.iterancestors()):
                expected.update("".join((text.text or "").split()))
    require_equal(expected, expected & Counter(text_of(body).replace(" ", "")), name)


def _around(archive: BookArchive, folder: str) -> Iterator[tuple[str, SkipRule]]:
    """Yields the text around the text, with its skip rule: headers and footers of pages, and comments."""
    for name in sorted(archive.zip.namelist()):
        base = posixpath.basename(name)
        rule = next((rule for start, rule in _AROUND.items() if base.startswith(start)), None)
        if rule is None or posixpath.dirname(name) != folder or not base.endswith(".xml"):
            continue
        if text := " ".join("".join(p.itertext("{*}t")) for p in _xml(archive, name).iter("{*}p")).strip():
            yield text, rule


def _properties(archive: BookArchive) -> dict[str, str]:
    """Reads the document's properties, by the names in `_CORE`."""
    if "docProps/core.xml" not in archive:
        return {}
    found: dict[str, str] = {}
    for element in _xml(archive, "docProps/core.xml"):
        name = _CORE.get(_local(element))
        if name and (element.text or "").strip():
            found[name] = " ".join((element.text or "").split())
    return found


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _attribute(element: etree._Element, name: str) -> str:
    """Returns an attribute in Word's namespace, the usual or the strict one; "" where there is none."""
    return element.get(f"{{{_W}}}{name}") or element.get(f"{{{_STRICT_W}}}{name}") or ""


def _value(element: etree._Element) -> str:
    return _attribute(element, "val")


def _remove(element: etree._Element) -> None:
    """Takes an element out, keeping the text behind it."""
    parent = element.getparent()
    if parent is not None:
        _replace(element, [])


def _replace(element: etree._Element, children: list[etree._Element]) -> None:
    """Puts `children` in the place of an element, keeping the text behind it."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    at = parent.index(element)
    parent.remove(element)
    for offset, child in enumerate(children):
        parent.insert(at + offset, child)
