"""Single words: morphology and the letter-to-sound model."""

import time

import numpy as np
import pytest

from tortoise_core.errors import ConfigError
from tortoise_core.text.build_lexicon import first_pronunciations, write_lexicon
from tortoise_core.text.g2p import Pronouncer, default_pronouncer, had, plural, spell
from tortoise_core.text.g2p_align import align_dictionary
from tortoise_core.text.g2p_model import LetterToSoundModel, default_model
from tortoise_core.text.g2p_train import edit_distance, measure, split_dictionary, train
from tortoise_core.text.lexicon import ADDITIONS_PATH, PHONES, Lexicon, default_lexicon, dictionary, parse_entries

TINY = {
    "cat": "K AE1 T", "dog": "D AO1 G", "box": "B AA1 K S",
    "marry": "M EH1 R IY0", "happy": "HH AE1 P IY0", "baking": "B EY1 K IH0 NG", "kind": "K AY1 N D",
}  # fmt: skip


def refuse(letters: str) -> tuple[str, ...]:
    """Stand in for the letter model where it must not be asked."""
    raise AssertionError(f"the letter model was asked for {letters}")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("cats", "K AE1 T S"),
        ("dogs", "D AO1 G Z"),
        ("boxes", "B AA1 K S AH0 Z"),
        ("marries", "M EH1 R IY0 Z"),
        ("cat's", "K AE1 T S"),
        ("cats'", "K AE1 T S"),
        ("box's", "B AA1 K S AH0 Z"),
        ("bakin'", "B EY1 K IH0 N"),
        ("kindness", "K AY1 N D N AH0 S"),
        ("happiless", "HH AE1 P IY0 L AH0 S"),
        ("cat'd", "K AE1 T AH0 D"),
        ("dog'd", "D AO1 G D"),
        ("cat'll", "K AE1 T AH0 L"),
        ("dogn't", "D AO1 G AH0 N T"),
        ("bdx", "B IY1 D IY1 EH1 K S"),
    ],
)
def test_words_explained_by_others(word, expected):
    assert " ".join(Pronouncer(Lexicon(TINY), refuse).pronounce(word)) == expected


LETTERS = """
    EY1 / B IY1 / S IY1 / D IY1 / IY1 / EH1 F / JH IY1 / EY1 CH / AY1 / JH EY1 / K EY1 / EH1 L / EH1 M / EH1 N / OW1 /
    P IY1 / K Y UW1 / AA1 R / EH1 S / T IY1 / Y UW1 / V IY1 / D AH1 B AH0 L Y UW0 / EH1 K S / W AY1 / Z IY1
"""


def test_every_letter_has_its_name():
    names = [name.strip() for name in " ".join(LETTERS.split()).split("/")]
    assert [" ".join(spell(letter)) for letter in "abcdefghijklmnopqrstuvwxyz"] == names
    assert spell("B-1, d") == ("B", "IY1", "D", "IY1")


def test_the_ending_of_plurals_follows_the_last_sound():
    last = {"AH0 Z": "S Z SH ZH CH JH", "S": "P T K F TH"}
    for phone in PHONES:
        expected = next((ending for ending, phones in last.items() if phone in phones.split()), "Z")
        expected = "S" if phone == "HH" else expected
        assert " ".join(plural(("AA1", phone))[2:]) == expected, phone
        assert " ".join(had(("AA1", phone))[2:]) == ("AH0 D" if phone in ("T", "D") else "D"), phone


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("cat've", "K AE1 T AH0 V"),
        ("cat're", "K AE1 T ER0"),
        ("cat'm", "K AE1 T M"),
        ("catful", "K AE1 T F AH0 L"),
        ("catlike", "K AE1 T L AY2 K"),
        ("c'at", "K AE1 T"),
        ("cat'x", "?catx"),
        ("catss", "?catss"),
        ("catis", "?catis"),
        ("catus", "?catus"),
        ("oxs", "?oxs"),  # a stem of two letters proves nothing
        ("'", ""),
        ("mmm", "EH1 M EH1 M EH1 M"),
        ("y", "?y"),
        ("blorp", "?blorp"),
        ("a" * 41, f"?{'a' * 40} ?a"),
    ],
)
def test_words_that_others_explain_and_words_that_they_do_not(word, expected):
    pronouncer = Pronouncer(Lexicon({**TINY, "ox": "AA1 K S"}), lambda letters: (f"?{letters}",))
    assert " ".join(pronouncer.pronounce(word)) == expected


def test_additions_lie_over_the_dictionary():
    assert parse_entries("# a note\n\ncat K AE1 T\na-b X\n") == {"cat": "K AE1 T", "a-b": "X"}
    additions = parse_entries(ADDITIONS_PATH.read_text("ascii"))
    corrected = next(word for word in additions if word in dictionary() and dictionary()[word] != additions[word])
    assert default_lexicon().get(corrected) == tuple(additions[corrected].split())
    assert "cat" in default_lexicon() and "catx" not in default_lexicon() and default_lexicon().get("catx") is None


GUESSED = {
    "blorptastic": "B L ER0 P T AE1 S T IH0 K",
    "gandalf": "G AE1 N D AO0 L F",
    "smeagol": "S M IY1 G AO0 L",
    "thorin": "TH AO1 R IH0 N",
    "yossarian": "Y OW1 S EH1 R IY0 AH0 N",
    "raskolnikov": "R AE1 S K OW1 L N IH0 K AA2 V",
    "zxqvorp": "Z K S K V AO1 R P",
    "quidditch": "K W IH1 D IH0 CH",
    "eyjafjalla": "EY1 JH AH0 F Y AA1 L AH0",
    "aoife": "AW2 AY2 F",
    "nguyen": "N UW0 Y EH1 N",
    "przybylski": "P R Z AH0 B IH1 L S K IY0",
    "wwwa": "W W AH0",
}


@pytest.mark.parametrize("word", GUESSED)
def test_a_word_that_nobody_knows_is_guessed_as_ever(word):
    """Other phones would be other tokens, and another take of every name that is in no dictionary."""
    assert " ".join(default_model().pronounce(word)) == GUESSED[word]


def test_lexicon_holds_only_known_phones():
    lexicon = default_lexicon()
    assert len(lexicon.words()) > 125_000
    assert {phone for phones in set(dictionary().values()) for phone in phones.split(" ")} <= set(PHONES)
    assert all(set(lexicon.get(word) or ()) <= set(PHONES) for word in lexicon.words()[-200:])


def test_model_on_held_out_words():
    """The words were never trained on; the full held-out numbers are printed by g2p_train (62 %, 10 %)."""
    _, held_out = split_dictionary(dictionary())
    sample = held_out[::25]
    scores = measure(default_model().pronounce, sample)
    assert scores["word_accuracy"] > 0.55, scores
    assert scores["phone_error_rate"] < 0.12, scores


def test_model_automaton_is_consistent():
    """Every probability distribution the automaton gives sums to one, up to its rounding to 1/16 nat."""
    model = default_model()
    state, _ = model._advance(0, 1)
    for unit in (5, 40, 300):
        total = sum(np.exp(model._advance(state, u)[1]) for u in range(model._unit_count) if u != 1)
        assert total == pytest.approx(1.0, abs=0.06)
        state, _ = model._advance(state, unit)


def test_speed():
    pronouncer = default_pronouncer()
    known = default_lexicon().words()[::40]
    pronouncer.pronounce("blorptastic")
    started = time.process_time()
    for word in known:
        pronouncer.pronounce(word)
    assert len(known) / (time.process_time() - started) > 2000
    _, held_out = split_dictionary(dictionary())
    started = time.process_time()
    for word, _ in held_out[:200]:
        default_model().pronounce(word)
    assert 200 / (time.process_time() - started) > 100  # 500 on a quiet machine


def some_entries(every: int) -> list[tuple[str, tuple[str, ...]]]:
    """Return every n-th training word of the dictionary."""
    training, _ = split_dictionary(dictionary())
    return training[::every]


def test_alignment_divides_letters_sensibly():
    box = ("B", "AA1", "K", "S")
    knight = ("N", "AY1", "T")
    hopeless = ("B", "IY1", "Z")
    words = [*some_entries(every=120), ("box", box), ("knight", knight), ("b", hopeless)]
    aligned = dict(align_dictionary(words, sample_every=1))
    assert aligned["box"] == [("B",), ("AA1",), ("K", "S")]
    assert aligned["knight"] == [(), ("N",), ("AY1",), (), (), ("T",)]
    assert "b" not in aligned  # one letter cannot make three phones
    assert len(aligned) > 0.99 * len(words)
    for word, phones in words:
        assert word not in aligned or sum(aligned[word], ()) == phones


def test_training_learns_and_repeats():
    entries = some_entries(every=40)
    arrays = train(entries)
    _, held_out = split_dictionary(dictionary())
    scores = measure(LetterToSoundModel(arrays).pronounce, held_out[::80])
    assert scores["phone_error_rate"] < 0.35, scores
    assert {name: len(array) for name, array in arrays.items()} == {name: size for name, (size, _) in TRAINED.items()}
    for name, (_, total) in TRAINED.items():
        assert int(arrays[name].astype(np.int64).sum()) == pytest.approx(total, rel=1e-5), name
    again = train(entries)
    assert all(np.array_equal(arrays[name], again[name]) for name in arrays)


TRAINED = {
    "units": (915, 53623),
    "unit": (27758, 1849266),
    "children": (27758, 27583),
    "log_prob": (27758, 995516),
    "back_off": (27758, 53547),
}


def test_every_twentieth_word_is_held_out_by_its_letters():
    training, held_out = split_dictionary(dictionary())
    assert (len(training), len(held_out)) == (111667, 5800)
    assert [word for word, _ in held_out[:3]] == ["aancor", "abadi", "abbreviating"]
    assert split_dictionary({"a": "AH0", "it's": "IH1 T S"}) == ([], [])


def test_training_refuses_too_few_words():
    with pytest.raises(ConfigError, match="too few words"):
        train([("cat", ("K", "AE1", "T"))] * 5)


def test_edit_distance():
    assert edit_distance(("A", "B", "C"), ("A", "C", "D")) == 2
    assert edit_distance((), ("A",)) == 1


def test_lexicon_builder_keeps_first_pronunciations(tmp_path):
    assert set(first_pronunciations(f"{word} X" for word in ("'em", "dogs'", "o'clock", "well-known", "!x", "x2"))) == {
        *("'em", "dogs'", "o'clock", "well-known")
    }
    lines = ["tomato T AH0 M EY1 T OW2\n", "tomato(2) T AH0 M AA1 T OW2\n", "a.m. X\n", "oslo AA1 Z L OW0 # place\n"]
    words = first_pronunciations(lines)
    assert words == {"tomato": "T AH0 M EY1 T OW2", "oslo": "AA1 Z L OW0"}
    write_lexicon(words, tmp_path / "one.gz")
    write_lexicon(dict(reversed(words.items())), tmp_path / "two.gz")
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()
