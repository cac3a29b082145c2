"""Has utterances of a finished script said in other words. Their text and their bounds stay, and so do all others.

Must not know who asks for it, or why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from configs.settings import SegmentSettings
from storage.records import Block, Book, Markup, Script, Utterance
from tasks.annotate.edits import with_markup
from tasks.annotate.vocabulary import SAYING_KINDS
from tasks.errors import BadInputError
from tasks.normalise.rules.base import Context, is_british
from tasks.segment.saying import Saying, problem_of
from tasks.voices.references import directed_text, parse_reference

_SHOWN_CHARS = 60  # of a text in a message


@dataclass(frozen=True)
class Sayer:
    """Says an utterance as markup asks, within the limits of one."""

    settings: SegmentSettings
    token_count: Callable[[str], int]
    max_tokens: int
    language: str  # of the book
    narrator: str = ""  # the voice that reads where an utterance names none

    def say(self, block: Block, utterance: Utterance, notes: Sequence[Markup]) -> str:
        """Returns the spoken text of an utterance with these notes on its block, before all markup that they touch.

        Raises `BadInputError` for notes that cannot be spoken, and for a text that is too long for an utterance.
        """
        for note in notes:
            if problem := problem_of(block.text[note.start : note.end], note):
                raise BadInputError(problem)
        kept = tuple(old for old in block.markup if old.kind not in SAYING_KINDS or not _touch(old, notes))
        context = Context(is_british(self.settings.locale, self.language), block.kind)
        marked = with_markup(replace(block, markup=kept), notes)
        spoken = Saying(marked, context).spoken(utterance.start, utterance.end)
        said = directed_text(parse_reference(utterance.voice or self.narrator).direction, spoken)
        if not spoken or len(spoken) > self.settings.max_chars or self.token_count(said) > self.max_tokens:
            raise BadInputError(
                f"{utterance.text[:_SHOWN_CHARS]!r} cannot be said so: it would have {len(spoken)} characters, and an "
                f"utterance has 1 to {self.settings.max_chars} and at most {self.max_tokens} tokens of the model: "
                "say it in fewer words"
            )
        return spoken


def say_corrected(
    book: Book, script: Script, notes: Mapping[tuple[int, int], Sequence[Markup]], sayer: Sayer
) -> Script:
    """Returns the script with some utterances said as these notes ask.

    Args:
        book: whose script it is.
        script: as it was written.
        notes: by chapter and utterance, from 0; their places are those in the utterance's block.
        sayer: says them.

    Raises `BadInputError` as `Sayer.say` does.
    """
    if not notes:
        return script
    utterances = list(script.utterances)
    for position, utterance in enumerate(utterances):
        own = notes.get((utterance.chapter_index, utterance.index))
        if own:
            block = book.chapters[utterance.chapter_index].blocks[utterance.block_index]
            utterances[position] = replace(utterance, spoken=sayer.say(block, utterance, own))
    return replace(script, utterances=tuple(utterances))


def _touch(note: Markup, others: Sequence[Markup]) -> bool:
    return any(note.start < other.end and other.start < note.end for other in others)
