"""Abbreviations by context: titles, given names, Latin and business words, months and days. Must not know places."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path

from tasks.normalise.rules.base import Context, ends_sentence, rule, words
from tasks.patterns import regexp

_TABLES: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
TITLES = _TABLES["titles"]
GIVEN = _TABLES["given"]
GENERAL = _TABLES["general"]
_UNSTOPPED = ("Mr", "Mrs", "Ms", "Messrs", "Mme", "Mlle", "Revd")
# Also without a full stop, but only before a name: "Sgt Bull". Other titles are words and names besides: a hon, a brig.
_UNSTOPPED_RANKS = words(
    "Prof Profs Rev Revs Msgr Abp Archbp Fr Gen Gens Col Cols Maj Majs Capt Capts Cpt Cmdr Comdr Cdr Lieut Lieuts Lt "
    "Lts Sgt Sgts Sergt Cpl Bdr Gnr Spr Tpr Rfn Pvt Pvts Pte Pfc Adm VAdm RAdm Flt Sqn Gov Sen Supt Insp Cllr"
)
_NO_NAMES = r"(?!(?<=\bGen)\s(?:[XYZ]\b|Alpha|AI\b)|(?<=\bSen)\s(?:Gupta|Sharma)\b)"
_ALONE = (*_UNSTOPPED, "Capt", "Lieut", "Sgt", "Prof", "Supt", "Insp")

# Always followed by what they introduce.
_NEVER_LAST = words(
    "i.e I.e e.g E.g viz Viz cf Cf vs approx Approx incl excl max misc Attn N.B n.b P.S P.P.S esp usu prob orig"
)
MONTHS = {
    "Jan": "January",
    "Feb": "February",
    "Mar": "March",
    "Apr": "April",
    "Jun": "June",
    "Jul": "July",
    "Aug": "August",
    "Sept": "September",
    "Sep": "September",
    "Oct": "October",
    "Nov": "November",
    "Dec": "December",
}
_SURE_MONTHS = ("Feb", "Apr", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec")  # no words or names of their own
_DAYS = {
    "Mon": "Monday",
    "Tue": "Tuesday",
    "Tues": "Tuesday",
    "Wed": "Wednesday",
    "Thu": "Thursday",
    "Thur": "Thursday",
    "Thurs": "Thursday",
    "Fri": "Friday",
    "Sat": "Saturday",
    "Sun": "Sunday",
}
_SURE_DAYS = ("Tue", "Tues", "Wed", "Thu", "Thur", "Thurs", "Fri")  # "Sun" and "Sat" are words, "Mon" French
# Known to end in a full stop without ending a sentence; only for the sentence splitter.
MORE_ABBREVIATIONS = words(
    "cir educ crim civ evid supp fed "
    "st dr ft mt a.m p.m u.s u.k u.s.a u.n m.p m.d b.a m.a r.n d.c p.o n.b q.v mss ms ed eds trans oz lb "
    "lbs cwt sq cu hr hrs min mins mon tue tues wed thu thurs fri sat sun messrs viz bk bks ll vv nn fol par pts op "
    "calif mass conn penn fla tex ill ind wis minn mo ga ala tenn ky md va wm chas geo thos jas jno robt saml benj edw "
    "abp bp msgr sergt comdr cmdr brig supt insp det const esq esqs e.g i.e rt pres rep atty rte hwy apt ext tel"
)


def either(choices: Iterable[str]) -> str:
    """A pattern for one of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(choices, key=lambda word: (-len(word), word)))


_DAY_NAMES = either(_DAYS)
# "Det. Sgt", "Det Sgt", "Wg Cdr": of two or three parts, each with or without its full stop.
_COMPOUND_TITLES = either(title for title in TITLES if ". " in title).replace(r"\.\ ", r"\.?\s")
_BEFORE_NAME = r"(?=\s+[A-Z](?:[a-z'’-]|\.|\s[A-Z][a-z]))"
_TITLE = regexp(
    rf"(?=[A-Z12])(?:\b({either(TITLES)})\.(?:\s+(?=[A-Z\"'])|(?=-?[A-Z]))|\b({either(_UNSTOPPED)})\b\.?(?=\s+[A-Z])"
    rf"|\b({either(_UNSTOPPED)})\b\.?(?=\s+(?:and|&)\s+M(?:rs?|me)\b)|\b(2nd|1st) (?=Lt\b)"
    rf"|\b({either(TITLES)})\.(?=\s+(?:and|&)\s+(?:Mrs|Mme|Missus|Lady)\b)"
    rf"|\b({_COMPOUND_TITLES})\b\.?{_BEFORE_NAME}|\b({either(_UNSTOPPED_RANKS)})\b{_BEFORE_NAME}{_NO_NAMES})"
)
_TITLE_ALONE = regexp(
    rf"(?=[A-Z])(?:\b({either(_ALONE)})\.(?=\W|$)|(?<=the )(Rev|Hon|Col|Gen|Lt|Gov|Sec)\.(?=\s[a-z])"
    r"|\b(Lt\. Gov|Gov|Gen|Sec|Secy|Pres|Supt|Dir|Treas|Comm|Adm)\.(?=\sof\s)"
    r"|(?<=\bthe )(Lt\. Gov|Pres|Secy|Dir|Supt)\.(?=\W|$)|(?<=\bAttorney )(Gen)\.|(?<=\bas )(Lt\. Gov|Gov|Pres)\."
    r"|(?<=\b(?:Hon|Gen)\. )(Sec|Treas)\.|(?<=\bHonorable )(Sec|Treas)\.)"
)
# Ranks of two parts, with a hyphen and often without full stops: "Lt-Col. Moran", "Maj-Gen Scott".
_FIRST_RANKS = ("Lt", "Lieut", "Maj", "Brig", "Sgt", "Capt")
_SECOND_RANKS = ("Col", "Gen", "Cmdr", "Cdr", "Gov", "Maj")
_DOUBLE_RANK = regexp(
    rf"\b(?:({either(_FIRST_RANKS)})|Major|Lieutenant|Brigadier|Vice|Rear)\.?"
    rf"-({either((*_SECOND_RANKS, 'Adm'))})\b\.?(?=\s[A-Z])"
)
# "Sr. García": a Spanish name behind it, "y" or a lady beside it. Any other Sr. at the head of a sentence is a nun.
_SENOR = regexp(
    r"\bSr\.\s(?=[A-Z]\w*[áéíóúñ]|(?:Don|D\.|Alfonso|Alfredo|Antonio|Carlos|Diego|Eduardo|Enrique|Felipe|Fernando|"
    r"Francisco|Guillermo|Jaime|Jorge|Juan|Luis|Manuel|Mateo|Miguel|Pablo|Pedro|Ramon|Roberto|Santiago)\b|"
    r"[A-Z]\w+\sy\s|(?:and|y)\sSra\b|[A-Z]\w+(?:ez|azo|illo)\b|"
    r"(?:Aguilar|Castro|Cruz|Delgado|Flores|Garc[ií]a|Guerrero|Herrera|Medina|Mendoza|Molina|Morales|Moreno|Navarro|"
    r"Ortega|Ortiz|Ramos|Reyes|Rivera|Rojas|Romero|Ruiz|Salazar|Santos|Silva|Soto|Torres|Vargas|Vega)\b)"
)
_SISTER = regexp(
    r"(?=Sr\.)(?:(?:(?<![a-z] )(?<![a-z], )|(?<=\band )|(?<=\bwith )|(?<=\bto )|(?<=\bby ))\bSr\.\s+(?=[A-Z][a-z])"
    r"|(?<=, )Sr\.\s+(?=(?:Agnes|Anne|Bernadette|Catherine|Cecilia|Clare|Joan|Lucy|Margaret|Maria|Mary|Monica|Rose|"
    r"Teresa)\b))"
)
_MONSIEUR = regexp(
    r"(?=M\.)(?:(?<![\w.] )(?<![A-Z]\.)\bM\.\s+(?=(?:de|le|la|du|l'|d')\s?[A-Z]|[A-Z][a-z'])"
    r"|(?<=[a-z,;:—\"] )\bM\.\s+(?=(?:de|le|la|du)\s[A-Z]|[A-Z][a-z]))"
)
_NAME = regexp(rf"(?=[A-Z])\b({either(GIVEN)})\.\s+(?=[A-Z]|(?:and|&)\s[A-Z])")
_EDITOR = regexp(r"(?:(?<=[,(] )|^)ed\.\s(?=[A-Z])|\(ed\.\s(?=[A-Z])|\bed\. by\b|\btrans\.\s(?:by\s)?(?=[A-Z])")
_EDITORS = regexp(
    r"\bEd\.(?=\s[Nn]ote)|(?<=[—–-])Ed\.$|\bEds\.(?=\s[A-Z])|\bcert\.(?=\s(?:denied|granted))|\baff'd\b|\brev'd\b"
)
_EDITOR_WORDS = {
    "Eds.": "Editors", "cert.": "certiorari", "aff'd": "affirmed", "rev'd": "reversed",
}  # fmt: skip
_EDITION = regexp(r"(?:(?<=\d(?:st|nd|rd|th) )|(?<=[23]d ))edn?\.")
_FLOOR = regexp(r"(?<=\d(?:st|nd|rd|th) )([Ff])l\.")
_REVISED = regexp(r"(?<=edition, )rev\.|\brev\.(?=\sed\.)")
_REVISED_EDITION = regexp(r"(?<=\brevised )ed\.")
# The close of a letter: "Yrs. truly", "I am, yr. obt. servt."
_CLOSE_OF_LETTER = regexp(
    r"(?:^|(?<=[,;] )|(?<=\bam )|(?<=\bremain )|(?<=\bfrom ))([Yy])r(s)?\b\.?(?=,?\s(?:ever|very|most|truly|sincerely|"
    r"faithfully|respectfully|affectionately|humble|obedient|obliged|obd?t\b|hble\b|affe?ct?(?:ly|e)?\b))"
)
_GENERAL = regexp(rf"(?<![\w.&])({either(GENERAL)})\.(?!\w)")
_GENERAL_NEXT = regexp(rf"\s+(?:{either(GENERAL)})\.")
_UNSTOPPED_LATIN = regexp(r"(?<![\w.-])(ie|eg|etc|et al)\b(?=[,;:]|\s)(?!\.)")
# No degree: that stands behind a name and a comma.
_MANUSCRIPT = regexp(
    r"(?:^|(?<![\w,.] )(?<=\s))MS\.(?=\sof\s|\sand\sMSS)|(?:(?<=\b[Tt]he )|(?<=\b[Aa] )|(?<=\b[Mm]y )|(?<=\b[Hh]is )|"
    r"(?<=\b[Hh]er )|(?<=\b[Yy]our )|(?<=\b[Tt]his )|(?<=\b[Tt]hat )|(?<=\b[Oo]ld )|"
    r"(?<=\b[Oo]riginal )|(?<=\b[Ii]n )|(?<=\bof )|(?<=\bfrom ))MS\."
)
_CORNER = regexp(r"\b([Cc])or\.(?=\s(?:of\s|[A-Z\d][\w.]*\s(?:[\w.]+\s){0,2}and\s))")
_VERSUS = regexp(r"(\b[A-Z][\w'.]*|\bCo\.|\bInc\.)(?:,)?\s+v\.?\s+(?=(?:the\s)?[A-Z])|(^)v\.\s(?=[A-Z])")
_CONTROL_KEY = regexp(r"\bCtrl(?=\s?[+-]|\b)")
_OKAY = regexp(r"\bOK\b(?!-?\d)|\bO\.K\.(?=\s[a-z]|,)")
_MONTH = regexp(
    rf"\b({either(MONTHS)})\b(?:\.,?|(?=\s))(?=\s*\d)|(?<=\d )({either(MONTHS)})\b(?:\.(?=,?\s\d|\s[a-z])|(?!\.))"
    rf"|(?<=\d )({either(MONTHS)})\.|(?<=of )({either(MONTHS)})\."
    rf"|(?:(?<=in )|(?<=[lL]ast )|(?<=next )|(?<=since ))({either(MONTHS)})\."
    rf"|(?<=\d(?:st|nd|rd|th) )({either(MONTHS)})\.?(?=\W)|\b({either(_SURE_MONTHS)})\."
    rf"|\b({either(MONTHS)})\.(?=,?\s(?:(?:and|or|to|through)\s)?(?:{either({*MONTHS, *MONTHS.values()})})\b)"
    rf"|(?:(?<=\bby )|(?<=\bfrom )|(?<=\bearly )|(?<=\blate )|(?<=\buntil )|(?<=\bthis ))({either(MONTHS)})\."
)
_DAY = regexp(
    rf"\b({_DAY_NAMES})\.(?=,?\s*(?:{either(MONTHS.values())}|{either(MONTHS)}|May|the\s\d|\d|morning|evening|night|"
    rf"afternoon|and\s(?:{_DAY_NAMES})|to\s(?:{_DAY_NAMES})|[-–—]))"
    rf"|\b({either(_SURE_DAYS)})\.|\b(Mon|Sat)\.(?=,|\s[a-z])|\b(Sun)\.(?=,\s(?:and\s)?(?:{_DAY_NAMES})\.)"
    rf"|(?:(?<=\bevery )|(?<=\beach )|(?<=\blast )|(?<=\bnext )|(?<=\bthis )|(?<=\bor ))({_DAY_NAMES})\."
    rf"|(?<=and )({_DAY_NAMES})\.|(?<=to )({_DAY_NAMES})\.|(?<=[Oo]n )({_DAY_NAMES})\."
    rf"|\b({_DAY_NAMES})(?=[-–](?:{_DAY_NAMES})\b)|(?<=[-–—])({_DAY_NAMES})\b\.?"
)
_ANY_MONTH = either([*MONTHS, *MONTHS.values(), "May"])
_MONTH_SPAN = regexp(rf"\b({_ANY_MONTH})\b\.?\s?[-–—]\s?({_ANY_MONTH})\b\.?(?=[\s,;)]|$)")
_DAY_SPAN = regexp(
    rf"\b((?:{either(_DAYS.values())}|{either(MONTHS.values())}|May))\s?[-–—]\s?(?={either(_DAYS.values())}"
    rf"|{either(MONTHS.values())}|May\b)"
)


def _stop(match: re.Match[str]) -> str:
    """A full stop that ends the sentence as well as the abbreviation."""
    if _GENERAL_NEXT.match(match.string, match.end()):  # "Smith & Co. Ltd."
        return ""
    return "." if match[0].endswith(".") and ends_sentence(match.string, match.end()) else ""


def _meaning(match: re.Match[str]) -> str:
    """The group of a pattern of alternatives that matched."""
    return next(group for group in match.groups() if group)


def _replace(pattern: re.Pattern[str], meanings: dict[str, str]) -> Callable[[str], str]:
    """Makes a function that writes the abbreviations of a pattern in full."""

    def in_full(match: re.Match[str]) -> str:
        word = _meaning(match)
        return meanings[word] + ("" if word in _NEVER_LAST else _stop(match))

    return lambda text: pattern.sub(in_full, text)


_say_general = _replace(_GENERAL, GENERAL)
_say_titles_alone = _replace(_TITLE_ALONE, TITLES)
_say_months = _replace(_MONTH, MONTHS)
_say_days = _replace(_DAY, _DAYS)


# A full stop behind an abbreviation of the list: far quicker to look for than the words themselves.
_FOR_GENERAL = regexp(
    r"\.(?:"
    + "|".join(rf"(?<=(?<!\w){re.escape(word)}\.)" for word in GENERAL)
    + r"|(?<= v\.)|(?<=^v\.)|(?<= ed\.)|(?<=\brev\.)|(?<=\btrans\.)|(?<= edn\.)"
    r"|(?<=\(ed\.)|(?<=^ed\.)|(?<=\bMS\.)|(?<=\b[Cc]or\.)|(?<= [Ff]l\.))"
    r"|\b(?:[Yy]rs?\b|Ctrl\b|v [A-Z]|ie\b|eg\b|etc\b|et al\b|OK\b|Eds?\.|cert\.|(?:aff|rev)'d\b)"
)

# Behind their first letter: what may have no full stop begins with one of these.
_UNSTOPPED_TAILS = {
    title.split(".")[0][1:] for title in [*_UNSTOPPED_RANKS, *(title for title in TITLES if ". " in title)]
}
FOR_TITLES = regexp(
    r"[A-Z](?<=\b[A-Z])(?:[A-Za-z]{0,5}\.|(?<=M)(?:rs?|s|me|lle|essrs)\b|(?<=S)t\b|(?<=D)r\b|(?<=R)evd\b|"
    r"[a-z]{1,4}-(?:Col|Gen|Cmdr|Cdr|Maj|Gov|Adm)\b|"
    rf"(?:{either(_UNSTOPPED_TAILS)})\s[A-Z])"
)


@rule("titles", needs=FOR_TITLES)
def titles(text: str, context: Context) -> str:
    """Mr. Toad, Mrs Bennet, Col. Forster, M. Dupont, Sr. Mary, Wm. Smith: the title or the name in full."""

    def in_full(match: re.Match[str]) -> str:
        if match[4]:
            return "Second " if match[4] == "2nd" else "First "
        hyphen = match.string[match.end() : match.end() + 1] == "-"  # "Maj.-Gen."
        if match[6]:
            return TITLES[re.sub(r"\.?\s", ". ", match[6])]
        title = match[1] or match[2] or match[3] or match[5] or match[7]
        return TITLES[title] + (" " if match[1] and not hyphen else "")

    text = _DOUBLE_RANK.sub(_double_rank, text)
    text = _TITLE.sub(in_full, _TITLE.sub(in_full, text))  # twice: "Lt. Col. Smith"
    text = _SENOR.sub("Señor ", text)
    text = _MONSIEUR.sub("Monsieur ", _SISTER.sub("Sister ", text))
    text = _NAME.sub(lambda match: GIVEN[match[1]] + " ", _say_titles_alone(text))
    return text.replace("Honorable", "Honourable") if context.british else text


def _double_rank(match: re.Match[str]) -> str:
    first = TITLES[match[1]] if match[1] else re.split(r"\W", match[0])[0]
    return f"{first}-{TITLES[match[2]]}"


def _by(written: str) -> str:
    """ "ed. J. Smith" is "edited by", "trans. M. Roy" "translated by"."""
    verb = "translated" if "trans" in written else "edited"
    return f"{'(' if written[0] == '(' else ''}{verb} by{' ' if written[-1] == ' ' else ''}"


def _editor(match: re.Match[str]) -> str:
    """ "Ed. note" is the editor's, "—Ed." the editor."""
    if match[0] == "Ed.":
        return "Editor's" if match.string[match.end() :] else "Editor"
    return _EDITOR_WORDS[match[0]]


@rule("abbreviations", needs=_FOR_GENERAL)
def general(text: str, _: Context) -> str:
    """etc., i.e., Esq., Co., Roe v. Wade, ed.: in full, wherever they stand."""
    text = _EDITORS.sub(_editor, text)
    text = _CORNER.sub(r"\1orner", _MANUSCRIPT.sub(lambda match: "manuscript" + _stop(match), text))
    text = _EDITION.sub(lambda match: "edition" + _stop(match), text)
    text = _FLOOR.sub(lambda match: match[1] + "loor" + _stop(match), text)
    text = _REVISED.sub(lambda match: "revised" + _stop(match), text)
    text = _REVISED_EDITION.sub(lambda match: "edition" + _stop(match), text)
    text = _EDITOR.sub(lambda match: _by(match[0]), text)
    text = _CLOSE_OF_LETTER.sub(lambda match: f"{match[1]}our{match[2] or ''}", text)
    text = _VERSUS.sub(lambda match: f"{re.sub(r'^R[.]$', 'R', match[1])} versus " if match[1] else "versus ", text)
    text = _UNSTOPPED_LATIN.sub(lambda match: GENERAL[{"ie": "i.e", "eg": "e.g"}.get(match[1], match[1])], text)
    text = _CONTROL_KEY.sub("Control", text)
    return _say_general(_OKAY.sub("okay", text))


_FOR_MONTHS = regexp(r"[A-Z\d](?:(?<=\b[A-Z])[a-z]{2,8}(?:\.|\s\d|\s?[-–][A-Z])|(?<=\d)\s?[A-Z][a-z]{2})")


@rule("months", needs=_FOR_MONTHS)
def months(text: str, _: Context) -> str:
    """Jan. 5, 5 Sept, last Oct., Mon. to Fri.: months and days in full."""
    text = _MONTH_SPAN.sub(lambda m: f"{MONTHS.get(m[1], m[1])} to {MONTHS.get(m[2], m[2])}", text)
    return _DAY_SPAN.sub(r"\1 to ", _say_months(_say_days(text)))
