"""Makes the pictures of the README from real runs of the sample book with the embedded voice.

Run `CHROMIUM=PATH python samples/draw_pictures.py` in an environment that has the tools for tests (`make test`). It
writes `docs/pictures/terminal.svg`, the last screen of a run in a terminal, and `docs/pictures/report.png`, the page of
a report; the run of that one has a stricter check of spelling than the default, so that there is something to show.
Must not know how Talepress works: it runs the command and looks.
"""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
BOOK = "samples/the-lamplighters-clock.epub"
WIDTH = 100  # columns of the terminal
STRICT = {"TALEPRESS_QA__MIN_SPELLED_PER_CHAR": "-0.03", "TALEPRESS_QA__RETAKES": "1"}

# What is drawn around the screen; Rich's own format asks a server for a font.
SVG = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: monospace; font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""
_CONTROL = re.compile(r"\x1b\[\??(\d*)([A-Za-ln-z])|\r|\n")  # colours, which end in m, stay in the text


def run_in_terminal(arguments: list[str], folder: Path, **settings: str) -> str:
    """Runs `talepress` in a pseudo-terminal, with a data folder of its own. Returns all that it wrote there."""
    command = [str(Path(sys.prefix) / "bin" / "talepress"), *arguments]
    environment = {**os.environ, **settings, "TALEPRESS_HOME": str(folder / "home")}
    environment |= {"COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        written = bytearray()
        while True:
            try:
                written += os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
    os.close(ours)
    return written.decode()


def last_screen(written: str) -> str:
    """Returns the lines that are on the screen at the end: bars are drawn over each other, by going up and erasing."""
    lines = [""]
    row = 0
    place = 0
    for match in _CONTROL.finditer(written):
        lines[row] += written[place : match.start()]
        place = match.end()
        if match[0] == "\n":
            row += 1
            lines += [""] * (row == len(lines))
        elif match[2] == "A":
            row -= int(match[1] or 1)
        elif match[2] == "K":
            lines[row] = ""
    return "\n".join([*lines[:row], lines[row] + written[place:]])


def draw_terminal(folder: Path) -> Path:
    """Draws a run of the sample book. Where its files lie on this machine is left out."""
    from rich.console import Console
    from rich.text import Text

    screen = last_screen(run_in_terminal(["make", BOOK, "--out", str(folder / "talepress-out")], folder))
    shown = f"$ talepress make {BOOK} --out talepress-out\n{screen}".replace(str(folder), "~")
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text.from_ansi(shown.rstrip()))
    path = PICTURES / "terminal.svg"
    path.write_text(console.export_svg(title="talepress make", code_format=SVG, unique_id="run"), "utf-8")
    return path


def draw_report(folder: Path) -> Path:
    """Draws the upper part of the report of a run that doubts something, without where things lie on this machine."""
    from playwright.sync_api import sync_playwright

    out = folder / "strict"
    run_in_terminal(["make", BOOK, "--chapters", "2", "--out", str(out)], folder, **STRICT)
    (page_path,) = out.glob("*.report.html")
    shown = page_path.read_text("utf-8").replace(str(folder), "~").replace(f"{ROOT}/", "")
    page_path.write_text(shown, "utf-8")
    path = PICTURES / "report.png"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 900, "height": 900})
        page.goto(page_path.as_uri())
        page.screenshot(path=str(path))
        browser.close()
    return path


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for draw in (draw_terminal, draw_report):
        with tempfile.TemporaryDirectory() as name:
            print(draw(Path(name)))
