"""Roman numerals in capitals by context: kings, chapters, wars, years. Must not take the pronoun I for a number."""

from __future__ import annotations

import re
from collections.abc import Callable

from storage.records import BlockKind
from tasks.normalise.rules.base import STARTERS, Context, QuickThenExact, cardinal, ordinal, rule, year
from tasks.patterns import regexp

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_CANONICAL = regexp(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_NUMERAL = r"[IVXLC]+"
_SURE_NUMERAL = r"(?:[IVX][IVXLC]*|[LC][IVXLC]+)"  # "Class C" and "Appendix L" are letters
# "James V. Forrestal" has an initial, "Henry V. The play" a king.
_NO_INITIAL = (
    rf"(?!(?:[VX]\.\s(?!(?:{STARTERS})\b)[A-Z][a-z]|"
    rf"[VX]\s(?!(?:{STARTERS}|Part|Act|Scene|King|Queen|Gustav|Hotel|Dock|Park|Avenue|Street|Coast|"
    rf"Land)\b)[A-Z][a-z])|[LC]\b)"
)
RULERS = (
    "Henry|George|Louis|Edward|Charles|James|William|Richard|Elizabeth|Mary|Napoleon|Frederick|Philip|Alexander|"
    "Catherine|Nicholas|Peter|Ferdinand|Francis|Ivan|Rameses|Ramses|Ramesses|Ptolemy|Alfonso|Gustavus|Christian|Otto|"
    "Leopold|Wilhelm|Pius|Leo|John|Paul|Benedict|Gregory|Innocent|Clement|Urban|Boniface|Sixtus|Julius|Stephen|Victor|"
    "Umberto|Thutmose|Xerxes|Darius|Cleopatra|Robert|David|Carlos|Juan|Felipe|Harald|Olaf|Haakon|Christina|Joseph|"
    "Franz|Karl|Selassie|Menelik|Suleiman|Bayezid|Mustafa|Mahmud|Shapur|Khosrow|Artaxerxes|Cambyses|Antiochus|Seleucus|"
    "Basil|Alexios|Alexius|Michael|Zog|Boris|Faisal|Farouk|Kamehameha|Rama|Sigismund|Casimir|Wenceslas|Ottokar|"
    "Matthias|Maximilian|Rudolf|Rudolph|Ludwig|Albert|Baudouin|Alphonse|Afonso|Sancho|Emmanuel|Emanuel|Amadeus|Clovis|"
    "Dagobert|Lothair|Conrad|Magnus|Canute|Valdemar|Erik|Eric|Gustav|Gustaf|Oscar|Kenneth|Edmund|Edgar|Harold|Seti|"
    "Amenhotep|Isabella|Wilhelmina|Adrian|Celestine|Eugene|Martin|Nero|Honorius|Callixtus|Sergius|Sylvester|Tewodros|"
    "Friedrich|Heinrich|Henri|Pedro|Manuel|Selim|Mehmed|Murad|Constantine|Justinian|Theodosius|Margaret"
)
SECTIONS = (
    "Chapter|Part|Book|Act|Scene|Volume|Canto|Section|Article|Appendix|Plate|Figure|Letter|Stave|Lesson|Psalm|Table|"
    "World War|Phase|Mark|Class|Type|Grade|Level|Apollo|Super Bowl|Number|Numbers|Page|Pages|Verse|Sonnet|Rocky|Saturn|"
    "Title|Gemini|Episode|Fantasy|Schedule|Stage|Unit|Group|Zone|Division|Tier|Camp|Symphony|Sonata|Opus|Movement|"
    "Exhibit|Form|Lecture|Essay|Fit|Fytte|Stanza|Epistle|Satire|Ode|Idyll|Eclogue|Question|Problem|Theorem|Proposition|"
    "Note|Sector|Station|Area|Pier|Gate|Ward|Hall|Block|Region|Variation|Chapters|Sections|Scenes|Plates|Figures|"
    "Parts|Books|Acts|Volumes|Articles|Story|Tale|Voyage|Adventure|Fable"
)
# Things made, told or agreed upon one after the other: never "the Second", as a name without a list is.
_SERIES = (
    "Titan|Vatican|Panzer|GTA|SALT|START|Lateran|Basel|Titanic|Trident|Delta|Ariane|Minuteman|Soyuz|Vostok|Voyager|"
    "Pioneer|Mariner|Voskhod|Skylab|Explorer|Sputnik|Mercury|Apple|Macintosh|Pentium|Halo|Civilization|Diablo|Doom|"
    "Quake|Tekken|Warcraft|Craft|Quest|Trek|Wars|Fighter|Jaws|Superman|Rambo|Terminator|Godfather|Halloween|"
    "Ghostbusters|Predator|Factor|Angiotensin|Spitfire|Tiger|Leopard|Centurion|Typhoon|Leica|Shamrock|Endeavour"
)
_COUNTED = (
    "Corps|Army|Legion|Olympiad|Amendment|Dynasty|Congress|Olympics|Olympic|Brigade|Regiment|century|Century|centuries|"
    "Battalion"
)
_AFTER_I = (
    r"(?=[.,;:!?)\"'—-]|\s*$|\s\(|"
    r"\s+(?:of|was|were|is|had|and|to|reigned|died|ruled|came|became|granted|made|gave|in)\b)"
)
# The pronoun has no verb in "s" behind it: "Chapter I tells".
_VERB_IN_S = r"(?=\s+(?!always\b|perhaps\b|sometimes\b|besides\b|was\b|[a-z]*ss\b)[a-z]{2,}s\b)"
_RULER = regexp(
    rf"\b({RULERS})\.?\s+(?:the\s+)?({_NO_INITIAL}(?!I\b){_NUMERAL}\b|I\b{_AFTER_I})(\.(?=\s+[a-z]|,|;|'s)|"
    rf")(\s(?:and|or)\s(?:(?!I\b)[IVX]+|I(?=\W*$))\b(?!'))?"
)
_PRONOUN_VERBS = (
    r"(?:am|have|do|did|will|shall|would|could|can|must|may|might|should|never|think|know|knew|saw|loved?|liked?|"
    r"hated?|believed?|met|swear|beg|pray|always)\b"
)
# At the head of a sentence "Queen Elizabeth I spoke" is the queen; "Beside King James I felt small" is not.
_CROWNED_I = regexp(
    rf"(?:^|(?<=[.!?] )|(?<=[\"'“‘]))((?:King|Queen|Pope|Emperor|Empress|Tsar|Czar|Kaiser)\s(?:{RULERS}))\sI"
    rf"(?=\s(?!{_PRONOUN_VERBS})[a-z]+\b(?!'))"
)
# Nobody else is called so: the I is a pronoun only before a verb of feeling or saying.
ONLY_KINGS = (
    "Haile Selassie|Menelik|Tewodros|Xerxes|Darius|Artaxerxes|Cambyses|Ptolemy|Seleucus|Antiochus|R[ah]mess?es|Ramses|"
    "Thutmose|Amenhotep|Seti|Justinian|Theodosius|Shapur|Khosrow|Suleiman|Mehmed|Bayezid|Kamehameha|Zog|Franz Joseph"
)
_KING_I = regexp(rf"\b({ONLY_KINGS})\sI(?=\s(?!{_PRONOUN_VERBS})[a-z]+\b(?!'))")
_WAR_I = r"(?<!\b[Tt]he World War )(?<=World War )I\b"
_STOP = r"(?:\.(?=,?\s[a-z]))?"  # "In Book IV. he says": of the numeral, not of the sentence
_SECTION = regexp(
    rf"\b({SECTIONS})\s+((?!I\b)(?!(?<=Mark )[VX]\.\s(?!(?:{STARTERS})\b)[A-Z][a-z]){_SURE_NUMERAL}\b|{_WAR_I}|"
    rf"I\b(?=\s+(?:Scene|Part|Chapter)\b)|I\b{_AFTER_I}|I\b{_VERB_IN_S}){_STOP}"
)
# In capitals, where the pronoun looks like a numeral: "VOLUME II", "PART I" at an end, "HENRY VIII", "WORLD WAR II".
_CAPITAL_SECTION = regexp(
    rf"\b({SECTIONS.upper()})\s+((?!I\b){_SURE_NUMERAL}\b(?!\.\s?[A-Z]\.)|I\b(?=[.,;:!?)\"—-]|\s*$))"
)
_CAPITAL_RULER = regexp(rf"\b({RULERS.upper()})\s+((?!I\b|[LC]\b){_NUMERAL})\b(?!\.\s?[A-Z])")
_IN_SERIES = regexp(rf"\b((?:{_SERIES}))\s+((?!I\b){_SURE_NUMERAL})\b(?!\.\s?[A-Z]\.)")
# In small letters: "for my part I was sure" has a pronoun.
_SMALL_SECTION = regexp(
    r"\b(chapter|part|book|act|scene|form|class|stage|volume|canto|section|article|appendix|plate|figure|letter|table|"
    r"phase|type|grade|psalm|hymn|stave|stanza|lesson|epistle|satire|eclogue|idyll|fable|"
    rf"level|number|numbers|page|pages|verse|sonnet|chapters|parts|books|acts|volumes|articles|note|"
    rf"lines?)\s+((?!I\b){_SURE_NUMERAL}\b|I\b(?=[.;:)\]]|\s*$)){_STOP}"
)
# "IV. and XIV", "II, III and IV": numerals in a list, whatever stands before.
_LIST = regexp(r"(?<![\w.'])(?:[IVXL]{1,6}(?:\.?,|\.?,?\s(?:and|or|to))\s)+[IVXL]{1,6}\b(?!')(?:\.(?=\s[a-z]))?")
_SPAN = regexp(
    rf"\b((?i:{SECTIONS}|lines?))\s+({_SURE_NUMERAL}|I(?=\s?[–-]))\.?\s?"
    rf"(?:([–-])|,\s(?=[IVX]+\sand\b)|\s(and|to|or)\s)\s?({_SURE_NUMERAL})\b"
    r"(?:\.(?=\s[a-z]))?"
)
_SECTION_HEADING = regexp(
    r"\b((?i:chapter|part|book|act|scene|volume|canto|section|letter|stave|psalm|sonnet))"
    rf"\s+({_NUMERAL})\b"
)
_HEADING = regexp(rf"^({_NUMERAL})(?=\s*(?:[.:—)]|$))")
_ITEM = regexp(r"^((?!I\b)[IVX]{2,}|V(?!\.\s?[A-Z]\.))\.(?=\s+[\"'“‘]?[A-Z])")
# "v. Smith" alone, all names: the second line of a case at law, no fifth item.
_SMALL_ITEM = regexp(r"^(?!v\.(?:\s(?:[A-Z][\w.'’&-]*|of|the|and|for|&))+\W*$)([ivx]+)(?=\.\s+[\"'“‘]?[A-Z])")
_FRENCH_ORDINAL = regexp(rf"\b((?:{RULERS})\s)?([IVX]{{2,}})(?:e|ème)\b")  # Louis XXe, le XIXe siècle
_ORDINAL = regexp(
    rf"\b({_NUMERAL})(?:th|st|nd|rd|d)\b|\b((?!I\b){_NUMERAL})(?=\s+(?:{_COUNTED})\b)"
    rf"|(?<=\bthe )((?!I\b)[IVX]{{2,}})(?=\s[A-Z])"
)
_WORLD_WAR = regexp(r"\b(?:WW|W\.\s?W\.)\s?(II|I|2|1)\b")
_FIRST_YEAR = 1000
_LAST_YEAR = 2100
_YEAR = regexp(r"\bM[MDCLXVI]{3,}\b")
_OTHER = regexp(
    r"(?:(?<=[a-z]\s)|(?<=[a-z],\s)|(?<=[a-z]\sthe\s))([IVX]{2,})\b(\.(?=\s+[a-z])|)(?!')|"
    r"(?<=[a-z]\s)([IVX]{2,})(?='s\b)(\b)"
)


def value(numeral: str) -> int | None:
    """The value of a roman numeral in capitals, or `None` for one that is not written in the canonical way."""
    if not numeral or not _CANONICAL.fullmatch(numeral):
        return None
    total = 0
    for letter, following in zip(numeral, [*numeral[1:], ""], strict=True):
        worth = _VALUES[letter]
        total += -worth if following and _VALUES[following] > worth else worth
    return total


_FOR_HEADINGS = regexp(r"[IVXLCivx](?:(?<=\b[IVXLC])[IVXLC]*\b|(?<=^[ivx])[ivx]*\.)")


@rule("roman-headings", needs=_FOR_HEADINGS)
def headings(text: str, context: Context) -> str:
    """The number of "IV", "IV. The Sea" and "Chapter IV" at the head of a chapter, and of "II." before an item."""
    text = _SMALL_ITEM.sub(_small_item, text)
    if context.kind != BlockKind.HEADING:
        return _ITEM.sub(lambda match: _in_words(match, 1, lambda number: cardinal(number).capitalize()) + ".", text)
    text = _HEADING.sub(lambda match: _in_words(match, 1, lambda number: cardinal(number).capitalize()), text)
    return _SECTION_HEADING.sub(
        lambda match: f"{match[1]} {_in_words(match, 2, lambda number: cardinal(number).title())}", text
    )


def _small_item(match: re.Match[str]) -> str:
    number = value(match[1].upper())
    return match[0] if number is None else cardinal(number).capitalize()


# The pronoun is in every third sentence: an I counts only behind a word and before what may follow a numeral.
_QUICK_NUMERAL = regexp(
    r"[IVXLCDMW](?<=\b[IVXLCDMW])(?:[IVXLCDMW]*(?:st|nd|rd|th|e|ème)\b|[IVXLCDMW]+\b|(?<!I)\b"
    r"|(?<=[A-Za-z]\sI)\b|W\s?[12]\b|"
    r"\.\s?W\.\s?[I12])"
)
_EXACT_NUMERAL = regexp(
    rf"\b(?:{ONLY_KINGS})\sI\b|(?<=[A-Z]\s)I(?=[.,;:!?)\"—-]|\s*$)|"
    r"\b(?!I\b)[IVXLCDMW]+(?:st|nd|rd|th|e|ème)?\b|(?<=[a-z]\s)I(?=[^\w\s]|\s*$|\s\(|\s(?:of|was|is|had|and|to"
    r"|in|reigned|"
    r"died|ruled|came|became|granted|made|gave|Scene|Part|Chapter)\b)|(?<=War )I\b|\b(?:WW\s?[12]|"
    r"W\.\s?W\.\s?(?:I{1,2}|1|2))\b|\b(?:King|Queen|Pope|Emperor|Empress|Tsar|Czar|Kaiser)\s[A-Z][a-z]+\sI\s|"
    r"(?:(?<=Chapter )|(?<=Book )|(?<=Part )|(?<=Volume )|(?<=Act ))I(?=\s+[a-z]+s\b)"
)
_FOR_NUMERALS = QuickThenExact(_QUICK_NUMERAL, _EXACT_NUMERAL)


@rule("roman-rulers", needs=_FOR_NUMERALS)
def rulers(text: str, _: Context) -> str:
    """Henry VIII is "Henry the Eighth"; "Elizabeth I" needs a sign that the I is no pronoun."""

    def ruler(match: re.Match[str]) -> str:
        another = match[4] or ""
        if another:
            joint, numeral = another.split()
            number = value(numeral)
            another = another if number is None else f" {joint} {_the_ordinal(number).removeprefix('the ')}"
        return f"{match[1]} {_in_words(match, 2, _the_ordinal)}{another}"

    text = _KING_I.sub(r"\1 the First", _CROWNED_I.sub(r"\1 the First", text))
    text = _CAPITAL_RULER.sub(lambda match: f"{match[1]} {_in_words(match, 2, _the_ordinal)}", text)
    return _RULER.sub(ruler, text)


@rule("roman-sections", needs=_FOR_NUMERALS)
def sections(text: str, _: Context) -> str:
    """Part II, World War I, WWII, Act V, chapters II-IV, MCMXCIX: the number."""

    def span(match: re.Match[str]) -> str:
        word, first, dash, joint, last = match.groups()
        numbers = [value(first), value(last)]
        if None in numbers or (joint and last == "I"):
            return match[0]
        between = "to" if dash else joint or ""
        comma = "," if not between else f" {between}"
        return f"{word} {cardinal(numbers[0] or 0)}{comma} {cardinal(numbers[1] or 0)}"

    text = _LIST.sub(_list, text)
    text = _WORLD_WAR.sub(lambda match: f"World War {'one' if match[1] in '1I' else 'two'}", text)
    text = _YEAR.sub(_year, _SPAN.sub(span, text))
    text = _SMALL_SECTION.sub(lambda match: f"{match[1]} {_in_words(match, 2, cardinal)}", text)
    text = _CAPITAL_SECTION.sub(lambda match: f"{match[1]} {_in_words(match, 2, cardinal)}", text)
    text = _IN_SERIES.sub(lambda match: f"{match[1]} {_in_words(match, 2, cardinal)}", text)
    return _SECTION.sub(lambda match: f"{match[1]} {_in_words(match, 2, cardinal)}", text)


def _list(match: re.Match[str]) -> str:
    """Numerals of a list as numbers, where all are valid, one is longer than a letter and none can be the pronoun."""
    numerals = re.findall(r"[IVXL]+", match[0])
    values = [value(numeral) for numeral in numerals]
    has_pronoun = numerals[-1] == "I" or re.match(r"I\s", match[0]) is not None
    if None in values or has_pronoun or max(map(len, numerals)) == 1:
        return match[0]
    return re.sub(r"([IVXL]+)\.?", lambda numeral: cardinal(value(numeral[1]) or 0), match[0])


def _year(match: re.Match[str]) -> str:
    number = value(match[0])
    return match[0] if number is None or not _FIRST_YEAR <= number <= _LAST_YEAR else year(number)


@rule("roman-others", needs=_FOR_NUMERALS)
def others(text: str, _: Context) -> str:
    """XIXth and "XIX century" as ordinals; a lone II or XIV after a name is "the Second", after anything else "two"."""

    def ordinal_of(match: re.Match[str]) -> str:
        group = next(n for n in (1, 2, 3) if match[n])
        return _in_words(match, group, lambda number: ordinal(number) if group != 3 else ordinal(number).title())

    def other(match: re.Match[str]) -> str:
        group = 1 if match[1] else 3
        word = re.search(r"(\w+),?\s$", match.string[: match.start(group)])
        after_name = word is not None and word[1][0].isupper() and len(word[1]) > 1
        return _in_words(match, group, _the_ordinal if after_name else cardinal)

    def french(match: re.Match[str]) -> str:
        return (match[1] or "") + _in_words(match, 2, _the_ordinal if match[1] else ordinal)

    return _OTHER.sub(other, _ORDINAL.sub(ordinal_of, _FRENCH_ORDINAL.sub(french, text)))


def _the_ordinal(number: int) -> str:
    return f"the {ordinal(number).title()}"


def _in_words(match: re.Match[str], group: int, words: Callable[[int], str]) -> str:
    """Says the numeral of a group, or leaves it as it is where it is not written in the canonical way."""
    number = value(match[group])
    return match[group] if number is None else words(number)
