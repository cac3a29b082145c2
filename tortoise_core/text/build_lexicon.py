"""Builds `data/lexicon.txt.gz` from a CMUdict source file; run by hand, never at run time.

Owns the choice of what is kept of CMUdict. Must not know how the lexicon is used.

    python -m tortoise_core.text.build_lexicon cmudict.dict
"""

from __future__ import annotations

import argparse
import gzip
import re
from collections.abc import Iterable
from pathlib import Path

from tortoise_core.text.lexicon import LEXICON_PATH

WORD = re.compile(r"'?[a-z]+(?:['-][a-z]+)*'?")


def first_pronunciations(lines: Iterable[str]) -> dict[str, str]:
    """Reduces CMUdict lines to one pronunciation per speakable word.

    CMUdict lists the commonest pronunciation first and marks the others `word(2)`; those, the entries for symbols and
    dotted abbreviations, and the comments after `#` are dropped.

    Args:
        lines: lines such as `tomato T AH0 M EY1 T OW2`.

    Returns:
        Words (lower case) with their phones, separated by single spaces.
    """
    kept: dict[str, str] = {}
    for line in lines:
        word, *phones = line.partition("#")[0].split()
        if WORD.fullmatch(word):
            kept.setdefault(word, " ".join(phones))
    return kept


def write_lexicon(words: dict[str, str], path: Path) -> None:
    """Writes the lexicon sorted and without a time stamp, so that the same source gives the same bytes."""
    text = "".join(f"{word} {phones}\n" for word, phones in sorted(words.items()))
    path.write_bytes(gzip.compress(text.encode("ascii"), compresslevel=9, mtime=0))


def main() -> None:
    """Converts the CMUdict file named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="cmudict.dict, from the CMU Pronouncing Dictionary")
    parser.add_argument("--output", type=Path, default=LEXICON_PATH)
    arguments = parser.parse_args()
    with arguments.source.open(encoding="utf-8") as lines:
        words = first_pronunciations(lines)
    write_lexicon(words, arguments.output)
    print(f"{len(words)} words, {arguments.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
