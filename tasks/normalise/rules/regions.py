"""States, provinces and counties behind towns, postal codes of states. Must not know streets."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tasks.normalise.rules.abbreviations import either
from tasks.normalise.rules.base import Context, ends_sentence, rule, spell_digits, words
from tasks.patterns import regexp

_REGIONS: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_STATES = _REGIONS["states"]
_TOWNS = _REGIONS["towns"]
_CODES = _REGIONS["codes"]
# Said without a town too ("in Mass. last year"): no words, names or ends of sentences of their own.
_SURE_STATES = words(
    "Ala Ariz Calif Colo Conn Fla Kans Mich Minn Nebr Okla Oreg Penna Tenn Wis Wisc Wyo Mass Ont Sask Alta Nfld "
    "Lancs Yorks Herts Hants Wilts Lincs Leics Northants Notts Staffs Worcs Glos Cambs"
)
# In lists and before roads too: no words, names or first names.
_LONE_STATES = words(
    "Ariz Calif Nebr Okla Oreg Penna Tenn Minn Wisc Wyo Lancs Yorks Herts Hants Wilts Lincs Leics Northants Notts "
    "Staffs Worcs Glos Cambs Derbys Middx Warks"
)
_LONE = regexp(rf"(?<![\w.])({either(_LONE_STATES)})\.(?!\w)")
_UNSTOPPED = "Herts|Hants|Lancs|Wilts|Glos|Cambs|Lincs|Yorks|Middx"
_UNSTOPPED_COUNTY = regexp(rf"(?<=[a-z], )({_UNSTOPPED})\b(?!\.)")
_TOWN = regexp(rf"\b({either(_TOWNS)})\.")
_COUNTY = regexp(rf"\bCo\.(?=, (?:{either(_STATES)})\.)")
# "Kilkee, Co. Clare", but no company: "Smith & Co. Cork".
_IRISH = (
    "Antrim|Armagh|Carlow|Cavan|Clare|Cork|Derry|Donegal|Down|Dublin|Durham|Fermanagh|Galway|Kerry|Kildare|Kilkenny|"
    "Laois|Leitrim|Limerick|Londonderry|Longford|Louth|Mayo|Meath|Monaghan|Offaly|Roscommon|Sligo|Tipperary|Tyrone|"
    "Waterford|Westmeath|Wexford|Wicklow"
)
_IRISH_COUNTY = regexp(rf"(?<![&+] )(?<!and )\bCo\.?\s(?=(?:{_IRISH})\b)")
_OHIO = regexp(
    r"\b(Akron|Canton|Chillicothe|Cincinnati|Cleveland|Columbus|Dayton|Oberlin|Sandusky|Springfield|Toledo|Youngstown|"
    r"Zanesville), O\."
)
_STATE = regexp(
    rf"(?<=[a-z], )({either(_STATES)})\.(?!\w)"
    rf"|(?:(?<=\b[Ii]n )|(?<=\b[Ff]rom )|(?<=\bof )|(?<=\bto )|(?<=\b(?:and|via) ))({either(_SURE_STATES)})\.(?!\w)"
)
# Codes that are also degrees or words in capitals: only with a ZIP code or where the words before it show a place.
_DOUBTFUL = words("AL DE HI IN LA MA MD ME MI MS OH OK OR PA PR")
_SURE_CODES = either(set(_CODES) - _DOUBTFUL)
_TOWN_NAME = (
    r"(?:(?:New|San|Los|Las|Santa|Saint|St\.|Fort|Mount|El|Grand|West|East|North|South|Little|Ann|Des) )?[A-Z][a-z]+, "
)
_BEFORE_TOWN = r"\b(?:[Ii]n|[Ff]rom|[Oo]f|[Tt]o|[Nn]ear|[Aa]t|[Oo]utside|[Aa]round|[Ff]or|and) "
_NO_TOWN = r"(?!(?:Oh|No|Yes|Well|Ah|And|But|So|Not|Just)\b)"
_AFTER = r"(?=[.,;:!?)'\"—]|\s*$|\s[a-z])"
_CODE = regexp(
    rf"(?<=[a-z]),?\s({either(_CODES)})(?=\s\d{{5}}\b)|(\b[A-Z][a-z]+, )({_SURE_CODES}){_AFTER}"
    rf"|({_BEFORE_TOWN}{_TOWN_NAME}|^{_NO_TOWN}{_TOWN_NAME}(?=[A-Z]+\W*$|(?:AL|DE|HI|ME|MI|OH|OR|PA), [a-z]))"
    rf"({either(_DOUBTFUL)}){_AFTER}"
)
_ZIP = regexp(rf"\b({either({*_CODES.values(), 'D C', 'DC', 'D.C.'})}) (\d{{5}}(?:-\d{{4}})?)\b")
# Without a town: "in NJ", "from CA and TX"; "an AR rifle", "the CT scan" and "CO poisoning" stay letters.
_ALONE = either(words("AZ CA FL IL KS KY MN NC NH NJ NM NV NY TN TX VT WI WV WY"))
_CODE_ALONE = regexp(
    rf"(?:(?<=\bin )|(?<=\bfrom )|(?<=\bto )|(?<=\bnear )|(?<=\bacross )|(?<=\bas )|(?<=\boutside ))({_ALONE})"
    r"(?=[.,;:!?)]|\s*$|\s(?:and|or|to|last|when|where|who|with|for|by|on|at)\b)"
)
_ANOTHER = regexp(rf"((?:{either(_CODES.values())}),? (?:and |or |to )?)({_SURE_CODES})(?=[.,;:!?)]|\s*$|\s[a-z])")

# Exact, for few texts have one and the patterns above are slow.
_FOR_REGIONS = regexp(
    rf"(?:\s|^)(?=[A-Z])(?:[A-Z]{{2}}\b|(?:{either({*_STATES, *_TOWNS})})\.|O\.|D\.C|(?:{_UNSTOPPED})\b|Co\.?\s"
    rf"(?:{_IRISH})\b)"
)


@rule("regions", needs=_FOR_REGIONS)
def regions(text: str, _: Context) -> str:
    """Boston, Mass.; Cook Co., Ill.; Boise, ID; Austin, TX 78701; from CA and TX: in full."""

    def code(match: re.Match[str]) -> str:
        if match[1]:
            return f", {_CODES[match[1]]}"
        return (match[2] or match[4] or "") + _CODES[match[3] or match[5]]

    text = _TOWN.sub(lambda match: _TOWNS[match[1]] + _stop(match), _COUNTY.sub("County", text))
    text = _IRISH_COUNTY.sub("County ", _OHIO.sub(lambda match: f"{match[1]}, Ohio{_stop(match)}", text))
    text = _STATE.sub(lambda match: _STATES[match[1] or match[2]] + _stop(match), text)
    text = _LONE.sub(lambda match: _STATES[match[1]] + _stop(match), text)
    text = _UNSTOPPED_COUNTY.sub(lambda match: _STATES[match[1]], text)
    text = _CODE_ALONE.sub(lambda match: _CODES[match[1]], _CODE.sub(code, text))
    for _round in range(3):  # "NY, NJ and CT"
        text = _ANOTHER.sub(lambda match: match[1] + _CODES[match[2]], text)
    return _ZIP.sub(lambda match: f"{match[1]} {spell_digits(match[2])}", text)


def _stop(match: re.Match[str]) -> str:
    return "." if ends_sentence(match.string, match.end()) else ""
