"""References into books: pages, volumes, acts and scenes, lines, verses of the Bible. Must not know citations."""

from __future__ import annotations

import re

from tasks.normalise.rules.abbreviations import either
from tasks.normalise.rules.base import DIGIT, Context, cardinal, ends_sentence, rule
from tasks.normalise.rules.roman import value
from tasks.patterns import regexp

# Said only before a number (or a roman one).
BEFORE_NUMBER = {
    "No": "Number",
    "no": "number",
    "Nos": "Numbers",
    "nos": "numbers",
    "p": "page",
    "P": "Page",
    "pp": "pages",
    "Pp": "Pages",
    "vol": "volume",
    "Vol": "Volume",
    "vols": "volumes",
    "Vols": "Volumes",
    "ch": "chapter",
    "Ch": "Chapter",
    "chap": "chapter",
    "Chap": "Chapter",
    "CHAP": "CHAPTER",
    "chs": "chapters",
    "chaps": "chapters",
    "fig": "figure",
    "Fig": "Figure",
    "figs": "figures",
    "Figs": "Figures",
    "sec": "section",
    "Sec": "Section",
    "sect": "section",
    "Sect": "Section",
    "secs": "sections",
    "art": "article",
    "Art": "Article",
    "bk": "book",
    "Bk": "Book",
    "bks": "books",
    "pt": "part",
    "Pt": "Part",
    "pts": "parts",
    "sc": "scene",
    "Sc": "Scene",
    "l": "line",
    "ll": "lines",
    "v": "verse",
    "vv": "verses",
    "ver": "verse",
    "n": "note",
    "nn": "notes",
    "par": "paragraph",
    "para": "paragraph",
    "Para": "Paragraph",
    "paras": "paragraphs",
    "col": "column",
    "cols": "columns",
    "fol": "folio",
    "fols": "folios",
    "op": "opus",
    "Op": "Opus",
    "ex": "example",
    "Ex": "Example",
    "app": "appendix",
    "App": "Appendix",
    "prop": "proposition",
    "Prop": "Proposition",
    "eq": "equation",
    "Eq": "Equation",
    "Q": "Question",
    "tel": "telephone",
    "Tel": "Telephone",
    "Apt": "Apartment",
    "Rm": "Room",
    "Fl": "Floor",
    "Dist": "District",
    "Tab": "Table",
    "tab": "table",
    "subsec": "subsection",
    "subsecs": "subsections",
    "sched": "schedule",
    "Sched": "Schedule",
    "reg": "regulation",
    "Reg": "Regulation",
    "regs": "regulations",
    "amend": "amendment",
    "ser": "series",
    "aet": "aged",
    "pop": "population",
    "cl": "clause",
    "Rtes": "Routes",
    "MS": "manuscript",
    "apt": "apartment",
    "Hwy": "Highway",
    "Rte": "Route",
    "Rt": "Route",
    "Ste": "Suite",
    "fn": "footnote",
    "fns": "footnotes",
    "Mk": "Mark",
    "lat": "latitude",
    "Lat": "Latitude",
    "temp": "temperature",
    "Temp": "Temperature",
    "pl": "plate",
    "Pl": "Plate",
}
_LIMITS = {
    "long": "longitude",
    "Long": "Longitude",
    "min": "minimum",
    "Min": "Minimum",
    "max": "maximum",
    "Max": "Maximum",
}
_BEFORE_YEAR = {
    "c": "circa",
    "ca": "circa",
    "b": "born",
    "d": "died",
    "r": "reigned",
    "fl": "flourished",
    "ob": "died",
    "est": "established",
    "m": "married",
}
# P. L. Travers, P.C. Hart; Art. L. Jones (a fiftieth article before a name is rarer than a man), l. C. Bond
_NO_INITIALS = r"(?!(?<=\b[PQ]\.)\s?[IVXLC]\b(?:\.|\s[A-Z])|\s?[LC]\.\s[A-Z]|(?<=\b[lv]\.)\s?[IVXLC]\.\s[A-Z])"
_BEFORE_NUMBER = regexp(
    rf"(?<![\w.])({either(BEFORE_NUMBER)})\.{_NO_INITIALS}\s*(?=\d|\+\d|#\s?\d|(?!I\b)[IVXLC]+\b(?!')|"
    rf"I\b(?=[.,;:)\]–-]|\s*$|\s+(?:of|and|to|pp?\.|ch)))"
    r"|(?<![\w.])(App|Figs?|Pl|Pt|Vol|Sec|Ex)\.\s(?=[A-H]\b(?!\.\s?[A-Z]))"
    r"|(?<![\w.])(?<!\d )([Mm]in|[Mm]ax)\.\s(?=\d)"
    r"|(?<![\w.])([Ll]ong)\.\s(?=\d[\d. ]*(?:degrees|°|minutes|[EW]\b))"
)
_LATITUDE = regexp(r"(?:(?<=north )|(?<=south ))lat\.|(?:(?<=east )|(?<=west ))long\.")  # "30 degrees north lat."
_BEFORE_SMALL = regexp(rf"(?<![\w.])({either(BEFORE_NUMBER)})\.(?:\s+(?=([ivxlc]+)\b(?!'))|(?=([ivxlc]{{2,}})\b(?!')))")
_YEAR_MARK = regexp(rf"(?<![\w.])({either(_BEFORE_YEAR)})\.\s?(?=(?:c\.\s?|A\.?D\.?\s)?\d{{3,4}}\b)")
_CA = regexp(r"(?<![\w.])ca\s(?=\d{3,4}\b(?![.,]\d))")
_UNSTOPPED = regexp(r"\bNo\s(?=\d+\b(?!\s[a-z]+s\b|\s(?:men|women|people|more|such)\b))")
_COUNTED = regexp(
    r"\b((?:\d+|two|three|four|five|six|seven|eight|nine|ten|twelve|several)\s)(vols|pp|bks|chs|chaps|figs|"
    r"pts(?=\.,?\s(?:\(|in\s(?:\d|one\b|two\b|three\b)|[12]\d{3}\b)))\."
)  # "two pts." of anything else are pints
_PAGES = regexp(r"\b((?:P|p)ages\s)(\d{2,4})\s?[–-]\s?(\d{1,3})\b(?![\d,.]\d)")
_FOLLOWING = regexp(r"(?<=\d)\s?ff\b\.?|(?<=\d[a-f])\sff\b\.?|(?<=\d)\sf\.(?=[\s,;)]|$)")
_PAGE_NOTE = regexp(r"\b([Pp]ages?\s\d+)\s?n(?:n?\.?\s?(?=\d)|\.|\b(?=[,;)]|$))")
_PLACE_WORDS = (
    "page|pages|volume|volumes|chapter|chapters|book|part|act|scene|section|verse|line|lines|canto|stanza|note|"
    "figure|plate|psalm|number|column|article|appendix"
)
_SMALL_NUMERAL = regexp(rf"\b((?i:{_PLACE_WORDS})),?\s+([ivxlc]+)\b(?!')(?:\s?([–-])\s?([ivxlc]+)\b)?")
_AFTER_SMALL = regexp(r"(?<=[a-z\d])([,;] )([ivxl]{2,}|v|x)(?=[,.;)]|\s\d|$)")
_BRACKETED = regexp(r"\(([ivx]+)\)")
_PLAY = regexp(r"(?<![\w.])([IVX]+)\.\s?([ivx]+)\.\s?(\d+)(?:\s?[–-]\s?(\d+))?(?!\w)")

_BOOKS = {
    "Genesis": "Gen", "Exodus": "Exod Ex", "Leviticus": "Lev", "Numbers": "Num Numb", "Deuteronomy": "Deut",
    "Joshua": "Josh", "Judges": "Judg", "Ruth": "", "Samuel": "Sam", "Kings": "Kgs Kin", "Chronicles": "Chron Chr",
    "Ezra": "", "Nehemiah": "Neh", "Esther": "Esth", "Job": "", "Psalm": "Ps Psa", "Psalms": "Pss", "Proverbs": "Prov",
    "Ecclesiastes": "Eccl Eccles", "Song of Solomon": "Song", "Isaiah": "Isa", "Jeremiah": "Jer", "Lamentations": "Lam",
    "Ezekiel": "Ezek", "Daniel": "Dan", "Hosea": "Hos", "Joel": "", "Amos": "", "Obadiah": "Obad", "Jonah": "",
    "Micah": "Mic",
    "Nahum": "Nah", "Habakkuk": "Hab", "Zephaniah": "Zeph", "Haggai": "Hag", "Zechariah": "Zech", "Malachi": "Mal",
    "Matthew": "Matt Mt", "Mark": "Mk", "Luke": "Lk", "John": "Jn", "Acts": "", "Romans": "Rom", "Corinthians": "Cor",
    "Galatians": "Gal", "Ephesians": "Eph Ephes", "Philippians": "Phil", "Colossians": "Col", "Thessalonians": "Thess",
    "Timothy": "Tim", "Titus": "Tit", "Philemon": "Philem", "Hebrews": "Heb", "James": "Jas", "Peter": "Pet",
    "Jude": "", "Revelation": "Rev", "Song of Songs": "", "Wisdom": "Wis Wisd", "Tobit": "Tob", "Judith": "",
    "Sirach": "",
    "Baruch": "", "Esdras": "Esd", "Qur'an": "", "Quran": "", "Koran": "", "Ecclesiasticus": "Ecclus",
    "Maccabees": "Macc", "Nephi": "", "Mosiah": "", "Surah": "", "Sura": "",
}  # fmt: skip
_NAMES = {short: name for name, shorts in _BOOKS.items() for short in [name, *shorts.split()]}
BIBLE_ABBREVIATIONS = tuple(short for shorts in _BOOKS.values() for short in shorts.split())
_ORDINALS = {"1": "First", "2": "Second", "3": "Third", "I": "First", "II": "Second", "III": "Third"}
_NUMBERED = (
    "Samuel|Sam|Kings|Kgs|Chronicles|Chron|Chr|Corinthians|Cor|Thessalonians|Thess|Timothy|Tim|Peter|Pet|John|Jn|"
    "Maccabees|Macc|Esdras|Esd|Nephi"
)
_BIBLE = regexp(
    rf"(?<![\w.])(?:(1|2|3|I{{1,3}})\.?\s?(?=(?:{_NUMBERED})\b)(?:1st|2nd)?\s?)?({either(_NAMES)})\.?\s"
    r"(\d{1,3}|[ivxlc]+\.?)(?:\s?:\s?|(?<=\.)\s|,\s(?=\d+\b(?!\s[a-z])))(\d{1,3})"
    r"([a-e]\b)?(?:\s?[-–]\s?(\d{1,3})(?::(\d{1,3}))?([a-e]\b)?)?"
    r"((?:,\s?\d{1,3}(?:\s?[-–]\s?\d{1,3})?(?![\d:]))*)(?![\d:])(?:\s?ff\b\.?|f\b\.?)?"
)
_CHAPTER_ONLY = regexp(
    rf"(?<![\w.])(?:([123]|I{{1,3}})\.?\s)({_NUMBERED})\b\.?(?=\s\d|[\s,.;:)]|$)|"
    rf"(?<![\w.])(Ps|Matt|Deut|Exod|Isa|Prov|Eccl|Heb|Eph|Ezek|Gal|Jer|Lev)\.\s(?=\d|[ivxlc]+\b)|"
    rf"(?<![\w.])(Gen|Rom|Rev|Dan|Phil|Hos|Mic|Neh|Josh|Judg|Prov|Lam|Zech|Mal)\.\s(?=\d)"
)


# "Isa. liii", "1 Cor. xiii", "Psalm xlvi": one small letter only behind an abbreviation ("James v. Smith" is a case).
_SMALL_CHAPTER = regexp(
    rf"(?<![\w.])(?:([123]|I{{1,3}})\.?\s(?=(?:{_NUMBERED})\b))?(?:({either(_NAMES)})\.?,?\s([ivxlc]{{2,}})|"
    rf"({either(BIBLE_ABBREVIATIONS)})\.\s([ivxlc]))\b(?!['’.]\s?[\dA-Z])"
)


_FOR_REFERENCES = regexp(
    r"[\d.ivxlc](?:(?<=\d)|(?<=\b[ivxlc])[ivxlc]*\b|(?<=\.)(?:\s?[IVXLC]+\b|\s[A-H]\b|(?:(?<=\spp\.)|(?<=\spts\.)|"
    r"(?<=\sbks\.)|(?<=\schs\.)|(?<=\svols\.)|(?<=\sfigs\.)|(?<=\schaps\.))))"
)


@rule("references", needs=_FOR_REFERENCES)
def references(text: str, context: Context) -> str:
    """No. 5, pp. 123-5, vol. ii, b. 1812, Act III, sc. ii: only before a number; "No. It was not" stays."""

    def small(match: re.Match[str]) -> str:
        return f"{BEFORE_NUMBER[match[1]]} " if value((match[2] or match[3]).upper()) else match[0]

    def number(match: re.Match[str]) -> str:
        word = match[1] or match[2] or match[3] or match[4]
        return {**BEFORE_NUMBER, **_LIMITS}[word] + " "

    text = _LATITUDE.sub(lambda m: "latitude" if m[0][1] == "a" else "longitude", text)
    text = _BEFORE_SMALL.sub(small, _BEFORE_NUMBER.sub(number, text))
    text = _YEAR_MARK.sub(lambda match: _BEFORE_YEAR[match[1]] + " ", _CA.sub("circa ", text))
    text = _YEAR_MARK.sub(lambda match: _BEFORE_YEAR[match[1]] + " ", text)  # "b. c. 1340"
    if context.british:
        text = _UNSTOPPED.sub("Number ", text)
    text = _COUNTED.sub(lambda m: f"{m[1]}{BEFORE_NUMBER[m[2]]}{_end(m)}", text)
    text = _PAGES.sub(_whole_range, text)
    text = _PAGE_NOTE.sub(_page_note, text)
    text = _FOLLOWING.sub(
        lambda m: " and following" + ("." if m[0][-1] == "." and ends_sentence(m.string, m.end()) else ""), text
    )
    return _small_numerals(text, context)


def _following(match: re.Match[str]) -> str:
    """ "ff." behind a verse, and the full stop where it also ends the sentence."""
    mark = re.search(r"ff?(\.?)$", match[0])
    if mark is None:
        return ""
    return " and following" + ("." if mark[1] and ends_sentence(match.string, match.end()) else "")


def _whole_range(match: re.Match[str]) -> str:
    """The end of "pages 123-5" in full: 125."""
    first = match[2]
    last = match[3]
    if len(last) < len(first) and int(last) > int(first[-len(last) :]):
        last = first[: -len(last)] + last
    return f"{match[1]}{first} to {last}"


def _end(match: re.Match[str]) -> str:
    """The full stop of "in two vols." at the end of a sentence; "2 vols. (London" has none."""
    ends = ends_sentence(match.string, match.end()) and match.string[match.end() : match.end() + 2] != " ("
    return "." if ends else ""


def _page_note(match: re.Match[str]) -> str:
    """ "page 9n." is "page 9, note", "page 45n3" "page 45, note 3"."""
    if match.string[match.end() : match.end() + 1].isdigit():
        return f"{match[1]}, note "
    return f"{match[1]}, note" + ("." if match[0][-1] == "." and ends_sentence(match.string, match.end()) else "")


def _small_numerals(text: str, context: Context) -> str:
    """Small roman numerals where a reference has them: volume ii, pages iv-vi, (iii), III.ii.45."""

    def place(match: re.Match[str]) -> str:
        word, first, dash, last = match.groups()
        numbers = [value(first.upper()), value(last.upper()) if last else 0]
        if None in numbers or (first == "i" and word.islower() and word in ("part", "book", "note", "line")):
            return match[0]
        span = f" to {cardinal(numbers[1] or 0)}" if dash else ""
        return f"{word} {cardinal(numbers[0] or 0, context.british)}{span}"

    def lone(match: re.Match[str], group: int, before: str = "") -> str:
        number = value(match[group].upper())
        return match[0] if number is None else f"{before}{cardinal(number)}"

    def play(match: re.Match[str]) -> str:
        act = value(match[1])
        scene = value(match[2].upper())
        if act is None or scene is None:
            return match[0]
        return f"{cardinal(act)}, {cardinal(scene)}, {match[3]}" + (f" to {match[4]}" if match[4] else "")

    text = _PLAY.sub(play, text)
    changed = _SMALL_NUMERAL.sub(place, text)
    if changed != text:  # "volume ii, iv": only in a reference
        changed = _AFTER_SMALL.sub(lambda match: lone(match, 2, match[1]), changed)
    return _BRACKETED.sub(_bracketed, changed)


def _bracketed(match: re.Match[str]) -> str:
    """(iii): without its brackets, which would be pauses, inside a sentence: "clause three says"."""
    number = value(match[1].upper())
    if number is None or match[1] == "x":
        return match[0]
    inside = re.search(r"[a-z] $", match.string[: match.start()])
    return cardinal(number) if inside else f"({cardinal(number)})"


_FOR_VERSES = regexp(rf"{DIGIT.pattern}|[A-Z](?<=\b[A-Z])[a-z]+\.?,?\s[ivxlc]+\b")


@rule("bible-verses", needs=_FOR_VERSES)
def bible_verses(text: str, context: Context) -> str:
    """John 3:16 is "John three sixteen", 1 Cor. 13:4-7 "First Corinthians thirteen four to seven"."""

    def verses(match: re.Match[str]) -> str:
        number, name, chapter, verse, half, last, last_verse, last_half, more = match.groups()
        chapter_number = int(chapter) if chapter.isdigit() else value(chapter.rstrip(".").upper())
        if chapter_number is None:
            return match[0]
        words = [_ORDINALS[number]] if number else []
        words += [_NAMES[name], cardinal(chapter_number, context.british), cardinal(int(verse), context.british)]
        if half:  # "4:8b" is the second half of the verse
            words.append(half)
        if last:
            words += ["to", cardinal(int(last), context.british)]
        if last_verse:
            words.append(cardinal(int(last_verse), context.british))
        if last_half:
            words.append(last_half)
        others = [re.sub(r"\s?[-–]\s?", " to ", part.strip()) for part in more.split(",")[1:]]
        more = "".join(f" and {part}" if part is others[-1] else f", {part}" for part in others)
        letter = " " if match.string[match.end() : match.end() + 1].isalpha() else ""
        return " ".join(words) + more + _following(match) + letter

    def named(match: re.Match[str]) -> str:
        if not match[1]:
            return _NAMES[match[3] or match[4]] + " "
        return f"{_ORDINALS[match[1]]} {_NAMES[match[2]]}"

    def chapter(match: re.Match[str]) -> str:
        number, long, numeral, short, letter = match.groups()
        read = value((numeral or letter).upper())
        if read is None or (long and long.lower() == numeral):
            return match[0]
        before = f"{_ORDINALS[number]} " if number else ""
        return f"{before}{_NAMES[long or short]} {cardinal(read, context.british)}"

    text = text.replace("Song of Sol. ", "Song of Solomon ")
    return _CHAPTER_ONLY.sub(named, _SMALL_CHAPTER.sub(chapter, _BIBLE.sub(verses, text)))
