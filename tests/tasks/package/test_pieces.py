"""A chapter that is too long for a shop becomes several files, cut where it is heard least."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from configs.publish_profiles import publish_profile
from storage.records import Master, PauseKind, PlacedUtterance
from tasks.delivery.pauses import known_pauses
from tasks.package.edition import publish_edition
from tasks.package.pieces import pieces_of
from tasks.synthesize.render import encode_flac
from tests.tasks.audio import RATE, utterance
from tests.tasks.package.conftest import PACKAGE, STEM, TITLES, asking

SENTENCE = PauseKind.SENTENCE
PARAGRAPH = PauseKind.PARAGRAPH
SCENE = PauseKind.SCENE
STANZA = PauseKind.STANZA
PAUSES = {SENTENCE: 0.3, PARAGRAPH: 0.8, STANZA: 0.8, SCENE: 1.8}
SPEECH_S = 1.0
HEAD_S = 0.5
LIMIT_S = 7.0


def placed_with(*pauses):
    """Utterances of a second each, with these pauses behind them."""
    at = round(HEAD_S * RATE)
    found = []
    for number, pause in enumerate(pauses):
        end = at + round(SPEECH_S * RATE)
        spoken = replace(utterance(number, chapter=0, heading=False), block_index=0, pause=pause)
        found.append(PlacedUtterance(spoken, f"take {number % 3}", at, end))
        at = end + round(PAUSES[pause] * RATE)
    return tuple(found)


def lengths(placed, pieces):
    return [(placed[end - 1].end_sample - placed[first].start_sample) / RATE for first, end in pieces]


@pytest.mark.parametrize(
    ("pauses", "most_s", "pieces"),
    [
        ([SENTENCE] * 4, 60, [(0, 4)]),
        ([SENTENCE] * 4, 3, [(0, 2), (2, 4)]),
        ([SENTENCE, SENTENCE, PARAGRAPH, SENTENCE, SENTENCE, SENTENCE], 6, [(0, 3), (3, 6)]),
        ([SENTENCE, SENTENCE, PARAGRAPH, SCENE, SENTENCE, SENTENCE], 7, [(0, 4), (4, 6)]),
        ([SCENE, SENTENCE, SENTENCE, SENTENCE, SENTENCE, SENTENCE, SENTENCE, SENTENCE], 7, [(0, 3), (3, 8)]),
        ([SENTENCE] * 2, 0.5, [(0, 1), (1, 2)]),
        ([SENTENCE, SENTENCE, STANZA, SENTENCE, SENTENCE, SENTENCE, SENTENCE], 6, [(0, 3), (3, 7)]),
        ([SENTENCE, STANZA, PARAGRAPH, SENTENCE, SENTENCE, SENTENCE], 6, [(0, 3), (3, 6)]),
        ([SENTENCE, PARAGRAPH, STANZA, SENTENCE, SENTENCE, SENTENCE], 6, [(0, 3), (3, 6)]),
        ([SENTENCE] * 3, 3.6, [(0, 3)]),
        ([SENTENCE] * 3, 3.5999, [(0, 1), (1, 3)]),
    ],
    ids=[
        *("short", "middle", "paragraph", "scene", "a scene at the edge is no middle", "one that is too long itself"),
        *("stanza", "of two the nearer", "of two the nearer stanza", "as long as may be", "longer"),
    ],
)
def test_cuts_are_where_they_are_heard_least_and_near_the_middle(pauses, most_s, pieces):
    placed = placed_with(*pauses)
    assert list(pieces_of(placed, round(most_s * RATE))) == pieces


def test_all_of_a_long_chapter_is_in_pieces_that_fit():
    placed = placed_with(*([SENTENCE] * 7 + [PARAGRAPH]) * 40)
    pieces = pieces_of(placed, 25 * RATE)
    assert [first for first, _ in pieces] == [0, *(end for _, end in pieces[:-1])] and pieces[-1][1] == len(placed)
    assert max(lengths(placed, pieces)) <= 25 and min(lengths(placed, pieces)) >= 6


@pytest.fixture(scope="module")
def cut(content, store, tmp_path_factory):
    """An edition of one chapter of 12 s whose files may last 7; the level of each second of speech is its number."""
    placed = placed_with(*[SENTENCE] * 3, PARAGRAPH, *[SENTENCE] * 3, SCENE)
    samples = placed[-1].end_sample + RATE
    audio = 1e-4 * np.random.default_rng(3).standard_normal(samples)
    for number, one in enumerate(placed, start=1):
        audio[one.start_sample : one.end_sample] = number / 10
    master = Master(0, TITLES[0], store.put_bytes(encode_flac(audio, RATE)), RATE, samples, -19.0, -3.5, placed)
    asked = asking(replace(content, masters=(master,)), "flac", "captions", "manifest")
    limits = {"flac": {"max_minutes": LIMIT_S / 60, "head_s": 0.6, "tail_s": 1.0}}
    asked = replace(asked, settings=asked.settings.model_copy(update={"profiles": limits}))
    out = tmp_path_factory.mktemp("cut")
    return publish_edition(out, store, asked).edition, out


def test_pieces_are_files_with_the_chapters_name_and_their_number(cut):
    edition, _ = cut
    paths = [Path(file.path) for file in edition.files if file.kind == "flac"]
    assert [path.name for path in paths] == ["01 Title; page (part 1).flac", "02 Title; page (part 2).flac"]
    assert [soundfile.info(path).duration <= LIMIT_S for path in paths] == [True, True]
    assert mutagen_title(paths[1]) == "Title; page (part 2)"


def mutagen_title(path):
    import mutagen

    return mutagen.File(path)["title"][0]


def test_each_piece_holds_its_own_words_between_silences_and_no_others(cut):
    edition, _ = cut
    heard = []
    for path in [Path(file.path) for file in edition.files if file.kind == "flac"]:
        audio, _ = soundfile.read(path)
        heard.append(sorted({round(level * 10) for level in audio if level > 0.05}))
        loud = np.flatnonzero(np.abs(audio) > 0.05)
        assert (loud[0], len(audio) - 1 - loud[-1]) == (round(0.6 * RATE), RATE)
        edges = np.concatenate([audio[: loud[0]], audio[loud[-1] + 1 :]])
        assert 5e-5 < edges.std() < 2e-4  # room tone
    assert heard == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_captions_and_known_pauses_are_those_of_the_piece(cut):
    edition, out = cut
    second = next(Path(file.path) for file in edition.files if file.path.endswith("(part 2).flac"))
    captions = (out / f"{STEM} (captions)" / f"{STEM} (FLAC)" / second.with_suffix(".srt").name).read_text()
    assert captions.count("-->") >= 1 and "number 4" in captions and "number 3" not in captions
    assert captions.startswith("1\n00:00:00,600")
    pauses = known_pauses(second)
    assert [round(start, 2) for start, _ in pauses] == [1.65, 2.95, 4.25]


def test_the_manifest_says_which_words_a_piece_holds(cut):
    _, out = cut
    manifest = (out / f"{STEM}.manifest.json").read_text()
    assert '"first": 4' in manifest and '"end": 4' in manifest


def test_only_acx_cuts_chapters_unless_somebody_asks_and_keys_of_others_stay():
    assert publish_profile("acx", PACKAGE).max_minutes == 120
    assert "max_minutes" in publish_profile("acx", PACKAGE).shape()
    assert "max_minutes" not in publish_profile("mp3", PACKAGE).shape()
