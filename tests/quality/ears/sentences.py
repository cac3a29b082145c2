"""The sentences of `make quality PARTS=ears`, and how each is altered: a wrong word, number or pronunciation.

The same arguments give the same sentences. Must not know audio.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from num2words import num2words

from configs.settings import load_settings
from tasks.ingest.book import read_book
from tasks.segment.script import write_script
from tortoise_core.corpus.sentences import speakable_sentences
from tortoise_core.inference.interface import FrontEnd
from tortoise_core.text.phonemes import PhonemeTokenizer

# characters
SHORTEST = 25
LONGEST = 100
TRAINED_LETTERS = 15  # of a sentence: a shorter one stands in any book
ALIKE = 0.5  # share of phones that a word's substitute may have in common with it

NUMBERS = tuple(num2words(number) for number in (*range(2, 21), *range(30, 100, 10)))
READINGS = {  # spelled alike: how they are read otherwise, by how our front-end reads them where nothing says more
    "present": ("P R EH1 Z AH0 N T", "P R IY0 Z EH1 N T"),
    "content": ("K AA1 N T EH0 N T", "K AH0 N T EH1 N T"),
    "object": ("AA1 B JH EH0 K T", "AH0 B JH EH1 K T"),
    "minute": ("M IH1 N AH0 T", "M AY0 N UW1 T"),
    "record": ("R EH1 K ER0 D", "R IH0 K AO1 R D"),
    "desert": ("D EH1 Z ER0 T", "D IH0 Z ER1 T"),
    "perfect": ("P ER1 F IH0 K T", "P ER0 F EH1 K T"),
    "subject": ("S AH1 B JH IH0 K T", "S AH0 B JH EH1 K T"),
    "refuse": ("R EH1 F Y UW2 Z", "R IH0 F Y UW1 Z"),
    "progress": ("P R AA1 G R EH2 S", "P R AH0 G R EH1 S"),
    "conduct": ("K AA1 N D AH0 K T", "K AH0 N D AH1 K T"),
    "live": ("L IH1 V", "L AY1 V"),
    "read": ("R IY1 D", "R EH1 D"),
    "wind": ("W IH1 N D", "W AY1 N D"),
    "tears": ("T IH1 R Z", "T EH1 R Z"),
    "close": ("K L OW1 Z", "K L OW1 S"),
    "use": ("Y UW1 Z", "Y UW1 S"),
    "lead": ("L IY1 D", "L EH1 D"),
    "bow": ("B AW1", "B OW1"),
}
WORD = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True)
class Sentence:
    """What should be said, and the same with one word altered; `start`, `end`: that word, in characters of `spoken`."""

    book: str
    spoken: str
    altered: str
    kind: str  # "number", "reading" or "word"
    start: int
    end: int


def utterances(book: Path, front_end: FrontEnd, trained: Path) -> list[str]:
    """Cuts a book into utterances as a run would, without those that hold a sentence of the training text."""
    settings = load_settings()
    known = {letters(text) for text in speakable_sentences(trained)}
    known = {text for text in known if len(text) >= TRAINED_LETTERS}
    source = read_book(book, settings.ingest)
    script = write_script(source, settings.segment, front_end.token_count, front_end.max_text_tokens)
    found = dict.fromkeys(utterance.spoken for utterance in script.utterances)
    fitting = [text for text in found if SHORTEST <= len(text) <= LONGEST and len(WORD.findall(text)) > 3]
    return [text for text in fitting if "{" not in text and not any(map(known.__contains__, map(letters, parts(text))))]


def parts(text: str) -> list[str]:
    """Cuts an utterance into its sentences."""
    return [part for part in re.split(r"(?<=[.!?;])\W+", text) if part]


def letters(text: str) -> str:
    """Reduces a text to its letters in lower case."""
    return "".join(character for character in text.lower() if character.isalpha())


def chosen(book: Path, texts: Sequence[str], count: int, seed: int) -> list[Sentence]:
    """Chooses so many utterances and alters each: a third by a number, a third by a reading, as far as there are any.

    The rest have one word replaced by another of the book.
    """
    order = list(texts)
    source = random.Random(seed)
    source.shuffle(order)
    tokenizer = PhonemeTokenizer()
    words = sorted({word for text in texts for word in WORD.findall(text) if len(word) > 3 and word.islower()})
    room = {"reading": count // 3, "number": count // 3}
    found: list[Sentence] = []
    for kind in ("reading", "number"):
        for text in order:
            if sum(s.kind == kind for s in found) < room[kind] and all(s.spoken != text for s in found):
                found += [Sentence(book.stem, text, *own) for own in _altered(kind, text, words, source, tokenizer)]
    for text in order:
        if len(found) < count and all(sentence.spoken != text for sentence in found):
            found += [Sentence(book.stem, text, *own) for own in _altered("word", text, words, source, tokenizer)]
    return found


def _altered(
    kind: str, text: str, words: Sequence[str], source: random.Random, tokenizer: PhonemeTokenizer
) -> Iterator[tuple[str, str, int, int]]:
    """Yields the altered text, the kind and the word's place; nothing where the text has no such word."""
    places = list(WORD.finditer(text))
    source.shuffle(places)
    for place in places:
        word = place[0]
        other = ""
        if kind == "number" and word in NUMBERS:
            other = source.choice([number for number in NUMBERS if not alike(number, word, tokenizer)])
        elif kind == "reading" and word in READINGS:
            said = " ".join(next(item.symbols for item in tokenizer.items(text) if item.start == place.start()))
            other = (
                next(f"{{{phones}}}" for phones in READINGS[word] if phones != said) if said in READINGS[word] else ""
            )
        elif kind == "word" and len(word) > 3 and word.islower():
            other = source.choice([w for w in source.sample(words, 20) if not alike(w, word, tokenizer)] or [""])
        if other:
            yield text[: place.start()] + other + text[place.end() :], kind, *place.span()
            return


def alike(first: str, second: str, tokenizer: PhonemeTokenizer) -> bool:
    """Tells whether two words share so many phones that one could pass for the other."""
    own = set(tokenizer.encode(first))
    other = set(tokenizer.encode(second))
    return len(own & other) > ALIKE * max(len(own), len(other))
