"""Initials and acronyms: which capitals are letters, which are words. Must not know what they stand for."""

from __future__ import annotations

import re

from tasks.normalise.rules.base import STARTERS, Context, ends_sentence, rule, spell_letters, words
from tasks.normalise.rules.roman import value
from tasks.patterns import regexp

# Read letter by letter although they could be read as words. Without a vowel, letters need no list.
_SPELLED = words(
    "FBI CIA USA UK US EU UN DNA RNA ID IRA USS ATM CEO CFO COO CTO FAQ URL LAPD IQ AI GI POW RAF VIP UFO BA MA MBA "
    "MIT UCLA USC ABC CBS AOL IOU SOS PTA OCD IVF ICU ER API CPU GPU USB LED SAS SOE NSA DEA IRS EPA FDA OJ JFK LBJ "
    "GOP NRA NAACP YMCA YWCA ACLU UAW NBA NCAA NHL AFL CIO IMF UAE KIA SUV EP AP UPI AFP USN USAF USMC VAT NHS GP LA "
    "ISSN ECHR "
    "AD BCE CE EEC EC GDR UNO IAEA ICBM DOA DUI ETA EMT ESP GMO HIV IPO ISBN LSAT OED ROTC TA UHF UV IBM AC ADHD HQ "
    "IUD EEG EKG ECG MRI PE OAS TVA WPA AAA AA BMI AKA IOC USDA USSR UPS UVA CID OBE MBE CBE DSO VE VJ AK LAX SFO OTC "
    "PO RSVP CD DC MD CV XL DIY BYOB EST EDT CET UTC ANC PLO OECD OMG ISP UAV IED ITV DOJ DOD ESPN INS MIA ESL EEOC "
    "ATF AMA APA ABA EOD OAP IPA ECB ILO AFC IUD UCL OSS IP UI EFL ISO IEEE OAU RUC UDA UFC UVF UVB IOM IRC OEM IPCC "
    "IEA ETF ROI RSI IBS CAA FAA UXB ICI AEF BEF USMA ITN ICC IQ EQ IVR UTI IBD AIG EMI SEO UX PSA FOI DCI DI DSI ATV "
    "APB DWI SA UA MC NSDAP GRU AFB AGM ALS APC BEA CBI CPI CTA DAR DNI ECT EEA ENT EOF ESA ETO EVA EVP FCO GAO ICJ "
    "IIRC IPL IRL ITT IWW MDI NAS NGO NIH NPR NUS OBGYN PFI POV PTO QE RDA SSI TIA TSA TUC UHT UNC UPC USAAF USCG USPS "
    "VCR VOA VPN WBA WBO WMO OTB OPP OSI NYPD NYU NYC NYSE NYT BYU UNHCR FYI"
)
_LIKE_WORDS = words(
    "MR MRS DR ST LTD MS HMM SHH PSST GRR BRR TSK PFFT HM PFF NTH SHHH HMMM GRRR BRRR PHEW MMM SH SSH JPEG"
)
# Letters only where small letters beside them show that the capitals are no shouting.
_ALSO_WORDS = words(
    "US ID MA BA LA AD IRA LED ETA PO TA PA AI AM IQ PE ETA OJ MIA CE CAD SAS VE INS MS CD MD CV XL VAT"
)
# No English word begins like "GPA" or "MBE".
_UNSAYABLE = regexp(
    r"(?!BL|BR|CH|CL|CR|DR|DW|FL|FR|GH|GL|GN|GR|KH|KL|KN|KR|PH|PL|PN|PR|PS|PT|RH|SC|SH|SK|SL|SM|SN|SP|SQ|ST|SW|SV|TH|"
    r"TR|TS|TW|WH|WR|ZH)[B-DF-HJ-NP-TV-XZ][B-DF-HJ-NP-TV-XZ]"
)
_SOUND = regexp(r"([A-Z])\1\1")
_PRONOUN_US = regexp(
    r"\b(?:to|for|with|of|at|let|tell|give|help|on|than|from|between|like|by|against|and|leave|save)\s$", re.I
)
_GIVEN_US = regexp(r"\b(?:tell|give|show|let|ask|bring|send|teach|leave|spare|lend|offer|make|help)\s$", re.I)
_OBJECT = regexp(r"\s(?:the|an?|all|your|his|her|their|this|that|what|why|how|who|where|when|some|more|now|go|be|to)\b")
_WITH_CONTEXT = (
    (
        regexp(
            r"\bIT(?=\s(?:department|guy|support|manager|specialist|consultant|industry|staff|team|director|system|"
            r"desk|man|woman|people)\b)"
        ),
        "I T",
    ),
    (regexp(r"(?<=\bin )IT(?=[.,;])"), "I T"),
    (regexp(r"(?<=\b[Tt]he )WHO\b"), "W H O"),
    (regexp(r"\bPA(?=\s(?:system|announcement)\b)"), "P A"),
    (regexp(r"(?<=\b[Aa]n )IV\b|\bIV(?=\s(?:drip|line|bag|fluid|fluids|pole|needle|tube|stand)\b)"), "I V"),
    (regexp(r"\bMI(?=\s?\d\b)"), "M I "),
    (regexp(r"\bpH\b"), "p H"),
    (regexp(r"(?<=\bstraight )As\b|\bAs(?=(?:,| and| or) [B-F]s\b)"), "A's"),
    (regexp(r"\bAM(?=\s(?:radio|band)\b)"), "A M"),
    (regexp(r"(?<=\b[Tt]he )SEC\b"), "S E C"),
    (regexp(r"\bPhD(?=s?\b)"), "P H D"),
    (regexp(r"\b([BMD])(?:Sc)(?=s?\b)"), r"\1 S C"),
    (regexp(r"\b([MD])oD\b"), r"\1 O D"),
    (regexp(r"\b(P H D|[BMD] S C)s\b"), r"\1's"),
)

_NUCLEIC = regexp(r"\b([a-z]{1,3})([DR]NA)(s?)\b")  # mRNA, cDNA
_INITIALS = regexp(
    r"(?<![\w.])(?<!\w')(?:[A-Z]\.(?:\s|-)?){1,5}(?=[A-Z][\w'’])|(?<![\w.])(?<!\w')(?:[A-Z]\.-?){2,}|"
    r"(?<![\w.])(?<!\w')(?:[A-Z]\.\s){2,}(?=[a-z])|(?<![\w.])(?<!\w')(?:[A-Z]\.\s)+[A-Z]\.(?=[,;:)]|$)"
)
_SMALL = regexp(r"(?<![\w.])(?!(?<=[\d½⅓¼¾⅔]\s)(?:[mkr]\.p\.[hm]|h\.p|p\.c|p\.p\.m)\b)(?:[a-z]\.){2,}")
_STARTS_SENTENCE = regexp(rf"(?:{STARTERS})\b")
_NAME_BEFORE = regexp(
    r"(?:^|[\"'(—\[,;:]|\b[A-Z][\w'’.]*|\b(?:and|of|by|to|the|with|from|old|young|said|de|von|van|that|see|for|cried|"
    r"asked|replied|named|called|poor|dear))\s*$"
)
_LONG = 5  # letters: in a shouted line rather a word
_ACRONYM = regexp(r"(?<![\w'’])[A-Z]{2,6}(?:'?s)?(?![\w])")
_SINGLE_PLURAL = regexp(r"(?<![\w'’])([B-HJ-LN-TV-Z])s\b(?!')")


_FOR_INITIALS = regexp(r"\.(?:(?<=\b[A-Z]\.)|(?<=\b[a-z]\.)[a-z]\.)")


@rule("initials", needs=_FOR_INITIALS)
def initials(text: str, _: Context) -> str:
    """C. S. Lewis, U.S.A., a.k.a.: letters without full stops, which would sound like the end of a sentence."""

    def without_stops(match: re.Match[str]) -> str:
        letters = " ".join(re.findall(r"[A-Z]", match[0]))
        if match.string[match.end() : match.end() + 1].isupper():  # a name, or the next sentence
            ends = _STARTS_SENTENCE.match(match.string, match.end()) is not None
            if len(letters) == 1 and not ends:
                ends = _NAME_BEFORE.search(match.string[: match.start()]) is None
            if ends and letters == "I" and not match[0].endswith(" "):
                return match[0]
            return letters + (". " if ends else " ")
        if match[0].endswith("-") and match.string[match.end() : match.end() + 1].islower():
            return letters + "-"
        if match[0].endswith(" "):
            return letters + " "
        return letters + ("." if match[0].endswith(".") and ends_sentence(match.string, match.end()) else "")

    def small(match: re.Match[str]) -> str:
        return spell_letters(match[0]) + ("." if ends_sentence(match.string, match.end()) else "")

    return _SMALL.sub(small, _INITIALS.sub(without_stops, text))


_FOR_ACRONYMS_IN_CONTEXT = regexp(r"[A-Z](?:(?<=\b[A-Z])(?:[A-Z]|hD|Sc|oD|(?<=A)s\b)|(?<=\bpH)\b|(?<=[a-z][DR])NA)")


@rule("acronyms-in-context", needs=_FOR_ACRONYMS_IN_CONTEXT)
def in_context(text: str, _: Context) -> str:
    """The IT department, an IV drip, the WHO: letters because of what stands beside them."""
    for pattern, letters in _WITH_CONTEXT:
        text = pattern.sub(letters, text)
    return _NUCLEIC.sub(lambda m: spell_letters(m[1] + m[2]) + ("'s" if m[3] else ""), text)


_FOR_ACRONYMS = regexp(r"[A-Z](?<=\b[A-Z])(?:[A-Z]|s\b)")


@rule("acronyms", needs=_FOR_ACRONYMS)
def acronyms(text: str, _: Context) -> str:
    """FBI, DVD: letter by letter when known or without a vowel, else a word (NASA, NOT).

    A line of capitals may be shouting: "GIVE IT TO US" has a pronoun, "THE FBI" cannot be a word.
    """
    shouted = not any(character.islower() for character in text)

    def spelled(match: re.Match[str]) -> str:
        word = match[0]
        letters = re.sub(r"'?s$", "", word)
        known = word in _SPELLED or letters in _SPELLED
        unsayable = value(letters) is None and (not set(letters) & set("AEIOUY") or _UNSAYABLE.match(letters))
        if letters in _LIKE_WORDS or (_SOUND.search(letters) and not known) or not (known or unsayable):
            return word
        if shouted and (letters in _ALSO_WORDS or not (known or len(letters) < _LONG)):
            return word
        if letters == "US" and _is_pronoun(match):
            return word
        # "M Ps" would be read "em pee-ess": the apostrophe keeps the s with the last letter.
        return " ".join(letters) + ("'s" if word != letters else "")

    return _SINGLE_PLURAL.sub(r"\1's", _ACRONYM.sub(spelled, text))


def _is_pronoun(match: re.Match[str]) -> bool:
    """Whether US is "us" in capitals: "Give it to US!"."""
    after = match.string[match.end() :]
    before = match.string[: match.start()]
    if _GIVEN_US.search(before) and _OBJECT.match(after):
        return True  # "Tell US the truth!"
    return _PRONOUN_US.search(before) is not None and not re.match(r"\s+[A-Za-z]", after)
