"""Which audio files there will be, what is in each and how loud: planned from the masters' records alone."""

from dataclasses import replace

import pytest

from configs.publish_profiles import publish_profile
from configs.settings import SignatureSettings
from storage.records import PlacedUtterance
from tasks.package.output import Draft
from tasks.package.outputs import OUTPUTS
from tasks.package.outputs.audio_files import plan_files, write_planned
from tests.tasks.audio import RATE, utterance
from tests.tasks.package.conftest import HEADINGS, LENGTHS, PACKAGE, TITLES

HOUR = 3600 * RATE


def planned(content, kind, masters=None, credits=(), **profile):
    settings = content.settings.model_copy(update={"profiles": {kind: profile}} if profile else {})
    return plan_files(
        kind, replace(content, settings=settings, masters=masters or content.masters, credits=credits), "Oz"
    )


def stretches(files):
    return [one for file in files for one in file.recording.stretches]


@pytest.mark.parametrize(
    ("loudness", "gain"), [(-19.0625, 0.0), (-18.9375, 0.0), (-19.125, 0.125), (-18.875, -0.125), (-23.0, 4.0)]
)
def test_a_change_of_loudness_that_nobody_hears_is_left_undone(content, loudness, gain):
    masters = (replace(content.masters[0], loudness_lufs=loudness),)
    (one,) = stretches(planned(content, "flac", masters, target_lufs=-19.0, ceiling_dbtp=-2.5))
    assert (one.gain_db, one.ceiling_dbtp) == (gain, -2.5 if gain else 0.0)


def test_a_chapters_file_has_the_profiles_silence_at_both_ends(content):
    found = stretches(planned(content, "flac", head_s=0.25, tail_s=2.0))
    assert [one.start for one in found] == [head - RATE // 4 for head in HEADINGS]
    assert [one.stop for one in found] == [head + 9_000 + 2 * RATE for head in HEADINGS]
    plain = stretches(planned(content, "flac"))
    assert [(one.start, one.stop) for one in plain] == [(0, length) for length in LENGTHS]


def test_a_books_file_begins_with_its_first_word_or_the_profiles_silence_and_ends_as_its_masters_do(content):
    assert [one.start for one in stretches(planned(content, "m4b"))] == [HEADINGS[0], 0, 0]
    found = stretches(planned(content, "m4b", head_s=0.25, tail_s=2.0))
    assert [(one.start, one.stop) for one in found] == [
        (HEADINGS[0] - RATE // 4, LENGTHS[0]),
        (0, LENGTHS[1]),
        (0, LENGTHS[2]),
    ]
    silent = replace(content.masters[0], placed=())
    assert [(one.start, one.stop) for one in stretches(planned(content, "m4b", (silent,)))] == [(0, LENGTHS[0])]


@pytest.mark.parametrize(("chapters", "first"), [(9, "01"), (99, "01"), (100, "001")])
def test_numbers_of_files_have_as_many_digits_as_the_last_needs(content, chapters, first):
    files = planned(content, "mp3", content.masters[:1] * chapters)
    assert files[0].file.path.as_posix() == f"Oz (MP3)/{first} {TITLES[0]}.mp3"
    assert files[-1].file.path.name == f"{chapters:0{len(first)}d} {TITLES[0]}.mp3"
    assert (files[-1].label.number, files[-1].label.count, files[-1].label.is_part) == (chapters, chapters, False)


@pytest.mark.parametrize(
    ("kind", "hours", "profile", "parts"),
    [
        ("m4b", (12, 11), {}, 1),
        ("m4b", (12, 11.1), {}, 2),
        ("wav", (6, 5.5), {"per": "book"}, 1),  # a WAV file counts its bytes in 32 bits
        ("wav", (6, 5.6), {"per": "book"}, 2),
        ("wav", (12, 10.9), {"per": "book", "sample_rate": 24_000}, 1),
        ("flac", (6, 5.6), {"per": "book"}, 1),
    ],
)
def test_a_book_that_is_too_long_for_its_format_has_parts(content, kind, hours, profile, parts):
    masters = tuple(replace(content.masters[0], samples=round(long * HOUR)) for long in hours)
    files = planned(content, kind, masters, **profile)
    assert len(files) == parts
    assert [(one.label.number, one.label.count, one.label.is_part) for one in files] == [
        (number, parts, True) for number in range(1, parts + 1)
    ]
    suffixes = [f" (part {number} of {parts})" for number in range(1, parts + 1)] if parts > 1 else [""]
    assert [one.label.title for one in files] == [f"{content.book.title}{suffix}" for suffix in suffixes]


@pytest.mark.parametrize(
    ("kind", "chapters", "parts"),
    [("m4b", 255, 1), ("m4b", 256, 2), ("opus", 999, 1), ("opus", 1000, 2), ("mp3", 1000, 1)],
)
def test_a_file_has_as_many_chapters_as_its_format_can_list(content, kind, chapters, parts):
    assert (
        len(planned(content, kind, content.masters[:1] * chapters, **({} if kind == "m4b" else {"per": "book"})))
        == parts
    )


def spoken(content, *ends):
    """The first chapter as if utterances without pauses ended at these samples."""
    starts = (0, *ends[:-1])
    placed = tuple(
        PlacedUtterance(utterance(0, chapter=0), "take 0", start, end) for start, end in zip(starts, ends, strict=True)
    )
    return (replace(content.masters[0], placed=placed, samples=ends[-1]),)


def test_a_chapter_is_cut_where_it_is_longer_than_the_profile_allows_and_not_at_that_length(content):
    minute = 60 * RATE
    halves = (minute // 2, minute)
    assert len(planned(content, "flac", spoken(content, *halves), max_minutes=1.0)) == 1
    longer = (minute // 2, minute + 1)
    cut = planned(content, "flac", spoken(content, *longer), max_minutes=1.0)
    assert [(one.start, one.stop, one.room) for one in stretches(cut)] == [
        (-RATE // 2, minute // 2 + RATE, (0, minute // 2)),
        (minute // 2 - RATE // 2, minute + 1 + RATE, (minute // 2, minute + 1)),
    ]
    assert [one.file.chapters[0].is_piece for one in cut] == [True, True]
    assert [one.label.title for one in cut] == [f"{TITLES[0]} (part 1)", f"{TITLES[0]} (part 2)"]


def test_a_piece_with_its_silences_is_no_longer_than_the_profile_allows(content):
    """Two utterances of 29 seconds fit into a minute with 2 of silence, and not with 2 and a sample."""
    masters = spoken(content, 29 * RATE, 58 * RATE, 87 * RATE, 116 * RATE)
    assert len(planned(content, "flac", masters, max_minutes=1.0, head_s=1.0, tail_s=1.0)) == 2
    assert len(planned(content, "flac", masters, max_minutes=1.0, head_s=1.0, tail_s=1.001)) == 4


def test_credits_are_files_of_their_own_for_the_shops_that_want_them(content):
    first, second = (replace(content.masters[0], title=f"{name} credits") for name in ("Opening", "Closing"))
    long = (*spoken(content, *range(60 * RATE, 6 * 60 * RATE, 60 * RATE)), *content.masters[1:])
    names = [one.file.path.name for one in planned(content, "acx", long, (first, second))]
    assert (names[0], names[-2:]) == ("Opening credits.mp3", ["Closing credits.mp3", "Retail sample.mp3"])
    assert names[1:-2] == [
        f"0{n} {one}.mp3" for n, one in enumerate(("Title; page", "1. The = Cyc lone", "2. #Munchkins’ “Council”"), 1)
    ]
    opening, *_ = planned(content, "acx", long, (first, second))
    (one,) = opening.recording.stretches
    assert (one.master, one.start) == (first, HEADINGS[0] - round(0.75 * RATE))
    label = opening.label
    assert (label.title, label.number, label.count, label.is_part, label.marks) == ("Opening credits", 1, 1, False, ())
    assert (opening.file.kind, opening.file.chapters, opening.file.samples) == ("acx", (), one.samples)
    assert opening.file.audio_key == opening.recording.key
    for kind in ("mp3", "google", "podcast", "m4b"):
        assert len(planned(content, kind, long, (first, second))) == len(planned(content, kind, long))


NAMES = {
    "m4b": ("Oz.m4b", "Oz (M4B)"),
    "mp3": ("Oz (MP3)", "Oz.mp3"),
    "opus": ("Oz (Opus)", "Oz.opus"),
    "flac": ("Oz (FLAC)", "Oz.flac"),
    "wav": ("Oz (WAV)", "Oz.wav"),
    "archive": ("Oz (archive).flac", "Oz (archive)"),
    "acx": ("Oz (ACX)", "Oz (ACX).mp3"),
    "inaudio": ("Oz (INaudio)", "Oz (INaudio).mp3"),
    "google": ("Oz (Google)", "Oz (Google).flac"),
    "podcast": ("Oz (podcast)", "Oz (podcast).mp3"),
    "captions": ("Oz (captions)",),
    "readalong": ("Oz (read-along).epub",),
    "library": ("Oz (library)",),
    "feed": ("Oz (feed)",),
    "manifest": ("Oz.manifest.json",),
}


def test_editions_of_earlier_versions_are_known_by_these_names():
    """By another name an older edition's files would be left lying beside the new ones."""
    assert {output.kind: output.names("Oz") for output in OUTPUTS} == NAMES


AUDIO = [kind for kind in NAMES if kind not in ("captions", "readalong", "library", "feed", "manifest")]


@pytest.mark.parametrize("kind", AUDIO)
@pytest.mark.parametrize("per", ["book", "chapter"])
def test_all_files_of_a_kind_lie_under_its_names(content, kind, per):
    paths = [one.file.path for one in planned(content, kind, per=per)]
    short = replace(content, settings=PACKAGE.model_copy(update={"part_hours": 1e-6}))  # a part for each chapter
    cut = [one.file.path for one in planned(short, kind, per=per)]
    assert {path.parts[0] for path in (*paths, *cut)} <= set(NAMES[kind])


def test_room_on_the_disk_is_asked_for_by_the_seconds_of_a_book():
    bytes_per_second = {output.kind: output.forecast_bytes(1000.0, PACKAGE) / 1000 for output in OUTPUTS}
    assert bytes_per_second == pytest.approx({
        "m4b": 13_200, "mp3": 13_200, "opus": 6_600, "flac": 48_000, "wav": 48_000, "archive": 48_000, "acx": 26_400,
        "inaudio": 26_400, "google": 88_200, "podcast": 13_200, "captions": 400, "readalong": 4_000 + 8_000,
        "library": 13_200, "feed": 13_200, "manifest": 800,
    })  # fmt: skip


def test_what_outputs_ask_for():
    assert {output.kind for output in OUTPUTS if output.needs_words} == {"captions", "readalong"}
    assert {output.kind for output in OUTPUTS if output.needs_origins} == {"readalong"}


@pytest.mark.parametrize(
    ("kind", "warned"), [("mp3", False), ("m4b", False), ("wav", False), ("opus", True), ("flac", True)]
)
def test_that_a_format_cannot_be_signed_is_said_where_somebody_signs(content, tmp_path, caplog, kind, warned):
    signs = PACKAGE.model_copy(update={"signature": SignatureSettings(certificate="a.pem", key="b.pem")})
    for settings, said in ((signs, warned), (PACKAGE, False)):
        draft = Draft(tmp_path, "Oz", replace(content, settings=settings), None, None)
        assert write_planned((), publish_profile(kind, settings), draft) == ()
        assert (f"{kind.upper()} files cannot be signed and are published without a signature" in caplog.text) is said
        caplog.clear()
