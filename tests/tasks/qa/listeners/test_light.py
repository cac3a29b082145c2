"""What pocketsphinx hears on its way through a text becomes opinions on words and gaps."""

from types import SimpleNamespace

import numpy as np
import pytest

from tasks.qa.listeners import light
from tasks.qa.listeners.light import PHONES, LightOpinion
from tasks.qa.listeners.listener import Sound
from tasks.qa.listeners.sound import Opinion
from tortoise_core.inference.evidence import Evidence, GapEvidence, WordEvidence

pytest.importorskip("pocketsphinx")  # it has no wheels for every Python


def word(*phones):
    return WordEvidence(0, 1, 0.0, 0.1, phones, (), 0.0, 0.0, 0.0, 0.0, 0.0, (0.0,) * len(phones))


WORDS = (word("DH", "AH0"), word("K", "AE1", "T"), word("S", "AE2", "T"))
EVIDENCE = Evidence(WORDS, (GapEvidence(0.0, 0.0, (), 0.0),) * 4, 0.0, 1.0)
SOUND = Sound(np.zeros(24_000, np.float32), 24_000, "The cat sat.")
NONE = Opinion()


@pytest.mark.parametrize(
    ("heard", "words", "gaps"),
    [
        (["0=DH-AH", "1=K-AE-T", "2=S-AE-T"], [NONE] * 3, [NONE] * 4),
        (["0=DH-AH", "0=DH-AH", "1=K-AE-T", "2=S-AE-T"], [Opinion(0.5), NONE, NONE], [NONE] * 4),
        (["0=DH-AH", "2=S-AE-T"], [NONE, Opinion(1.0), NONE], [NONE] * 4),
        (["0=DH-AH", "1=K-AE-T"], [NONE, NONE, Opinion(1.0)], [NONE] * 4),
        ([], [Opinion(1.0)] * 3, [NONE] * 4),
        (
            ["+M", "0=DH-AH", "1=K-AE-T", "2=S-AE-T", "+M", "+AA", "+M", "+AA", "+M"],
            [NONE] * 3,
            [Opinion(0.25, "m"), NONE, NONE, Opinion(1.0, "mahmahm")],
        ),
    ],
)
def test_what_is_thought_of_each_word_and_gap(monkeypatch, heard, words, gaps):
    opinion = LightOpinion()
    monkeypatch.setattr(opinion, "_decode", lambda sound, phones: heard)
    found = opinion.hear(SOUND, EVIDENCE)
    assert [one.doubt for one in found.words] == [one.doubt for one in words]
    assert [one.doubt for one in found.gaps] == [one.doubt for one in gaps]
    assert [bool(one.heard) for one in found.gaps] == [bool(one.heard) for one in gaps]


@pytest.mark.parametrize("heard", [["0=DH-AH", "+D", "+AO", "+G", "2=S-AE-T"], ["+D", "+AO", "+G"]])
def test_a_word_that_is_missing_was_said_as_what_is_heard_in_its_place(monkeypatch, heard):
    """Before it, or behind it where nothing is before it."""
    opinion = LightOpinion()
    monkeypatch.setattr(opinion, "_decode", lambda sound, phones: heard)
    found = opinion.hear(SOUND, EVIDENCE)
    if len(heard) == 5:
        assert found.words[1].heard == light.respell(("D", "AO", "G")) != ""
        assert found.words[2].heard == ""
    else:
        assert found.words[0].heard == light.respell(("D", "AO", "G"))
        assert found.words[1].heard == ""


class Decoder:
    """Notes what it is told, and hears nothing, or what it is told to."""

    def __init__(self, *segments):
        self.calls = []
        self._segments = [SimpleNamespace(word=one) for one in segments]

    def __getattr__(self, name):
        return lambda *given, **named: self.calls.append((name, *given, *named.items()))

    def lookup_word(self, name):
        return "K AE T" if name == "1=K-AE-T" else None  # which an earlier text had

    def hyp(self):
        return self._segments or None

    def seg(self):
        return self._segments


def test_every_way_through_the_text_is_open_to_it():
    opinion = LightOpinion()
    decoder = opinion.__dict__["_decoder"] = Decoder("<sil>", "0=DH-AH", "+M", "(NULL)", "1=K-AE-T")
    heard = opinion._decode(Sound(np.full(24_000, 2.0, np.float32), 24_000, "x"), [("DH", "AH"), ("K", "AE", "T")])
    assert heard == ["0=DH-AH", "+M", "1=K-AE-T"]
    calls = {call[0]: call[1:] for call in decoder.calls}
    assert [call for call in decoder.calls if call[0] == "add_word"] == [("add_word", "0=DH-AH", "DH AH", False)]
    (name, first, last, arcs) = calls["create_fsg"]
    assert (name, first, last) == ("text", 0, 2)
    assert arcs[:6] == [
        (0, 1, 1.0, "0=DH-AH"), (0, 1, 1e-5), (1, 1, 1e-5, "0=DH-AH"),
        (1, 2, 1.0, "1=K-AE-T"), (1, 2, 1e-5), (2, 2, 1e-5, "1=K-AE-T"),
    ]  # fmt: skip
    assert arcs[6:] == [(n, n, 1e-3, f"+{phone}") for n in range(3) for phone in PHONES]
    sound, full = calls["process_raw"]
    samples = np.frombuffer(sound, np.int16)
    assert (len(samples), samples.max(), full) == (16_000, 32_767, ("full_utt", True))
    assert calls["activate_search"] == ("text",)


def test_where_there_is_no_way_through_nothing_is_heard():
    opinion = LightOpinion()
    opinion.__dict__["_decoder"] = Decoder()
    assert opinion._decode(SOUND, [("DH", "AH")]) == []


def test_phones_are_those_of_the_lexicon_without_stress():
    assert len(PHONES) == 39 and {"AA", "NG", "ZH"} <= set(PHONES) and not any(c.isdigit() for c in "".join(PHONES))
