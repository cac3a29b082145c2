"""Tells prose from the pages around a book's text, by the shape and the words of its sentences. English.

What is prose is never left out by a guess. Must not know skip rules, formats or chapters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tasks.patterns import regexp

_STOP = regexp(r"[.!?…][\"”’'»)\]_*]*$")
_INNER_STOP = regexp(r"[a-z][.!?…][\"”’'»)\]_*]*\s+[\"“‘«(_*]*[A-Z]")
_SPEECH = regexp(r"[\"“‘«][^\"”’»]*[,.!?…—][\"”’»]")
_WORD = regexp(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LONG_CHARS = 300
# Words that also stand in titles, names and credits: alone they make no sentence.
_PARTICLE = regexp(r"an?|and|as|at|by|de[lr]?|di|du|et?|for|from|in|la|le|of|on|or|own|the|to|und|v[ao]n|with|y")
# Words by which a sentence tells of somebody, or of something that happens.
_PERSON = regexp(r"\b(?:he|she|him|his|hers?|me|my(?!\.)|(?-i:I(?!\.)))\b", re.I)
_TELLING = regexp(
    r"\b(?:they|them|their|we|us|our|you|your|its?|am|are|is|was|were|be(?:en)?|had|has|have|did|do|does|would|could|"
    r"should|will|can|may|might|must|said|says|asked|asks|came|come|went|gone|ran|saw|knew|took|stood|sat|fell|"
    r"thought|told|left|found|felt|heard|looked|turned|began)\b",
    re.I,
)
# Sentences that publishers put into every book.
_IMPRINT = regexp(
    r"""[\s"“(\[_*]*(?:
        ©|\(c\)|copyright\b|all\ rights\ (?:are\ )?reserved|no\ part\ of\ (?:this|the)\b|isbn\b|library\ of\ congress
        |(?:first\ |originally\ |re-?)?(?:published|printed|issued|typeset|bound)\ (?:and\ \w+\ )?
            (?:(?:in|by|at|for)\ (?:the\ )?(?-i:[A-Z\d])|(?:in|by|at|for)$|simultaneously|privately|\d{4}\b)
        |(?:first|second|third|fourth|new|revised|limited|this|\w+th)\ (?:\w+\ )?(?:edition|printing|impression)\b
        |a\ (?:cip\ )?catalogue\ record|cover\ (?:design|art|illustration|photo)
        |this\ is\ a\ work\ of\ (?:fiction|nonfiction)|this\ (?:e-?book|book|publication)\b
        |names,\ characters|any\ resemblance
        |(?:translated|edited|illustrated|designed|adapted)\ (?:from|by|and)\b
        |with\ (?:\w+\ ){0,4}(?:illustrations|drawings|introduction|preface|notes)\b
        |(?:illustrations|drawings|introduction)\ by\b|(?:written\ )?by\ the\ author\b|author\ of\b
    )""",
    re.I | re.X,
)
_MORAL_RIGHT = regexp(r"moral rights?|identified as the authors?|assert(?:s|ed)? (?:the|his|her|their) right", re.I)


def is_prose(text: str) -> bool:
    """Tells whether a paragraph is prose: sentences that end in a stop, speech, or several lines of running text.

    Credits ("Illustrated by ..."), the sentences of a copyright page, names, titles and lists are none.
    """
    text = " ".join(text.split())
    if _is_imprint(text):
        return False
    words = _WORD.findall(text)
    plain = [word for word in words if word[0].islower() and not _PARTICLE.fullmatch(word)]
    if not plain:
        return False
    if _SPEECH.search(text) or len(text) > _LONG_CHARS:
        return True
    begins = words[0][0].isupper() or not text[0].isalpha()
    return begins and (_STOP.search(text) is not None or _INNER_STOP.search(text) is not None)


def tells(text: str) -> bool:
    """Tells whether a paragraph is prose that tells of somebody or something: it has a pronoun or a common verb.

    Entries of a bibliography end in a stop as well, but tell nothing.
    """
    return is_prose(text) and (speaks_of_somebody(text) or _TELLING.search(text) is not None)


def speaks_of_somebody(text: str) -> bool:
    """Tells whether a text has a pronoun of one person, as stories have, and imprints ("our sales") do not."""
    return _PERSON.search(text) is not None


def mostly_tells(texts: Iterable[str]) -> bool:
    """Tells whether at least half of the words of some paragraphs are in paragraphs that tell something."""
    telling = 0
    total = 0
    for text in texts:
        words = len(text.split())
        total += words
        telling += words if tells(text) else 0
    return total > 0 and 2 * telling >= total


def _is_imprint(text: str) -> bool:
    """Tells whether a paragraph begins as those of copyright pages do, and speaks of no person."""
    if _MORAL_RIGHT.search(text):
        return True
    return _IMPRINT.match(text) is not None and not speaks_of_somebody(text)
