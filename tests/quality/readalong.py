"""`python -m tests.quality.readalong BOOK...`: makes read-alongs with made-up times and has epubcheck judge them.

Prints for each book and grain how many texts are spoken, lit up and not, what epubcheck finds that the original did not
have, and whether the book without the marks is the original. Ends with 1 where anything is amiss.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tasks.errors import BadInputError
from tasks.package.readalong.check import check_readalong, judged
from tests.quality.linear_epubcheck import write_jar
from tests.tasks.package.readalong.spoken import made


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.readalong", description=__doc__)
    parser.add_argument("books", type=Path, nargs="+", metavar="BOOK", help="an EPUB")
    parser.add_argument("--grain", choices=("sentence", "word"), action="append", help="both if none is named")
    parser.add_argument("--linear", action="store_true", help="find doubled ids by sorting: for books in one file")
    chosen = parser.parse_args()
    faults = 0
    with tempfile.TemporaryDirectory() as name:
        sound = Path(name) / "sound.m4a"
        sound.write_bytes(b"\0" * 64)
        jar = write_jar(Path(name)) if chosen.linear else None
        for book in chosen.books:
            for grain in chosen.grain or ("sentence", "word"):
                faults += _judge(book, grain, sound, jar)
    return 1 if faults else 0


def _judge(book: Path, grain: str, sound: Path, jar: Path | None) -> int:
    """Judges one book at one grain, prints a line, and returns how many faults it has."""
    try:
        result, lengths = made(book, sound, grain)
    except BadInputError as error:
        print(f"{book.name} {grain}: {error}", flush=True)
        return 0
    path = sound.with_name("made.epub")
    result.write(path)
    check_readalong(path, book.read_bytes(), lengths)
    found = Counter(judged(path, jar))
    new = found - Counter(judged(book, jar)) if found else found
    reasons = Counter(one.reason for one in result.unpaired)
    print(
        f"{book.name} {grain}: {result.pairs} pairs, {len(result.unpaired)} texts without one {dict(reasons)}, "
        f"{path.stat().st_size // 1024} KiB, epubcheck finds {new.total()} new faults {list(new)[:3]}",
        flush=True,
    )
    return new.total()


if __name__ == "__main__":
    sys.exit(main())
