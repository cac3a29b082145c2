"""Makes and types: the numbers that name cars, aeroplanes, machines and weapons. Must not know quantities."""

from __future__ import annotations

import re

from tasks.normalise.rules.abbreviations import either
from tasks.normalise.rules.base import (
    DIGIT,
    Context,
    as_a_name,
    in_pairs,
    plural,
    rule,
    spell_letters,
)
from tasks.patterns import regexp

# Their three or four digits are read in pairs: a Porsche 911, an IBM 360, a Nokia 3310.
_MAKES = (
    "Airbus", "Alfa", "Antonov", "Aston Martin", "Atari", "Audi", "Austin", "Avro", "BMW", "Beechcraft", "Bell",
    "Boeing",
    "Bugatti", "Buick", "Cadillac", "Caterpillar", "Cessna", "Chevrolet", "Chevy", "Chrysler", "Citroen", "Citroën",
    "Datsun", "Dodge", "Dornier", "Embraer", "Ferrari", "Fiat", "Fokker", "Ford", "Gibson", "Gulfstream", "Heinkel",
    "Honda", "IBM", "Ilyushin", "Jaguar", "Junkers", "Kawasaki", "Lada", "Lamborghini", "Learjet", "Leica", "Lexus",
    "Levi's", "Levis", "Lockheed", "Lotus", "Maserati", "Massey Ferguson", "Mazda", "McDonnell Douglas", "McLaren",
    "Mercedes", "Mercedes-Benz", "Messerschmitt", "Moog", "Mossberg", "Nokia", "Norton", "Oldsmobile", "Peugeot",
    "Piper",
    "Pontiac", "Porsche", "Remington", "Renault", "Rover", "Ruger", "Saab", "Sikorsky", "Skoda", "Suzuki", "Tatra",
    "Triumph", "Tupolev", "Volvo", "Winchester", "Xbox", "Yamaha",
)  # fmt: skip
# No quantity: "Ford 300 million", "Boeing 200 orders", "Volvo 240,000".
_NO_COUNT = (
    r"(?![.,:]\d|\s?[–-]\s?\d|%|\s(?:hundred|thousand|million|billion|men|women|people|percent|of)\b|\s[a-z]+s\b)"
)
_MAKE = regexp(
    rf"\b({either(_MAKES)})\s(?!1[789]\d\d\b|20\d\d\b)([1-9]\d{{2,3}})(s|[a-zA-Z]{{0,3}})(?![\w]){_NO_COUNT}"
)
_LETTERED = regexp(r"(?<![\w.,$£€/&'’-])(?!AD|BC)([A-Z]{1,3})([1-9]\d\d)(s|[A-Z]{0,2}|i)(?![\w]|[.,]\d|-\d)")
_AIRLINER = regexp(rf"\b((?:[Aa]|[Tt]he|his|her|jumbo)\s)(7[0-8]7)(s|)(?!\w){_NO_COUNT}")
_AIRLINER_TYPE = regexp(r"(\b(?:[Aa]|[Tt]he|his|her|their|our|its|old|new)\s)(7[0-8]7)-([1-9]00)(?![\w,.-]\d)")
_SPORTS_CAR = regexp(r"\b911(?=\s(?:Turbo|Carrera|Targa|GT)\b)")
# Where letters and number name an aeroplane: Bf 109, MiG-21.
_GERMAN = regexp(r"\b(Bf|Fw|FW|Ju|Hs|Me)\s(\d{2,3})(s|)(?![\w]|[.,]\d)|\b(He)\s(111|115|162|177|178|219|280)(s|)(?!\w)")
_SOVIET = regexp(r"\b(MiG|MIG|Mig|Su|Tu|Il|Yak|Ka|Mi|An|La)-(\d{1,3})(s|)(?![\w]|[.,]\d)")
_DUAL = regexp(r"\b([A-Z])/([A-Z])-(?=\d)")
_GRADES = regexp(r"\bK(?:\s?[–—]\s?|(?<=rades K)-)(?=\d{1,2}\b)")


@rule("models", needs=DIGIT)
def models(text: str, context: Context) -> str:
    """Porsche 911, BMW 320i, A320, a 747, Bf 109, MiG-21, F/A-18, K–12: in pairs, letter by letter."""

    def make(match: re.Match[str]) -> str:
        return f"{match[1]} {_numbered(match[2], match[3])}"

    def lettered(match: re.Match[str]) -> str:
        return f"{spell_letters(match[1])} {_numbered(match[2], match[3])}"

    def german(match: re.Match[str]) -> str:
        letters, number, many = [group for group in match.groups() if group is not None]
        return f"{spell_letters(letters.upper())} {_numbered(number, many)}"

    text = _DUAL.sub(r"\1 \2-", text)
    text = _GRADES.sub("K to " if context.british else "K through ", text)
    text = _AIRLINER_TYPE.sub(lambda m: f"{m[1]}{in_pairs(int(m[2]))} {in_pairs(int(m[3]))}", text)
    text = _SPORTS_CAR.sub("nine eleven", _AIRLINER.sub(lambda match: match[1] + _numbered(match[2], match[3]), text))
    text = _SOVIET.sub(lambda match: f"{match[1]}-{_numbered(match[2], match[3])}", _GERMAN.sub(german, text))
    return _LETTERED.sub(lettered, _MAKE.sub(make, text))


def _numbered(digits: str, mark: str) -> str:
    """911 and "s" are "nine elevens", 450 and "SL" "four fifty S L", 320 and "i" "three twenty i"."""
    number = as_a_name(digits)
    return plural(number) if mark == "s" else f"{number} {spell_letters(mark)}".strip()
