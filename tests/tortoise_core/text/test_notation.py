"""Phonemes inside texts: other alphabets in, phones and respellings out."""

from __future__ import annotations

import pytest

from tortoise_core.errors import TextError
from tortoise_core.text.lexicon import PHONES
from tortoise_core.text.notation import INLINE, inline, inlined, phones_of, respell, respelled
from tortoise_core.text.phonemes import PhonemeTokenizer

TOMATO = ("T", "AH0", "M", "EY1", "T", "OW0")


@pytest.mark.parametrize(
    ("alphabet", "phonemes", "expected"),
    [
        ("ipa", "təˈmeɪtoʊ", " ".join(TOMATO)),
        ("ipa", "/təˈmɑːtəʊ/", "T AH0 M AA1 T OW0"),
        ("ipa", "hɚˈmaɪ.ə.ni", "HH ER0 M AY1 AH0 N IY0"),
        ("ipa", "tʃɜːtʃ", "CH ER1 CH"),
        ("ipa", "dʒəˈræf", "JH AH0 R AE1 F"),
        ("ipa", "lɛd", "L EH1 D"),
        ("ipa", "əˌbaʊt", "AH0 B AW2 T"),
        ("x-sampa", 't@"meItoU', " ".join(TOMATO)),
        ("x-sampa", "r{t", "R AE1 T"),
        ("x-sampa", "TIN", "TH IH1 NG"),
        ("arpabet", " ".join(TOMATO), " ".join(TOMATO)),
    ],
)
def test_one_word(alphabet, phonemes, expected):
    assert phones_of(alphabet, phonemes) == (tuple(expected.split()),)


def test_several_words():
    assert phones_of("ipa", "sənt dʒɒn") == (("S", "AH1", "N", "T"), ("JH", "AA1", "N"))
    assert phones_of("arpabet", "S IH1 N | JH AH0 N") == (("S", "IH1", "N"), ("JH", "AH0", "N"))


@pytest.mark.parametrize(
    ("alphabet", "phonemes", "message"),
    [
        ("ipa", "tǃa", "'ǃ'"),
        ("ipa", "  ", "no phonemes"),
        ("arpabet", "T QQ1", "QQ1"),
        ("arpabet", "T AH0 |", "an empty word"),
        ("kirshenbaum", "t@", "use one of ipa, x-sampa, arpabet"),
    ],
)
def test_mistakes_are_named(alphabet, phonemes, message):
    with pytest.raises(TextError, match=message.replace("|", r"\|")):
        phones_of(alphabet, phonemes)


@pytest.mark.parametrize(
    ("phones", "letters"),
    [
        (" ".join(TOMATO), "tuh-may-toh"),
        ("L EH1 D", "lehd"),
        ("M AY0 N UW1 T", "migh-noot"),
        ("S T R EH1 NG K TH", "strehngkth"),
        ("CH AE1 P T ER0", "chap-ter"),
    ],
)
def test_respelling(phones, letters):
    assert respell(tuple(phones.split())) == letters


def test_both_front_ends_are_served():
    text = f"A {inline((TOMATO,))}'s {inline((('L', 'EH1', 'D'),), 'led')} pipe."
    tokenizer = PhonemeTokenizer()
    said = " ".join("_" if symbol == " " else symbol for symbol in tokenizer.decode(tokenizer.encode(text)))
    assert said == "AH0 _ T AH0 M EY1 T OW0 Z _ L EH1 D _ P AY1 P ."
    assert respelled(text) == "A tuh-may-toh's led pipe."


def test_braces_that_hold_no_phones_are_brackets_as_before():
    assert not INLINE.search("{not phones} {T QQ}")
    tokenizer = PhonemeTokenizer()
    assert tokenizer.encode("a {b} c") == tokenizer.encode("a (b) c")


def test_phonemes_do_not_make_the_rest_a_shout():
    tokenizer = PhonemeTokenizer()
    assert tokenizer.encode_words("the {L EH1 D|led} FBI")[2] == tokenizer.encode_words("the led FBI")[2]
    assert tokenizer.encode_words("{L EH1 D|led} CHAPTER")[1] == tokenizer.encode_words("CHAPTER")[0]


IPA = """
p=P b=B t=T d=D k=K g=G ɡ=G f=F v=V θ=TH ð=DH s=S z=Z ʃ=SH ʒ=ZH h=HH ɦ=HH x=K χ=K ç=HH m=M n=N ŋ=NG ɲ=N+Y l=L ɫ=L
ʎ=L+Y ɬ=L r=R ɹ=R ɾ=D ʁ=R ʀ=R w=W ʍ=HH+W j=Y tʃ=CH ʧ=CH dʒ=JH ʤ=JH ts=T+S æ=AE a=AA ɑ=AA ɒ=AA ɐ=AH ʌ=AH ə=AH ɚ=ER
ɝ=ER ɜ=ER ɜr=ER ɜɹ=ER ər=ER əɹ=ER e=EH ɛ=EH ɪ=IH ɨ=IH i=IY ɔ=AO o=OW ɵ=UH ʊ=UH u=UW ʉ=UW y=UW ø=ER œ=ER eɪ=EY ei=EY
aɪ=AY ai=AY ɔɪ=OY ɔi=OY aʊ=AW au=AW oʊ=OW əʊ=OW ou=OW ɪə=IH+R eə=EH+R ɛə=EH+R ʊə=UH+R
"""
X_SAMPA = r"""
tS=CH dZ=JH r\=R T=TH D=DH S=SH Z=ZH N=NG J=N+Y R=R I=IH E=EH {=AE A=AA Q=AA O=AO U=UH V=AH @`=ER @=AH 3`=ER 3=ER 6=AH
2=ER 9=ER }=UW 8=UH X=K C=HH W=HH+W L=L+Y 5=L 4=D 1=IH p=P
"""


@pytest.mark.parametrize(("alphabet", "table"), [("ipa", IPA), ("x-sampa", X_SAMPA)])
def test_every_sound_of_an_alphabet(alphabet, table):
    for sign, phones in (row.split("=") for row in table.split()):
        (found,) = phones_of(alphabet, sign)
        assert [phone.rstrip("1") for phone in found] == phones.split("+"), sign


@pytest.mark.parametrize(
    ("alphabet", "phonemes", "phones"),
    [
        ("ipa", "'ta,tiˌtu", "T AA1 T IY2 T UW2"),
        ("ipa", "[taˈtɪətə]", "T AA0 T IH1 R T AH0"),  # a mark of stress holds for one vowel, its consonants between
        ("ipa", "ˈstɹɪŋ", "S T R IH1 NG"),
        ("ipa", "tətə", "T AH1 T AH0"),  # the first vowel is stressed where all are weak
        ("ipa", "tətəti", "T AH0 T AH0 T IY1"),
        ("ipa", "tɚta", "T ER0 T AA1"),
        ("ipa", "st", "S T"),
        ("ipa", "tʰaːˑ.t‿i͡ʔaˀʰn̩ɔ̯ɔ̃t̆(t)-t", "T AA1 T IY0 AA0 N AO0 AO0 T T T"),
        ("x-sampa", '%ti"ta:?', "T IY2 T AA1"),
    ],
)
def test_stress_and_signs_without_a_sound(alphabet, phonemes, phones):
    assert " ".join(phones_of(alphabet, phonemes)[0]) == phones


def test_every_phone_has_letters():
    written = " ".join(f"{phone.rstrip('0')}={respell((phone,))}" for phone in PHONES if phone[-1] not in "12")
    assert written == (
        "B=b CH=ch D=d DH=th F=f G=g HH=h JH=j K=k L=l M=m N=n NG=ng P=p R=r S=s SH=sh T=t TH=th V=v W=w Y=y Z=z ZH=zh "
        "AA=ah AE=a AH=uh AO=aw AW=ow AY=igh EH=eh ER=er EY=ay IH=ih IY=ee OW=oh OY=oy UH=oo UW=oo"
    )
    assert [respell(tuple(phones.split())) for phones in ("AY0 IY1", "AE1 K T IH0 NG Z", "S T")] == [
        "igh-ee",
        "ak-tihngz",
        "st",
    ]


def test_the_notation_and_back():
    assert inline((("T",), ("AH0",)), "x") == "{T} {AH0}" and inline((("T",),)) == "{T}"
    assert inlined("a {T AH0|tuh} {b} {T}{NG UW2}s") == (("T", "AH0"), ("T",), ("NG", "UW2"))
    assert respelled("{T AH0|a b} {T|}") == "a b {T|}"
    assert phones_of("arpabet", " T  AH0|T ") == (("T", "AH0"), ("T",))
