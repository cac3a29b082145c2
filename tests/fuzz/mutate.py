"""`make fuzz N=10000`: mutated book files, each of which must give a plan or one clear error.

Never a trace, more than ten seconds of computing, or a file written outside of the work folder. Prints a tally; keeps
the files that failed. A case is made again by its number: `--first NUMBER --count 1`.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from configs.settings import Settings, load_settings
from tasks.errors import BadInputError
from tasks.ingest.book import read_book
from tasks.segment.script import write_script
from tests.fuzz.seeds import SNIPPETS, seeds

LIMIT_S = 10
_MEMORY_BYTES = 6 << 30
_TAG = re.compile(rb"<[^<>]{1,400}>")
_MARKUP = (".xhtml", ".html", ".htm", ".opf", ".ncx", ".xml", ".css", ".pls")
_SPECIAL_BYTES = (b"\0", b"\xff", b"<", b">", b"&", b'"', b"\x80", b"\xef\xbb\xbf", b"\xff\xfe", b"]]>", b"&#0;", b"\r")


class TooSlowError(Exception):
    """A case computed for longer than `LIMIT_S`."""


def mutated(seed: bytes, name: str, rng: random.Random) -> bytes:
    """One to four mutations of a seed, at the level of bytes, of archive members or of markup."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        if name.endswith(".epub") and rng.random() < 0.85:
            seed = _mutate_archive(seed, rng)
        elif rng.random() < 0.5:
            seed = _mutate_markup(seed, rng)
        else:
            seed = _mutate_bytes(seed, rng)
    return seed


@lru_cache(maxsize=1)
def _settings() -> Settings:
    return load_settings()


def _mutate_bytes(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data) + 1)
    end = min(len(data), start + rng.choice((1, 1, 4, 64, 1024)))
    middle = data[start:end]
    choice = rng.randrange(6)
    if choice == 0:
        middle = b""
    elif choice == 1:
        middle = rng.randbytes(len(middle))
    elif choice == 2:
        middle = middle * rng.choice((2, 3, 50))
    elif choice == 3:
        middle += rng.choice(_SPECIAL_BYTES)
    elif choice == 4 and middle:
        middle = bytes([middle[0] ^ (1 << rng.randrange(8))]) + middle[1:]
    else:
        return data[:start]
    return data[:start] + middle + data[end:]


def _mutate_markup(data: bytes, rng: random.Random) -> bytes:
    tags = list(_TAG.finditer(data))
    snippet = rng.choice(SNIPPETS)
    if not tags or rng.random() < 0.3:
        place = rng.choice(tags).end() if tags else rng.randrange(len(data) + 1)
        return data[:place] + snippet + data[place:]
    tag = rng.choice(tags)
    other = rng.choice(tags)
    choice = rng.randrange(5)
    if choice == 0:
        new = b""
    elif choice == 1:
        new = other[0]
    elif choice == 2:
        new = tag[0] * rng.choice((2, 300))
    elif choice == 3:
        value = rng.choice((b"", b"#", b"../../x", b"%00", b"none", snippet))
        new = re.sub(rb'"[^"]*"', lambda _: b'"' + value + b'"', tag[0], count=1)
    else:
        new = tag[0].replace(b"</", b"<") if tag[0].startswith(b"</") else b"</" + tag[0][1:]
    return data[: tag.start()] + new + data[tag.end() :]


def _mutate_archive(data: bytes, rng: random.Random) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(name, archive.read(name)) for name in archive.namelist()]
    except Exception:  # an earlier mutation broke it
        return _mutate_bytes(data, rng)
    if not members:
        return _mutate_bytes(data, rng)
    texts = [i for i, (name, _) in enumerate(members) if name.lower().endswith(_MARKUP)] or [0]
    index = rng.choice(texts) if rng.random() < 0.9 else rng.randrange(len(members))
    name, content = members[index]
    choice = rng.random()
    if choice < 0.55:
        members[index] = name, _mutate_markup(content, rng)
    elif choice < 0.75:
        members[index] = name, _mutate_bytes(content, rng)
    elif choice < 0.80:
        del members[index]
    elif choice < 0.85:
        other = rng.randrange(len(members))
        elsewhere, foreign = members[other]
        members[index] = name, foreign
        members[other] = elsewhere, content
    elif choice < 0.9:
        hostile = ("../" + name, "/" + name, name.upper(), name.replace("/", "\\"), "C:\\" + name, name + "\u202e", "")
        members[index] = rng.choice(hostile), content
    elif choice < 0.95:
        members.append((name, rng.choice(members)[1]))
    else:
        members[index] = name, rng.choice((b"", b"\0" * 3_000_000, content * 200, b"<p>" * 20_000))
    return _packed(members, rng)


def _packed(members: list[tuple[str, bytes]], rng: random.Random) -> bytes:
    buffer = io.BytesIO()
    method = rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name or "-"), content, compress_type=method)
    return buffer.getvalue()


def plan(path: Path) -> str:
    """Reads and segments the book at `path`; "plan", or "refused" for one clear line. Any other error passes."""
    settings = _settings()
    try:
        book = read_book(path, settings.ingest)
        write_script(book, settings.segment, lambda text: len(text) // 3 + 1, 400)
    except BadInputError as error:
        if "\n" in str(error) or not str(error):
            raise
        return "refused"
    return "plan"


def run_case(number: int, folder: Path, act: Callable[[Path], str] = plan) -> tuple[str, Path]:
    """What came of case `number`: "plan", "refused", or the error with its innermost place; and the file."""
    rng = random.Random(number)
    name, seed = rng.choice(seeds())
    path = folder / f"{number}{Path(name).suffix}"
    path.write_bytes(mutated(seed, name, rng))
    signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
    try:
        return act(path), path
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/tasks/" in frame.filename]
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
        return f"{type(error).__name__} at {place}: {str(error)[:160]}", path
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def guard(folder: Path) -> list[str]:
    """Limits memory and time of this process, and returns the list to which writes outside of `folder` are added."""
    strays: list[str] = []

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            name = arguments[0]
            place = Path(os.fsdecode(name)).absolute() if isinstance(name, str | bytes) else folder
            if not place.is_relative_to(folder) and not place.is_relative_to("/dev") and place.suffix != ".pyc":
                strays.append(str(place))

    def too_slow(*_: object) -> None:
        raise TooSlowError(f"more than {LIMIT_S} s of computing")

    sys.addaudithook(watch)
    signal.signal(signal.SIGPROF, too_slow)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    return strays


def main() -> int:
    """Runs the cases and prints the tally. 1 when any failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so many seconds")
    parser.add_argument("--keep", type=Path, help="folder for the files that failed")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="talepress-fuzz-"))
    os.chdir(folder)
    seeds()
    _settings()
    strays = guard(folder)
    tally = Counter[str]()
    slowest = 0.0
    started = time.monotonic()
    for number in range(options.first, options.first + options.count):
        if time.monotonic() - started > options.seconds:
            break
        before = time.process_time()
        outcome, path = run_case(number, folder)
        took = time.process_time() - before
        slowest = max(slowest, took)
        if took > LIMIT_S / 3:
            print(f"case {number} ({path.suffix}): {took:.1f} s", flush=True)
        tally[outcome] += 1
        if outcome not in ("plan", "refused"):
            print(f"case {number} ({path.suffix}): {outcome}", flush=True)
            if options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                path.rename(options.keep / path.name)
        path.unlink(missing_ok=True)
    left = [str(path) for path in folder.iterdir()]
    good = tally["plan"] + tally["refused"]
    print(
        f"{tally.total()} cases: {tally['plan']} plans, {tally['refused']} clear errors, {tally.total() - good} faults"
    )
    print(
        f"slowest {slowest:.1f} s of computing; files outside the work folder: {len(strays)}; left behind: {len(left)}"
    )
    for stray in sorted(set(strays + left)):
        print(f"  {stray}")
    return int(good < tally.total() or bool(strays) or bool(left))


if __name__ == "__main__":
    sys.exit(main())
