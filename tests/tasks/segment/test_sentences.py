"""Sentence boundaries where they are, and not where an abbreviation, an initial or "he said" only looks like one."""

from __future__ import annotations

import importlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.segment import punkt, sentences
from tasks.segment.cut import parts_of
from tasks.segment.sentences import SentenceSplitter

ROOT = Path(__file__).resolve().parents[3]


def _cases() -> list[list[str]]:
    table = (Path(__file__).parent / "goldens" / "sentences.txt").read_text(encoding="utf-8")
    return [line.split(" | ") for line in table.splitlines() if line and not line.startswith("#")]


CASES = _cases()


@pytest.fixture(scope="module")
def splitter() -> SentenceSplitter:
    return SentenceSplitter(" ".join(sentences) for sentences in CASES)


def split(splitter: SentenceSplitter, text: str) -> list[str]:
    return [text[start:end] for start, end in splitter.spans(text)]


@pytest.mark.parametrize("sentences", CASES, ids=" ".join)
def test_boundaries(splitter, sentences):
    assert split(splitter, " ".join(sentences)) == sentences


def test_the_book_teaches_its_own_abbreviations():
    text = "The brig lay 40 fms. deep, and 20 fms. off, or 10 fms. more. She sank. " * 40
    assert len(SentenceSplitter([text]).spans("It was 12 fms. Bristol measure.")) == 1
    assert len(SentenceSplitter(["Nothing to learn."]).spans("It was 12 ells. Bristol measure.")) == 2


def test_a_word_that_only_ends_sentences_is_no_abbreviation():
    text = "He wound the clock. He lit the lamp. She saw the wick. He shut the door."
    assert len(SentenceSplitter([text]).spans(text)) == 4


@pytest.mark.parametrize(
    "text",
    [
        "the long road to the old house of Dr. Livingstone under the hill in the rain",
        "a letter that was written by J. R. R. Tolkien to a friend",
        "they came up to the door of No. 221 in the rain",
        "and on Sunday the fourth of Sept. 1876 it rained here again all day",
        "an old friend of Mr Darcy went home",
    ],
)
@pytest.mark.parametrize("limit", range(18, 40))
def test_no_cut_parts_what_belongs_together(text, limit):
    spans = parts_of(text, [(0, len(text))], lambda start, end: end - start <= limit, 0)
    parts = [text[span.start : span.end] for span in spans]
    assert " ".join(parts) == text
    assert not [part for part in parts[:-1] if part.endswith((".", "Mr"))]


def test_what_belongs_together_is_cut_where_nothing_else_fits():
    text = "Dr. Livingstone"
    spans = parts_of(text, [(0, len(text))], lambda start, end: end - start <= 12, 0)
    assert [text[span.start : span.end] for span in spans] == ["Dr.", "Livingstone"]


@pytest.mark.parametrize(("least", "parts"), [(11, 2), (12, 1)])
def test_a_part_is_short_below_the_least_length_and_not_at_it(least, parts):
    text = "It is late. Nobody goes there any more."
    assert len("It is late.") == 11
    assert len(parts_of(text, [(0, 11), (12, len(text))], lambda start, end: True, least)) == parts


def test_an_empty_book_has_no_sentences():
    assert SentenceSplitter([]).spans("One. Two.") == [(0, 4), (5, 9)]


@pytest.mark.parametrize("unit", ["No. 1 ", "Dr. ", "A. B. ", "p. 5, ", "Mr. A. said No. "])
def test_no_more_is_searched_where_a_sentence_never_ends(unit, monkeypatch):
    searched: list[int] = []
    decide = sentences._belongs_together

    def counted(before: str, after: str) -> bool:
        searched.append(len(before))
        return decide(before, after)

    monkeypatch.setattr(sentences, "_belongs_together", counted)
    text = (unit * 400).strip()
    SentenceSplitter([text]).spans(text)
    assert max(searched, default=0) <= 64


@pytest.mark.parametrize("mark", ['"', "“", "‘", "'", "("])
def test_a_quotation_that_is_never_closed_changes_nothing(splitter, mark):
    plain = ["Three pages follow.", *["Mr. Toad drove on.", "The road was long.", "Was it?"] * 200, "Then it ended."]
    opened = [f"{mark}{plain[0]}", *plain[1:]]
    assert split(splitter, " ".join(opened)) == opened


@given(st.text(alphabet="aA1 .!?…,\"“”‘’'()—\n-", max_size=80))
def test_sentences_cover_all_but_whitespace_once_and_in_order(text):
    splitter = SentenceSplitter(["Mr. Toad drove. He left."])
    at = 0
    for start, end in splitter.spans(text):
        assert start >= at
        assert not text[at:start].strip()
        at = end
    assert not text[at:].strip()


def test_punkt_is_imported_where_a_text_has_an_end_inside_and_without_scipy():
    code = (
        "import sys; from tasks.segment.sentences import SentenceSplitter as S\n"
        "def names(): return sorted({'nltk', 'scipy'} & set(sys.modules))\n"
        "print(S(['One.']).spans('One.'), names(), S(['One. Two.']).spans('One. Two.'), names())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[(0, 4)] [] [(0, 4), (5, 9)] ['nltk']"


def test_other_threads_import_scipy_while_punkt_is_imported(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", [punkt._Without(), *sys.meta_path])
    monkeypatch.delitem(sys.modules, "scipy.stats", raising=False)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("scipy.stats")
    with ThreadPoolExecutor() as threads:
        assert threads.submit(importlib.import_module, "scipy.stats").result()


INTERJECTIONS = "hm hmm mm mmm sh shh ssh pst psst brr tsk pff pfft grr zzz"
ENDINGS = "etc &c a.m A.M p.m P.M Co Inc Ltd Bros Jr Sr Esq U.S U.K U.S.A Ph.D M.D D.C B.C A.D"


@pytest.mark.parametrize("ending", ENDINGS.split())
def test_an_abbreviation_ends_a_sentence_before_a_word_that_begins_them(ending):
    splitter = SentenceSplitter([])
    assert split(splitter, f"He had it, {ending}. The lamp was lit.") == [f"He had it, {ending}.", "The lamp was lit."]
    assert split(splitter, f"He had it, {ending}. of the lamp.") == [f"He had it, {ending}. of the lamp."]


@pytest.mark.parametrize("word", INTERJECTIONS.split())
def test_an_interjection_is_no_abbreviation(word):
    text = f"It was {word}. Bristol came. " * 40
    assert split(SentenceSplitter([text]), f"It was {word}. Bristol came.") == [f"It was {word}.", "Bristol came."]


@pytest.mark.parametrize(
    ("before", "after", "together"),
    [
        ("Yes.", "...", True), ("Yes.", "he said.", True), ("Yes.", "“and so.", True), ("Yes.", "He said.", False),
        ("1.", "He said.", True), ("(12)", "He.", True), ("IV.", "He.", True), ("a)", "He.", True),
        ("1234.", "He.", False),
        ("B…", "But no.", False), ("But…", "But no.", True), ("But ...", "But no.", True), ("But…", "Butter.", False),
        ("Mr.", "Low.", True), ("old St.", "Low.", True), ("the Dr.", "Low.", True), ("the Low.", "Low.", False),
        ("by J.", "Low.", True), ("and I.", "Low.", False), ("by J.", "He went.", False), ("J. R.", "Low.", True),
        ("see No.", "5 men.", True), ("see No.", "Men.", False),
        ("on Sept.", "5 men.", True), ("so Gen.", "3 men.", True),
    ],
)  # fmt: skip
def test_where_no_reader_would_split(before, after, together):
    assert sentences._belongs_together(before, after) is together


@pytest.mark.parametrize(("length", "count"), [(399, 2), (400, 1)])
def test_a_run_that_is_no_word_is_not_searched(length, count):
    assert len(SentenceSplitter([]).spans("x" * length + " One. Two.")) == count


def test_of_a_long_book_texts_from_all_over_it_teach(monkeypatch):
    monkeypatch.setattr(sentences, "_TRAINING_CHARS", 10)
    assert sentences._sample(["abc", "def"]) == "abc\ndef"
    assert sentences._sample(["abcde", "fghij", "k"]) == "abcde\nk"
    assert sentences._sample([]) == ""
