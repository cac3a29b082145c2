"""Takes pictures of pages for the documentation, in few colours. Must not know what is on them."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
BOOK = ROOT / "samples" / "the-lamplighters-clock.epub"
CHROMIUM = "/usr/bin/chromium"
COLOURS = 96  # a page of text needs no more, and is a third as large


def take(page: Page, name: str) -> None:
    """Takes a picture of what a page shows now."""
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path)
    Image.open(path).convert("RGB").quantize(COLOURS).save(path, optimize=True)
