"""Measures as cookery books write them: 225g/8oz, 1 x 400g tin, 2 T butter, ½ c. milk. Must not know the recipe.

They are written the usual way for the rules behind.
"""

from __future__ import annotations

import re

from tasks.normalise.rules.base import Context, rule
from tasks.normalise.rules.fractions import AMOUNT
from tasks.patterns import regexp

_UNIT = (
    r"(?:kg|g|gm|ml|mL|cl|dl|l|L|fl\.?\soz|oz|lbs?|pints?|pt|cups?|tsps?|[Tt]bsps?|"
    r"cm|mm|in|inch(?:es)?|m|ft|km|miles?|mi)"
)
_SHARE = regexp(r"(?<=\d)(\s?(?:g|mg|kcal|kJ|ml))\s?/\s?(?=100\s?(?:g|ml)\b)")
# "225g/8oz" has one measure twice; "12 g/100 g" is a share.
_EQUAL = regexp(
    rf"(?<![\w.])((?:{AMOUNT})(?:\s|-)?{_UNIT}\b\.?)\s?/\s?(?!100\s?[gmk])(?=(?:{AMOUNT})(?:\s|-)?{_UNIT}\b)"
)
_OVEN = regexp(
    r"(?<=\bfan)\s?/\s?(?=gas\b|\d)|(?<=[CF\d])\s?/\s?(?=[Gg]as\s(?:mark\s)?[\d½¼¾])|(?<=[°º][CF])\s?/\s?(?=\d|fan\b)"
)
_OVEN_TALK = regexp(r"\b(?:ovens?|fan|[Gg]as\s(?:[Mm]ark\s)?\d|[Pp]reheat|[Bb]ake|[Rr]oast)\b")
_BARE_DEGREES = regexp(r"(?<![\w.])(\d{2,3})([CF])\b(?=[/\s).,;]|$)")
_SIZE = regexp(r"(?<=\d\s)(sm|med|lg)\.(?=\s[a-z])")
_SIZES = {"sm": "small", "med": "medium", "lg": "large"}
_CONTAINER = (
    r"(?:tins?|cans?|packs?|packets?|packages?|jars?|bags?|bottles?|cartons?|tubs?|sachets?|blocks?|fillets?|steaks?)\b"
)
# "1 x 400g tin" is one tin; a hyphen makes an adjective of the measure.
_TIMES = regexp(rf"(?<![\w.])(\d+)\s?[x×]\s?(\d[\d.]*)\s?(g|kg|ml|l|L|cl|oz|lb)\b\.?(?=[\s-](?:[a-z]+\s)?{_CONTAINER})")
_OF_SIZE = regexp(
    rf"(?<![\w.])(\d+)\s\((\d[\d.½¼¾]*[\s-]?(?:ounce|oz\.?|gram|g|ml|lb\.?|pound|kg|inch|in\.))\)(?=\s{_CONTAINER})"
)
# Letters of American cooks, at the head of a line or beside another amount.
_LETTER = regexp(
    rf"(?P<before>^|[+(;,]\s?|\b(?:plus|and|to|[Aa]dd|[Mm]ix|[Uu]se|[Tt]ake|[Ss]tir in|[Bb]eat|[Ss]ift|in|with)\s|[–-])"
    rf"(?P<amount>{AMOUNT})\s"
    r"(?P<unit>T|t|[cC](?=\.))\b\.?(?=\s[a-z]{3,})"
)
_ONE_OR_LESS = regexp(r"1|[½¼¾⅓⅔]|\d/\d")
_HEAPED = regexp(
    rf"(?<![\w.])({AMOUNT})\s(heaped|heaping|level|rounded|scant|generous)\s(tbsp|tsp|Tbsp)s?\b\.?(?=\s[a-z])"
)
_SPOONS = {"tbsp": "tablespoon", "tsp": "teaspoon"}
_LONGEST_LINE = 80  # characters: an ingredient, not a sentence
_LETTERS = {"T": "tbsp", "t": "tsp"}
_PINTS = regexp(
    r"(?<=\d )pts\b\.?(?=\s(?:of\s)?(?:[a-z]+\s)?(?:milk|cream|water|stock|broth|ale|beer|cider|wine|vinegar|syrup)\b)"
)
_TEMPERATURE = regexp(r"(?<=\b(?:[Rr]oom|[Oo]ven) )temp(?:\.(?=[),;]|\s[a-z])|\b)")

_FOR_COOKERY = regexp(
    r"[/x×(\sp\d](?:(?<=[/x×(])\s?(?:[\d½¼¾⅓⅔⅛]|[Gg]as|fan)|(?<=\s)[TtcC]\b|(?<=\btemp)\b"
    r"|(?<=\d)(?:[CF]\b|\s(?:sm|med|lg)\.| pts\b|\s[hlrsg]\w+\s[Tt]b?sp))"
)


@rule("cookery", needs=_FOR_COOKERY)
def cookery(text: str, _: Context) -> str:
    """225g/8oz, 180°C/fan/gas 4, 1 x 400g tin, 1 (14-oz.) can, 2 T butter, room temp.: as a cook reads them."""
    if _OVEN_TALK.search(text):
        text = _BARE_DEGREES.sub(r"\1°\2", text)
    text = _OVEN.sub(", ", text)
    text = _EQUAL.sub(r"\1 or ", _SHARE.sub(r"\1 per ", text))
    text = _OF_SIZE.sub(r"\1 \2", _TIMES.sub(r"\1 \2-\3", text))
    text = _PINTS.sub("pints", text)
    text = _HEAPED.sub(_spoon, text)
    text = _SIZE.sub(lambda match: _SIZES[match[1]], text)
    if len(text) <= _LONGEST_LINE:
        text = _LETTER.sub(_letter, text)
    return _TEMPERATURE.sub("temperature", text)


def _spoon(match: re.Match[str]) -> str:
    """2 heaped tbsp is two heaped tablespoons."""
    many = "" if _ONE_OR_LESS.fullmatch(match[1]) else "s"
    return f"{match[1]} {match[2]} {_SPOONS[match[3].lower()]}{many}"


def _letter(match: re.Match[str]) -> str:
    """2 T is two tablespoons, ½ c. half a cup."""
    amount = match["amount"]
    cups = "cup" if _ONE_OR_LESS.fullmatch(amount) else "cups"
    return f"{match['before']}{amount} {_LETTERS.get(match['unit'], cups)}"
