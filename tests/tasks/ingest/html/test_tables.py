"""Tables of data are told from tables that lay out a page; a cell is spoken with its header where that helps."""

from __future__ import annotations

import pytest
from lxml import etree

from tasks.ingest.html.tables import announcement, is_data_row, spoken_with_header

HEAD = "<tr><th>Name</th><th>Age</th></tr>"


def table(rows, attributes=""):
    return etree.fromstring(f"<table {attributes}>{rows}</table>")


@pytest.mark.parametrize(
    ("cells", "is_data"),
    [
        ("<td>a</td><td>b</td>", True),
        ("<td><p>a</p></td><td><p>b</p></td>", True),  # a paragraph a cell
        ("<td><p>a</p><p>c</p></td><td/>", True),
        ("<td><p>a</p><p>c</p></td>", False),
        ("<td><h3>a</h3></td><td>b</td>", True),
        *((f"<td><{tag}/></td><td>b</td>", False) for tag in ("table", "ul", "ol", "h1", "h2")),
        ("<th>a</th><th><p>b</p></th>", True),
    ],
)
def test_cells_with_paragraphs_lists_or_tables_are_layout(cells, is_data):
    assert is_data_row(table(f"<tr>{cells}</tr>")[0]) is is_data


@pytest.mark.parametrize(
    ("rows", "spoken"),
    [
        (f"{HEAD}<tr><td>Ann</td><td> 5\n</td></tr>", "Age: 5"),
        (f"<thead>{HEAD}</thead><tbody><tr><td>Ann</td><td>5\u00ad6</td></tr></tbody>", "Age: 56"),
        (f"{HEAD}<tr><td>Ann</td><th>5</th></tr>", ""),  # a header itself
        (f"{HEAD}<tr><td>5</td></tr>", ""),  # names its row
        (f"{HEAD}<tr><td>Ann</td><td><b>5</b></td></tr>", ""),
        (f"{HEAD}<tr><td>Ann</td><td> </td></tr>", ""),
        (f"{HEAD}<tr><td>Ann</td><td>{'x' * 60}</td></tr>", f"Age: {'x' * 60}"),
        (f"{HEAD}<tr><td>Ann</td><td>{'x' * 61}</td></tr>", ""),
        (f"{HEAD}<tr><td>Ann</td><td>a</td><td>b</td></tr>", ""),  # more cells than headers
        ("<tr><th>Name</th><td>Age</td></tr><tr><td>Ann</td><td>5</td></tr>", ""),
        ("<tr><th>Name</th><th colspan='1'>Age</th></tr><tr><td>Ann</td><td>5</td></tr>", ""),
        ("<tr><th>Name</th><th/></tr><tr><td>Ann</td><td>5</td></tr>", ""),
        (f"<tr><th>Name</th><th>{'y' * 60}</th></tr><tr><td>Ann</td><td>5</td></tr>", f"{'y' * 60}: 5"),
        (f"<tr><th>Name</th><th>{'y' * 61}</th></tr><tr><td>Ann</td><td>5</td></tr>", ""),
        ("<tr><th>Name</th><th><b>A</b>\u200bge </th></tr><tr><td>Ann</td><td>5</td></tr>", "Age: 5"),
    ],
)
def test_a_short_plain_cell_is_spoken_with_its_header(rows, spoken):
    last = [cell for cell in table(rows).iter("td", "th")][-1]
    assert spoken_with_header(last) == spoken


def test_a_cell_of_no_table_has_no_header():
    assert spoken_with_header(etree.fromstring("<td>x</td>")) == ""
    assert spoken_with_header(etree.fromstring("<tr><td>a</td><td>b</td></tr>")[1]) == ""


@pytest.mark.parametrize(
    ("rows", "attributes", "said"),
    [
        (HEAD * 2, "", "A table of 2 rows and 2 columns is left out here."),
        (f"{HEAD}<tr>{'<td>a</td>' * 3}</tr>{HEAD}", "", "A table of 3 rows and 3 columns is left out here."),
        (HEAD, "", ""),
        ("<tr><td>a</td></tr>" * 3, "", ""),
        (HEAD * 2, "role='Presentation'", ""),
        (HEAD * 2, "role='none'", ""),
        (HEAD * 2, "role='table'", "A table of 2 rows and 2 columns is left out here."),
        (f"{HEAD}<tr><td><ul/></td><td>b</td></tr>", "", ""),
        (f"<caption/>{HEAD}<tr><td>a</td></tr>", "", "A table of 2 rows and 2 columns is left out here."),
    ],
)  # fmt: skip
def test_a_table_of_data_is_announced_by_its_size(rows, attributes, said):
    assert announcement(table(rows, attributes)) == said
