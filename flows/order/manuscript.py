"""Reads a book with all that the user's files say about it, and keeps the library of lexicons.

Knows nothing of scripts or speech.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from configs.settings import Settings
from flows.order.request import Reading
from storage.records import Book, MarkupKind
from tasks.annotate.annotate import Directions, Findings, annotate
from tasks.annotate.casting import read_cast
from tasks.annotate.file_check import check_file
from tasks.annotate.lexicon import Lexicon, read_lexicon
from tasks.annotate.plan_file import read_plan
from tasks.annotate.pls import pls_to_toml, toml_string
from tasks.disk import output_errors
from tasks.errors import BadInputError
from tasks.ingest.book import read_book
from tasks.ingest.language import require_language

_LEXICON_FILES = frozenset({".toml", ".csv"})
_FOREIGN_LEXICON_FILES = frozenset({".pls", ".xml"})


@dataclass(frozen=True)
class Manuscript:
    """A book with its markup complete."""

    book: Book
    findings: Findings
    narrator: str  # the name of the voice that reads where nobody else does

    @property
    def voices(self) -> tuple[str, ...]:
        """The names of the other voices that the markup asks for, sorted."""
        notes = (note for chapter in self.book.chapters for block in chapter.blocks for note in block.markup)
        return tuple(sorted({note.value for note in notes if note.kind == MarkupKind.VOICE}))


def read_manuscript(
    reading: Reading,
    settings: Settings,
    languages: Collection[str],
    *,
    decided: Sequence[Lexicon] = (),
    read: Callable[..., Book] = read_book,
) -> Manuscript:
    """Reads the book file and every file that says how to read it. Raises `BadInputError` for a mistake in any of them.

    Args:
        reading: names the files. Its voice, where one is named, comes before the cast file's narrator.
        settings: limits of ingest, rules of segment, the configured voice and lexicons.
        languages: those that the model speaks; a book in another is refused unless `reading.force`.
        decided: what people have decided about words while they heard the book; before all other lexicons.
        read: `read_book` or its Prefect shell.
    """
    path = Path(reading.book)
    cast = read_cast(Path(reading.cast)) if reading.cast else None
    plan = read_plan(Path(reading.plan)) if reading.plan else None
    narrator = reading.voice or (cast.narrator if cast else "") or settings.synthesize.voice
    directions = Directions(narrator, plan, cast, lexicons(settings, reading.lexicon), tuple(decided))
    book = read(path, settings.ingest)
    if not reading.force:
        require_language(book, path.name, languages)
    if settings.segment.markup:
        check_file(path)
    book, findings = annotate(book, directions, settings.segment)
    return Manuscript(book, findings, narrator)


def lexicon_folder(settings: Settings) -> Path:
    """Returns the folder of the lexicons that are used without being named."""
    return settings.storage.folder / "lexicons"


def lexicons(settings: Settings, given: str = "") -> tuple[Lexicon, ...]:
    """Reads the lexicons of the data folder, of the settings, and the file `given`, in this order; later ones win.

    The words of the file `given` hold for any book, whatever scope it names. Raises `BadInputError`.
    """
    folder = lexicon_folder(settings)
    files = (
        sorted(file for file in folder.glob("*") if file.suffix.lower() in _LEXICON_FILES) if folder.is_dir() else []
    )
    files += [Path(name).expanduser() for name in settings.segment.lexicons]
    missing = next((file for file in files if not file.is_file()), None)
    if missing is not None:
        raise BadInputError(f"segment.lexicons: there is no file {missing}")
    return tuple(read_lexicon(file) for file in [*files, *([Path(given)] if given else [])])


def import_into_library(settings: Settings, file: Path, scope: str, subject: str, *, replace: bool) -> tuple[Path, int]:
    """Checks a lexicon and puts it into the library, a PLS file as one of ours. Returns the new file and its entries.

    Raises `BadInputError`: a file that is no lexicon, a scope that needs a name, one of that name that is there;
    `OutputError`. A lexicon of ours keeps the scope that it says itself.
    """
    target = lexicon_folder(settings) / f"{file.stem}{'.csv' if file.suffix.lower() == '.csv' else '.toml'}"
    if target.exists() and not replace:
        raise BadInputError(f"there is a lexicon {target} already: --force replaces it")
    if file.suffix.lower() not in _LEXICON_FILES | _FOREIGN_LEXICON_FILES:
        raise BadInputError(f"{file} is no lexicon by its name: name a .toml, .csv, .pls or .xml file")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BadInputError(f"{file} cannot be read: {error.strerror}") from error
    if file.suffix.lower() in _FOREIGN_LEXICON_FILES:
        text, _ = pls_to_toml(data, file.name)
        heading = f"scope = {toml_string(scope)}\n" + (f"for = {toml_string(subject)}\n" if subject else "")
        data = f"{heading}\n{text}".encode()
    with output_errors(target), tempfile.TemporaryDirectory() as folder:
        checked = Path(folder) / target.name
        checked.write_bytes(data)
        entries = len(read_lexicon(checked).entries)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(checked, target.with_suffix(".partial"))
        target.with_suffix(".partial").replace(target)
    return target, entries
