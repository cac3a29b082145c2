"""Cues keep the broadcasters' measures, and every format gives back the words and times that went in."""

import re
from dataclasses import replace
from html import unescape
from io import StringIO

import pytest
import srt as srt_library
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from tasks.package.captions.cues import (
    CHARS_PER_S,
    CUE_CHARS,
    LINE_CHARS,
    LONGEST_MS,
    SHORTEST_MS,
    Cue,
    SpokenLine,
    SpokenToken,
    cues_of,
)
from tasks.package.captions.lrc import lrc
from tasks.package.captions.srt import srt
from tasks.package.captions.vtt import vtt, vtt_chapters


def line(text: str, start_ms: int = 0, ms_per_char: int = 70, speaker: str = "") -> SpokenLine:
    """Speaks a text at an even pace."""
    tokens = []
    at = start_ms
    for word in text.split():
        tokens.append(SpokenToken(word, at, at + len(word) * ms_per_char))
        at = tokens[-1].end_ms + ms_per_char
    return SpokenLine(tuple(tokens), start_ms, tokens[-1].end_ms, speaker)


END = 10_000_000
LONG = (
    "Nobody could remember when the clock had last been wound, but everybody in the village knew the man who "
    "used to wind it, and where he had gone after the storm."
)
BOOK = [
    line("Chapter One"),
    line(LONG, 2500),
    line("“Who’s there?” cried R&D <the clerk>.", 14_000, speaker="Tom & Co"),
    line("No.", 17_000, speaker="Tom & Co"),
    line("It was --> nobody.", 18_000),
]
LINES = st.lists(
    st.lists(st.sampled_from(["a", "<b>", "&amp;", "so,", "well.", "-->", "x" * 50]), min_size=1), min_size=1
)


def book_of(words: list[list[str]]) -> list[SpokenLine]:
    lines: list[SpokenLine] = []
    at = 0
    for own in words:
        lines.append(line(" ".join(own), at))
        at = lines[-1].end_ms + 300
    return lines


def plain(lines: list[SpokenLine]) -> str:
    return " ".join(token.text for own in lines for token in own.tokens)


def test_a_cue_is_a_sentence_where_it_fits_and_is_cut_at_a_clause_where_not():
    assert [cue.text.replace("\n", " ") for cue in cues_of([line(LONG)], END)] == [
        "Nobody could remember when the clock had last been wound,",
        "but everybody in the village knew the man who used to wind it,",
        "and where he had gone after the storm.",
    ]


def test_cues_keep_to_two_lines_seven_seconds_and_their_own_speech():
    cues = cues_of(BOOK, END)
    for cue in cues:
        assert all(len(text) <= LINE_CHARS for text in cue.text.split("\n")) and len(cue.lines) <= 2
        assert cue.end_ms - cue.start_ms <= LONGEST_MS
    assert [cue.speaker for cue in cues[-3:]] == ["Tom & Co", "Tom & Co", ""]


def test_a_short_cue_is_held_until_it_can_be_read_and_small_gaps_are_closed():
    cues = cues_of([line("No.", 0), line("Yes, of course I know that.", 2000), line("Well.", 4100)], END)
    assert cues[0].end_ms == 833
    assert cues[1].end_ms == cues[2].start_ms == 4100


def test_a_gap_is_not_closed_where_the_cue_would_stay_too_long():
    long = line("a" * 9 + " b", 0, 636)
    first, _ = cues_of([long, line("Well.", 7100)], END)
    assert first.end_ms == long.end_ms == 6996


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(["a", "so,", "well.", "number", "incomprehensible"]), min_size=1, max_size=40),
            st.integers(5, 400),
            st.integers(0, 200),
            st.integers(0, 3000),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_every_cue_keeps_the_measures_whatever_the_pace(spoken):
    lines = []
    at = 0
    for words, ms_per_char, tail, gap in spoken:
        own = line(" ".join(words), at, ms_per_char)
        lines.append(replace(own, end_ms=own.end_ms + tail))
        at = lines[-1].end_ms + gap
    cues = cues_of(lines, at + 60_000)
    for cue, following in zip(cues, [*cues[1:], None], strict=True):
        lasts = cue.end_ms - cue.start_ms
        room = following.start_ms - cue.start_ms if following else 60_000
        gap = following.start_ms - cue.end_ms if following else 0
        is_one_word = sum(map(len, cue.lines)) == 1
        assert lasts <= LONGEST_MS or is_one_word
        assert lasts >= min(room, SHORTEST_MS, LONGEST_MS)
        assert lasts >= min(room, len(cue.text) * 1000 // CHARS_PER_S)
        assert gap == 0 or gap >= 250 or room > LONGEST_MS


@given(LINES)
def test_webvtt_reads_back_with_the_same_words_times_and_order(words):
    lines = book_of(words)
    cues = cues_of(lines, END)
    for text in (vtt(cues), vtt(cues, words=True)):
        found = webvtt.from_buffer(StringIO(text))
        assert unescape(" ".join(" ".join(caption.text.split()) for caption in found)) == plain(
            lines
        )  # webvtt-py does not
        assert [caption.start_in_seconds for caption in found] == [cue.start_ms // 1000 for cue in cues]
    ends = [0, *(cue.end_ms for cue in cues)]
    assert all(end <= cue.start_ms < cue.end_ms for end, cue in zip(ends, cues, strict=False))
    assert all(len(cue.text) <= CUE_CHARS + 1 or len(cue.lines[0]) == 1 for cue in cues)


@given(LINES)
def test_srt_reads_back_with_the_same_words_and_times(words):
    lines = book_of(words)
    cues = cues_of(lines, END)
    found = list(srt_library.parse(srt(cues)))
    assert " ".join(" ".join(caption.content.split()) for caption in found) == plain(lines)
    assert [round(caption.start.total_seconds() * 1000) for caption in found] == [cue.start_ms for cue in cues]


def test_a_cast_speaks_in_voice_spans_and_by_name():
    cues = cues_of(BOOK, END)
    found = webvtt.from_buffer(StringIO(vtt(cues)))
    assert [caption.voice for caption in found][-3:] == ["Tom &amp; Co", "Tom &amp; Co", None]
    texts = [caption.content for caption in srt_library.parse(srt(cues))]
    assert texts[-3].startswith("Tom & Co: “Who’s") and texts[-2] == "No."


def test_words_have_times_inside_their_cue():
    cue = cues_of([line("One two three.")], END)[0]
    assert vtt([cue], words=True).endswith(
        "00:00:00.000 --> 00:00:00.980\nOne <00:00:00.280>two <00:00:00.560>three.\n"
    )


def test_chapters_are_a_file_of_their_own():
    text = vtt_chapters([("I & II", 0, 61_500), ("III", 61_500, 3_600_000)])
    found = webvtt.from_buffer(StringIO(text))
    assert [(c.start, c.end) for c in found] == [("00:00:00.000", "00:01:01.500"), ("00:01:01.500", "01:00:00.000")]
    assert unescape(found[0].text) == "I & II"


def test_lrc_has_a_time_for_each_line_and_enhanced_for_each_word():
    cue = Cue(((SpokenToken("One", 61_230, 61_400),), (SpokenToken("two", 61_500, 61_800),)), 61_230, 62_000)
    assert lrc([cue], {"ti": "A\nB", "ar": ""}) == "[ti:A B]\n[01:01.23]One two\n"
    assert lrc([cue], {}, words=True) == "[01:01.23]<01:01.23>One <01:01.50>two\n"


@given(LINES)
def test_enhanced_lrc_without_its_times_is_plain_lrc(words):
    cues = cues_of(book_of(words), END)
    stamp = re.compile(r"<\d\d:\d\d\.\d\d>")
    assert stamp.sub("", lrc(cues, {}, words=True)) == lrc(cues, {})


def words_of(text: str, start_ms: int = 0) -> SpokenLine:
    """Speaks a text with 10 ms for each character, so that its length never matters."""
    return line(text, start_ms, 10)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a" * 20 + " " + "b" * 21, 1),  # 42 characters
        ("a" * 21 + " " + "b" * 21, 2),
        ("a" * 43, 1),  # a word stays whole
    ],
)
def test_a_line_has_at_most_42_characters(text, lines):
    assert len(cues_of([words_of(text)], END)[0].lines) == lines


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("aaaaaaaaaa aaaaaaaaaa bbbbbbbbbb bbbbbbbbbb bb", "aaaaaaaaaa aaaaaaaaaa"),  # the middle
        ("aaaaaaaaaa aaaaaaaaaa bbbbbbb. bbbbbbbbbb bbb", "aaaaaaaaaa aaaaaaaaaa bbbbbbb."),
        ("aaaaaaaaaa aaaaaaaaaa bbbbbb.” bbbbbbbbbb bbb", "aaaaaaaaaa aaaaaaaaaa bbbbbb.”"),
        ("aaaaaaaaaa aaaaaaaaaa bbbbbbb! bbbbbbbbbb bbb", "aaaaaaaaaa aaaaaaaaaa bbbbbbb!"),
        ("aaaaaaaaaa aaaaaaaaaa bbbbbbb, bbbbbbbbbb bbb", "aaaaaaaaaa aaaaaaaaaa bbbbbbb,"),
        ("aaaaaaaaaa aaaaaaaaaa bbbbbbb— bbbbbbbbbb bbb", "aaaaaaaaaa aaaaaaaaaa bbbbbbb—"),
        ("aaaaaaaaaa aaaaaaaaaa bbbb And bbbbbbbbbb bbb", "aaaaaaaaaa aaaaaaaaaa bbbb"),
        ("aaaaaaaaaa aaaaaaaaaa bbbb Ant bbbbbbbbbb bbb", "aaaaaaaaaa aaaaaaaaaa"),
        ("aaaaaaaaaa. aaaaaaaaa bbbbbb, bbbbbbbbbb bbbbb", "aaaaaaaaaa. aaaaaaaaa bbbbbb,"),  # near enough
        ("aaaaaaaaaa aaaaa. aaa bbbbbb, bbbbbbbbbb bbbbb", "aaaaaaaaaa aaaaa."),  # the better one
        # so good a place that the rest would be too long for its line
        ("aaaaaaaaaa aaaaaaaaaa. bbbbbbbbbb bbbbbbbbbb bbbbbbbbbb cccccccccc", "aaaaaaaaaa aaaaaaaaaa. bbbbbbbbbb"),
    ],
)
def test_a_line_ends_near_the_middle_and_behind_punctuation_or_before_a_small_word(text, first):
    (cue,) = cues_of([words_of(text)], END)
    assert cue.text.split("\n") == [first, text[len(first) + 1 :]]


@pytest.mark.parametrize(("gap", "closes"), [(249, True), (250, False), (0, True)])
def test_a_gap_is_closed_below_a_quarter_of_a_second(gap, closes):
    spoken = SpokenLine((SpokenToken("A", 0, 2000),), 0, 2000)
    first, _ = cues_of([spoken, line("Well.", 2000 + gap)], END)
    assert first.end_ms == (2000 + gap if closes else 2000)


@pytest.mark.parametrize(("limit", "end"), [(7000, 7000), (7001, 6900)])
def test_a_cue_lasts_at_most_seven_seconds_for_a_gap(limit, end):
    spoken = SpokenLine((SpokenToken("A", 0, 6900),), 0, 6900)
    assert cues_of([spoken, line("Well.", limit)], END)[0].end_ms == end


def test_many_characters_are_held_a_second_for_twenty():
    (cue,) = cues_of([words_of("a" * 30 + " " + "b" * 29)], END)
    assert (cue.start_ms, cue.end_ms) == (0, 3000)
    (cue,) = cues_of([words_of("a" * 30 + " " + "b" * 29)], 2000)
    assert cue.end_ms == 2000  # the file's end
    (cue,) = cues_of([words_of("a", 5000)], 5000)
    assert (cue.start_ms, cue.end_ms) == (5000, 5001)  # never empty


def test_what_lasts_longer_than_seven_seconds_is_cut_and_at_seven_not():
    def spoken(end):
        return SpokenLine((SpokenToken("A", 0, 3000), SpokenToken("b.", 3500, end - 100)), 0, end)

    assert [(cue.text, cue.start_ms, cue.end_ms) for cue in cues_of([spoken(7000)], END)] == [("A b.", 0, 7000)]
    cut = [(cue.text, cue.start_ms, cue.end_ms) for cue in cues_of([spoken(7001)], END)]
    assert cut == [("A", 0, 3000), ("b.", 3500, 7001)]


def test_a_line_without_words_is_no_cue():
    assert cues_of([SpokenLine((), 0, 500), line("A", 1000)], END)[0].text == "A"


LATE = Cue(((SpokenToken("A<&>b", 3_723_045, 3_723_500),),), 3_723_045, 36_000_007, "Tom\n& <Co>")


def test_the_clocks_of_all_formats_count_hours_or_minutes():
    narrator = replace(LATE, speaker="")
    assert vtt([LATE]) == "WEBVTT\n\n1\n01:02:03.045 --> 10:00:00.007\n<v Tom &amp; &lt;Co&gt;>A&lt;&amp;&gt;b\n"
    assert vtt([narrator], words=True) == "WEBVTT\n\n1\n01:02:03.045 --> 10:00:00.007\nA&lt;&amp;&gt;b\n"
    assert srt([narrator, narrator]) == (
        "1\n01:02:03,045 --> 10:00:00,007\nA<&>b\n\n2\n01:02:03,045 --> 10:00:00,007\nA<&>b\n"
    )
    assert lrc([narrator], {"al": "x"}) == "[al:x]\n[62:03.04]A<&>b\n"


def test_a_name_is_said_again_after_the_narrator():
    one = Cue(((SpokenToken("A", 0, 10),),), 0, 10, "Tom")
    speakers = ("Tom", "Tom", "", "Tom", "Ann")
    texts = [caption.content for caption in srt_library.parse(srt([replace(one, speaker=name) for name in speakers]))]
    assert texts == ["Tom: A", "A", "A", "Tom: A", "Ann: A"]


def test_times_of_words_increase_and_lie_inside_their_cue():
    tokens = tuple(
        SpokenToken(name, at, at + 5) for name, at in (("a", 90), ("b", 100), ("c", 110), ("d", 110), ("e", 105))
    )
    cue = Cue((tokens, (SpokenToken("f", 199, 210), SpokenToken("g", 200, 210))), 100, 200)
    assert vtt([cue], words=True).split("\n", 4)[4] == "a b <00:00:00.110>c d e\n<00:00:00.199>f g\n"
    assert lrc([cue], {}, words=True).startswith("[00:00.10]<00:00.10>a <00:00.10>b")


def test_markup_in_the_title_of_a_chapter_is_text():
    written = vtt_chapters([("Q<i>& A</i>", 0, 1000)])
    assert "Q&lt;i&gt;&amp; A&lt;/i&gt;" in written and "<i>" not in written


OPENERS = (
    "and but or nor for so yet which who that when where while because if as than with in on at by from of to into "
    "over under after before through against between about without"
)


@pytest.mark.parametrize(
    ("middle", "goes_on"),
    [
        *((f"bbbb {word}", False) for word in OPENERS.split()),
        *((f"bbbbbbb{end} bbb", True) for end in ".!?…,;:—–"),
        *((f"bbbbbb.{closing} bbb", True) for closing in "\"'”’)]»"),
        ("bbbbbbb- bbb", None),
        ("bbbb ant", None),
    ],
)
def test_each_word_that_opens_a_clause_and_each_mark_that_ends_one_is_a_place_for_a_line_to_end(middle, goes_on):
    """Where there is none of them, a line ends nearer to the middle."""
    text = f"aaaaaaaaaa aaaaaaaaaa {middle} cccccccccc cc"
    (cue,) = cues_of([words_of(text)], END)
    before, _, after = middle.partition(" ")
    first = {False: f"aaaaaaaaaa aaaaaaaaaa {before}", True: f"aaaaaaaaaa aaaaaaaaaa {before}"}.get(goes_on)
    assert cue.text.split("\n")[0] == (first or "aaaaaaaaaa aaaaaaaaaa"), after
