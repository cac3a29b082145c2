"""Tells tables of data from tables that lay out a page. Must not know how either is read."""

from __future__ import annotations

from lxml import etree

from tasks.ingest.events import INVISIBLE
from tasks.ingest.html.elements import local_name

ROW_GROUPS = frozenset({"thead", "tbody", "tfoot", "tr", "col", "colgroup"})
_CELLS = frozenset({"td", "th"})
_MAX_CELL_CHARS = 60  # longer ones are sentences, and a listener remembers what they are about
_LAYOUT = frozenset({"table", "ul", "ol", "h1", "h2"})


def is_data_row(row: etree._Element) -> bool:
    """Tells whether a row's cells belong together. Cells with paragraphs, lists or tables in them are layout."""
    paragraphs = cells = 0
    for inner in row.iterdescendants(etree.Element):
        tag = local_name(inner)
        if tag in _LAYOUT:
            return False
        paragraphs += tag == "p"
        cells += tag in _CELLS
    return paragraphs <= cells


def spoken_with_header(cell: etree._Element) -> str:
    """Returns "Age: 5" for the cell 5 under the header Age; "" for a cell that is spoken as it stands.

    Spoken as they stand are headers, the first cell of a row (it names the row), long or marked-up cells, and all cells
    of a table without a plain first row of headers.
    """
    row = cell.getparent()
    table = next(cell.iterancestors("{*}table", "table"), None)
    if row is None or table is None or local_name(cell) != "td" or len(cell) or row.index(cell) == 0:
        return ""
    text = " ".join(INVISIBLE.sub("", cell.text or "").split())
    headers = _headers(table)
    if not text or len(text) > _MAX_CELL_CHARS or len(headers) != len(row):
        return ""
    header = headers[row.index(cell)]
    return f"{header}: {text}" if header else ""


def _headers(table: etree._Element) -> list[str]:
    """Returns the texts of a table's first row, if it consists of plain header cells, else nothing."""
    first = next(table.iter("{*}tr", "tr"), None)
    if first is None or any(local_name(cell) != "th" or cell.get("colspan") for cell in first):
        return []
    headers = [" ".join(INVISIBLE.sub("", "".join(cell.itertext())).split()) for cell in first]
    return [header if len(header) <= _MAX_CELL_CHARS else "" for header in headers]


def announcement(table: etree._Element) -> str:
    """Returns what is spoken in place of a table; "" for one that lays out a page or has one row or column."""
    if (table.get("role") or "").lower() in ("presentation", "none"):
        return ""
    rows = [row for row in table.iter("{*}tr", "tr")]
    columns = max((sum(1 for cell in row if local_name(cell) in _CELLS) for row in rows), default=0)
    if len(rows) < 2 or columns < 2 or not all(is_data_row(row) for row in rows):
        return ""
    return f"A table of {len(rows)} rows and {columns} columns is left out here."
