"""Compares what a recogniser wrote with what should be said, by letters and, where these differ, by sound.

Numbers, contractions, spelling variants and homophones are no differences: both sides become phones by our own
front-end. Must not know who wrote the words down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from num2words import num2words

from tasks.normalise.normalise import Context, normalise
from tortoise_core.text.phonemes import PhonemeTokenizer

CONTRACTIONS = {"'ll": "will", "'re": "are", "'ve": "have", "'m": "am", "n't": "not"}
WHOLE = {"won't": "will not", "can't": "can not", "cannot": "can not", "shan't": "shall not", "ain't": "is not"}
NEAR = frozenset(  # pairs that a recogniser, or a speaker, takes for one another
    frozenset(pair.split())
    for pair in ("P B", "T D", "K G", "S Z", "F V", "TH DH", "SH ZH", "CH JH", "M N", "N NG", "W HH", "TH T", "DH D")
)
NEAR_COST = 0.5


@dataclass(frozen=True)
class Written:
    """A word as the recogniser wrote it, and when it heard it, in seconds."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Opinion:
    """What a recogniser thinks of one word of the text, or of one gap between words.

    `doubt` is 0 where the same was heard, 1 where nothing alike was; of a gap, where something long was added.
    """

    doubt: float = 0.0
    heard: str = ""


@dataclass(frozen=True)
class Opinions:
    """Of one recording: `words` in order, and `gaps`, one more than words: `gaps[n]` comes before `words[n]`."""

    words: tuple[Opinion, ...]
    gaps: tuple[Opinion, ...]


@dataclass(frozen=True)
class _Part:
    """A word in letters and phones, and which word of its own side it is a part of ("I'll" has two parts)."""

    owner: int
    letters: str
    phones: tuple[str, ...]


class Comparison:
    """Compares by our own front-end."""

    def __init__(self) -> None:
        self._tokenizer = PhonemeTokenizer()

    def compare(self, spoken: str, spans: Sequence[tuple[int, int]], written: Sequence[Written]) -> Opinions:
        """Says of each word of a text whether it was written down.

        Args:
            spoken: the text.
            spans: the characters of each word of it.
            written: what the recogniser wrote, in order.
        """
        expected = [part for n, (start, end) in enumerate(spans) for part in self._parts(n, _plain(spoken[start:end]))]
        readings = [[self._parts(n, reading) for reading in _readings(word.text)] for n, word in enumerate(written)]
        found = [part for own in readings for part in self._likeliest(own, expected)]
        costs = [0.0] * len(spans)
        heard: list[list[int]] = [[] for _ in spans]
        added: dict[int, list[_Part]] = {}
        blocks = SequenceMatcher(None, [p.letters for p in expected], [p.letters for p in found], autojunk=False)
        for tag, first, last, begin, end in blocks.get_opcodes():
            if tag == "equal":
                continue
            place = expected[first].owner if first < len(expected) else len(spans)
            for n, cost, owners in _by_sound(expected[first:last], found[begin:end]):
                costs[n] += cost
                heard[n] += owners
            added.setdefault(place, []).extend(_left_over(expected[first:last], found[begin:end]))
        sounds = [0] * len(spans)
        for part in expected:
            sounds[part.owner] += len(part.phones)
        words = [
            Opinion(min(1.0, cost / max(1, count)), " ".join(written[n].text.strip() for n in dict.fromkeys(owners)))
            for cost, count, owners in zip(costs, sounds, heard, strict=True)
        ]
        return Opinions(tuple(words), tuple(_addition(added.get(n, ())) for n in range(len(spans) + 1)))

    def _parts(self, owner: int, text: str) -> list[_Part]:
        """Takes a word apart into what is said: contractions are written out, numbers are words."""
        parts: list[_Part] = []
        for word in _written_out(text).split():
            for item in self._tokenizer.items(word):
                if item.is_word:
                    letters = "".join(c for c in word[item.start : item.end].lower() if c.isalnum())
                    parts.append(_Part(owner, letters, tuple(phone.rstrip("012") for phone in item.symbols)))
        return parts

    @staticmethod
    def _likeliest(readings: Sequence[list[_Part]], expected: Sequence[_Part]) -> list[_Part]:
        """Chooses the reading of a number that has most words in common with the text; the first where none has."""
        known = {part.letters for part in expected}
        return max(readings, key=lambda parts: sum(part.letters in known for part in parts) / max(1, len(parts)))


def _plain(word: str) -> str:
    return word.replace("’", "'")


def _written_out(text: str) -> str:
    """Writes contractions out: "I'll" is "I will". Leaves 's alone: it may be "is", "has" or whose something is."""
    words: list[str] = []
    for word in text.split():
        lower = word.lower().strip('.,;:!?"')
        if lower in WHOLE:
            words.append(WHOLE[lower])
            continue
        ending = next((e for e in CONTRACTIONS if lower.endswith(e) and len(lower) > len(e)), "")
        words.append(f"{lower.removesuffix(ending)} {CONTRACTIONS[ending]}" if ending else word)
    return " ".join(words)


def _readings(text: str) -> list[str]:
    """Lists how a written word may be said: as it stands, or the ways to read its digits."""
    text = _plain(text.strip())
    if not any(character.isdigit() for character in text):
        return [normalise(text, Context()) or text]
    readings = [normalise(text, Context()) or text, " ".join(text)]
    if text.strip(".,!?").isdigit():
        number = int(text.strip(".,!?"))
        kinds = ("year", "cardinal", "ordinal") if number < 10**6 else ("cardinal",)
        readings += [num2words(number, to=kind).replace("-", " ") for kind in kinds]
    return readings


def _by_sound(expected: Sequence[_Part], found: Sequence[_Part]) -> Iterable[tuple[int, float, list[int]]]:
    """Aligns the phones of two stretches. Yields the cost of each expected part's word, and who was heard there."""
    ours = [(part.owner, phone) for part in expected for phone in part.phones]
    theirs = [(part.owner, phone) for part in found for phone in part.phones]
    costs: dict[int, float] = {part.owner: 0.0 for part in expected}
    heard: dict[int, list[int]] = {part.owner: [] for part in expected}
    for mine, other in _aligned([phone for _, phone in ours], [phone for _, phone in theirs]):
        if mine is not None:
            owner, phone = ours[mine]
            costs[owner] += 1.0 if other is None else difference(phone, theirs[other][1])
            if other is not None:
                heard[owner].append(theirs[other][0])
    return [(owner, cost, heard[owner]) for owner, cost in costs.items()]


def _left_over(expected: Sequence[_Part], found: Sequence[_Part]) -> list[_Part]:
    """Lists the parts that were written down and are like nothing in the text: most of their phones stand alone."""
    ours = [phone for part in expected for phone in part.phones]
    theirs = [(n, phone) for n, part in enumerate(found) for phone in part.phones]
    alone = [0] * len(found)
    for mine, other in _aligned(ours, [phone for _, phone in theirs]):
        if mine is None and other is not None:
            alone[theirs[other][0]] += 1
    return [part for part, count in zip(found, alone, strict=True) if 2 * count > len(part.phones)]


def _addition(parts: Sequence[_Part]) -> Opinion:
    """Judges what was added in one place: a single short word is half as doubtful as a long one."""
    phones = sum(len(part.phones) for part in parts)
    return Opinion(min(1.0, phones / 4), " ".join(part.letters for part in parts))


def difference(first: str, second: str) -> float:
    """Says how unlike two phones are: 0 the same, 0.5 alike (two vowels, voiced and voiceless), 1 otherwise."""
    if first == second:
        return 0.0
    vowels = first[0] in "AEIOU" and second[0] in "AEIOU"
    return NEAR_COST if vowels or frozenset((first, second)) in NEAR else 1.0


def _aligned(ours: Sequence[str], theirs: Sequence[str]) -> list[tuple[int | None, int | None]]:
    """Pairs two rows of phones at the least cost; None where one has no partner."""
    rows = [[float(j) for j in range(len(theirs) + 1)]]
    for i, mine in enumerate(ours, start=1):
        row = [float(i)]
        for j, other in enumerate(theirs, start=1):
            row.append(min(rows[-1][j - 1] + difference(mine, other), rows[-1][j] + 1, row[-1] + 1))
        rows.append(row)
    pairs: list[tuple[int | None, int | None]] = []
    i = len(ours)
    j = len(theirs)
    while i or j:
        if i and j and rows[i][j] == rows[i - 1][j - 1] + difference(ours[i - 1], theirs[j - 1]):
            i -= 1
            j -= 1
            pairs.append((i, j))
        elif i and rows[i][j] == rows[i - 1][j] + 1:
            i -= 1
            pairs.append((i, None))
        else:
            j -= 1
            pairs.append((None, j))
    return pairs[::-1]
