"""Tells tables of data from tables that lay out a page. Must not know how either is read."""

from __future__ import annotations

from lxml import etree

from tasks.ingest.elements import local_name

ROW_GROUPS = frozenset({"thead", "tbody", "tfoot", "tr", "col", "colgroup"})
_CELLS = frozenset({"td", "th"})
_LAYOUT = frozenset({"table", "ul", "ol", "h1", "h2"})


def is_data_row(row: etree._Element) -> bool:
    """Whether a row's cells belong together. Cells with several paragraphs, lists or tables in them are layout."""
    paragraphs = cells = 0
    for inner in row.iterdescendants(etree.Element):
        tag = local_name(inner)
        if tag in _LAYOUT:
            return False
        paragraphs += tag == "p"
        cells += tag in _CELLS
    return paragraphs <= cells


def announcement(table: etree._Element) -> str:
    """What is said in place of a table, or "" for one that lays out a page: fewer than two rows or columns."""
    if (table.get("role") or "").lower() in ("presentation", "none"):
        return ""
    rows = [row for row in table.iter("{*}tr", "tr")]
    columns = max((sum(1 for cell in row if local_name(cell) in _CELLS) for row in rows), default=0)
    if len(rows) < 2 or columns < 2 or not all(is_data_row(row) for row in rows):
        return ""
    return f"A table of {len(rows)} rows and {columns} columns is left out here."
