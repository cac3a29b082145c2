"""`python -m tests.quality.reader READALONG --foliate FOLDER --picture FILE`: plays a read-along in a reader and looks.

The reader is foliate-js in Chromium; FOLDER is its package from npm (`npm pack foliate-js`, unpacked). While the audio
plays, each place that is lit up must be the one whose clip is heard. Prints what was lit up when, takes a picture at
the end, and ends with 1 where another place was lit up, or none.
"""

from __future__ import annotations

import argparse
import json
import posixpath
import sys
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lxml import etree
from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"
LATE_S = 0.6  # readers look at the clock some times a second
WIDTH = 720
HEIGHT = 420
PAGE = """<!DOCTYPE html>
<style>html, body { margin: 0; height: 100% } foliate-view { display: block; height: 100% }</style>
<script type="module">
  const heard = []
  const Plain = window.Audio
  window.Audio = class extends Plain { constructor (...given) { super(...given); window.playing = this } }
  await import('/foliate/view.js')
  const view = document.createElement('foliate-view')
  document.body.append(view)
  await view.open('/book.epub')
  view.renderer.setAttribute('flow', 'scrolled')
  await view.goToTextStart()
  view.mediaOverlay.addEventListener('highlight', ({ detail: { text, begin, end } }) =>
    heard.push({ at: window.playing.currentTime, place: text, begin, end }))
  window.heard = heard
  window.lit = () => view.renderer.getContents().flatMap(({ doc }) =>
    [...doc.querySelectorAll('.' + CSS.escape(view.book.media.activeClass))].map(element => element.id))
  window.start = () => view.startMediaOverlay()
  window.ready = true
</script>
"""


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files without a word on standard error for each."""

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.reader", description=__doc__)
    parser.add_argument("book", type=Path, metavar="READALONG", help="what `talepress publish --as readalong` made")
    parser.add_argument("--foliate", type=Path, required=True, metavar="FOLDER", help="the package foliate-js")
    parser.add_argument("--picture", type=Path, required=True, metavar="FILE", help="a PNG file to write")
    parser.add_argument("--seconds", type=float, default=15.0, help="how long to listen")
    chosen = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "index.html").write_text(PAGE, "utf-8")
        (folder / "foliate").symlink_to(chosen.foliate.resolve())
        (folder / "book.epub").symlink_to(chosen.book.resolve())
        handler = partial(_Quiet, directory=name)
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            heard, lit = played(f"http://127.0.0.1:{server.server_port}/", chosen.seconds, chosen.picture)
            server.shutdown()
    texts = texts_of(chosen.book)
    wrong = 0
    for one in heard:
        is_right = one["begin"] - 0.1 <= one["at"] <= one["end"] + LATE_S
        wrong += not is_right
        print(f"{one['at']:7.2f} s {'' if is_right else 'WRONG '}{texts[one['place']]!r}", flush=True)
    last = heard[-1]["place"].partition("#")[2] if heard else ""
    print(f"{len(heard)} places were lit up, {wrong} of them wrongly; in the picture {lit}")
    return 0 if heard and not wrong and lit == [last] else 1


def played(address: str, seconds: float, picture: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Plays the book from its first text. Returns what was lit up when, and what is lit up in the picture: ids."""
    with sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(address)
        page.wait_for_function("window.ready")
        page.evaluate("window.start()")
        page.wait_for_timeout(seconds * 1000)
        page.evaluate("window.playing.pause()")
        page.wait_for_timeout(500)
        page.screenshot(path=picture)
        found = json.loads(page.evaluate("JSON.stringify([window.heard, window.lit()])"))
        browser.close()
    heard, lit = found
    return heard, lit


def texts_of(book: Path) -> dict[str, str]:
    """The text of every place of a read-along, by its address: "EPUB/chapter-1.xhtml#tp-s00001"."""
    texts: dict[str, str] = {}
    with zipfile.ZipFile(book) as archive:
        for name in archive.namelist():
            if name.endswith(".smil"):
                for place in etree.fromstring(archive.read(name)).iter("{*}text"):
                    file, _, id_ = place.get("src", "").partition("#")
                    path = posixpath.normpath(posixpath.join(posixpath.dirname(name), file))
                    texts[f"{path}#{id_}"] = ""
        for path in sorted({address.partition("#")[0] for address in texts}):
            for element in etree.fromstring(archive.read(path)).iter("{*}span"):
                if f"{path}#{element.get('id')}" in texts:
                    texts[f"{path}#{element.get('id')}"] = " ".join("".join(element.itertext()).split())
    return texts


if __name__ == "__main__":
    sys.exit(main())
