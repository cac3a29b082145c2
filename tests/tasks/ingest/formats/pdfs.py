"""PDFs for tests, set line by line with fpdf2, so that every line's end and place is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fpdf import FPDF

WIDTH = 420.0
HEIGHT = 595.0
LEFT = 45.0
RIGHT = 375.0
TOP = 70.0
LEADING = 14.0
SIZE = 11.0
GUTTER = 18.0


class Setter:
    """A typesetter: `paragraph` breaks text into justified lines, with hyphens where words have a `|`."""

    def __init__(self, **metadata: str) -> None:
        self.pdf = FPDF(unit="pt", format=(WIDTH, HEIGHT))
        self.pdf.set_auto_page_break(False)
        self.pdf.set_margin(0)
        for name, value in metadata.items():
            getattr(self.pdf, f"set_{name}")(value)
        self.left = LEFT
        self.right = RIGHT
        self.y = TOP

    def page(self, head: str = "", foot: str = "") -> None:
        self.pdf.add_page()
        self.left = LEFT
        self.right = RIGHT
        self.y = TOP
        if head:
            self.line(head, WIDTH / 2 - 40, 40, size=9)
        if foot:
            self.line(foot, WIDTH / 2 - 5, HEIGHT - 35, size=9)

    def line(self, text: str, x: float, y: float, size: float = SIZE, style: str = "") -> None:
        self.pdf.set_font("Times", style, size)
        self.pdf.text(x, y, text)

    def heading(self, text: str, size: float = 18, bookmark: bool = False) -> None:
        if bookmark:
            self.pdf.set_xy(self.left, self.y)
            self.pdf.start_section(text)
        self.line(text, self.left + 60, self.y, size, "B")
        self.y += 2 * LEADING

    def paragraph(self, text: str, indent: float = 14.0, size: float = SIZE) -> None:
        """Sets words in the current column. `|` in a word is where it may be cut."""
        words = text.split()
        x = self.left + indent
        self.pdf.set_font("Times", "", size)
        line: list[str] = []
        while words:
            word = words.pop(0)
            width = self.pdf.get_string_width(" ".join([*line, word.replace("|", "")]))
            if not line or x + width <= self.right:
                line.append(word.replace("|", ""))
                continue
            start, _, rest = word.partition("|")
            if rest and x + self.pdf.get_string_width(" ".join([*line, start + "-"])) <= self.right:
                line.append(start + "-")
                words.insert(0, rest)
            else:
                words.insert(0, word)
            self._justify(line, x, size)
            line = []
            x = self.left
        if line:
            self.line(" ".join(line), x, self.y, size)
            self.y += LEADING

    def _justify(self, words: Sequence[str], x: float, size: float) -> None:
        free = self.right - x - sum(self.pdf.get_string_width(word) for word in words)
        space = free / max(len(words) - 1, 1)
        for word in words:
            self.line(word, x, self.y, size)
            x += self.pdf.get_string_width(word) + space
        self.y += LEADING

    def column(self, number: int, top: float) -> None:
        """Goes to the top of the first or second of two columns."""
        middle = (LEFT + RIGHT) / 2
        self.left, self.right = (LEFT, middle - GUTTER / 2) if number == 0 else (middle + GUTTER / 2, RIGHT)
        self.y = top

    def save(self, path: Path, **options: object) -> Path:
        if options.get("password"):
            self.pdf.set_encryption(owner_password="owner", user_password=str(options["password"]))
        self.pdf.output(str(path))
        return path
