"""What is said before and after a book: its opening and closing credits, as utterances of their own.

They are spoken by the narrator and keyed as any utterance, but are in no chapter: the book's text has nothing of them.
Knows nothing of how they are spoken.
"""

from __future__ import annotations

from configs.publish_profiles import profile_kinds, publish_profile
from configs.settings import PackageSettings
from flows.order.order import Order
from storage.records import Block, BlockKind, Book, Chapter, KeyedUtterance
from tasks.package.content import disclosure_of
from tasks.segment.script import write_script
from tasks.synthesize.keys import utterance_key
from tasks.voices.references import parse_reference

OPENING = "Opening credits"
CLOSING = "Closing credits"


def credit_titles(settings: PackageSettings) -> tuple[str, ...]:
    """Lists the credits that the outputs of the settings ask for: none, or the opening and the closing ones."""
    kinds = [kind for kind in settings.outputs if kind in profile_kinds()]
    return (OPENING, CLOSING) if any(publish_profile(kind, settings).credits for kind in kinds) else ()


def credit_utterances(order: Order, title: str) -> tuple[KeyedUtterance, ...]:
    """Writes the utterances of the credits with that title, in order."""
    services = order.services
    settings = services.settings
    template = settings.package.opening if title == OPENING else settings.package.closing
    reader = parse_reference(order.voice.name).name
    values = {"title": order.book.title, "author": " and ".join(order.book.authors), "voice": reader}
    words = template
    for name, value in values.items():
        words = words.replace(f"{{{name}}}", value or "an unknown author")
    sentences = (" ".join(words.split()), disclosure_of(settings.package, order.voice))
    blocks = tuple(Block(BlockKind.PARAGRAPH, sentence, title) for sentence in sentences)
    book = Book(title, (), order.book.language, "", (Chapter(0, title, blocks),))
    model = services.front_end
    script = write_script(book, settings.segment, model.most_tokens, model.max_text_tokens, order.voice.name)
    return tuple(
        KeyedUtterance(
            utterance,
            utterance_key(utterance.spoken, order.voice.digest, model.digest, order.sampling, services.precision),
        )
        for utterance in script.utterances
    )
