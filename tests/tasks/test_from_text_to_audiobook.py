"""All of production in a row, without Prefect and database: what the flow strings together."""

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from mutagen.mp4 import MP4

from configs.settings import load_settings
from storage.records import Block, BlockKind, Book, Chapter, ChosenTake, PauseKind, Utterance, Verdict
from tasks.master.chapter import master_chapter
from tasks.package.content import EditionContent
from tasks.package.edition import publish_edition
from tasks.qa.checks import Rendering
from tasks.qa.verdict import best, judge
from tasks.stitch.assemble import stitch_chapter
from tasks.synthesize.batches import Backlog, RenderItem, RenderVoices, is_last_attempt
from tasks.synthesize.edges import trim_edges
from tasks.synthesize.keys import utterance_key
from tasks.synthesize.render import render_batch
from tasks.synthesize.speaker import Speaker
from tasks.voices.catalogue import read_latents
from tests.tasks.audio import latents, stored_voice
from tortoise_core.inference.fake import FakeEngine, Fault, Misbehaviour
from tortoise_core.inference.interface import SpeechRequest
from tortoise_core.inference.presets import SamplingSettings

CHAPTERS = (
    ("The Cyclone", ["The Cyclone", "Dorothy lived in Kansas.", "It was grey there.", "Toto was not grey."]),
    ("The Council", ["The Council", "She was awakened by a shock.", "It was grey there.", "Nothing moved."]),
)


def test_two_chapters(store, settings, tmp_path):
    engine = FakeEngine([Fault(Misbehaviour.SILENCE, "awakened", times=1), Fault(Misbehaviour.TOO_LONG, "Toto")])
    voice = stored_voice(store)
    sampling = engine.settings("fast")

    def key(text):
        return utterance_key(text, voice.digest, engine.digest, sampling)

    items = [RenderItem(key(text), text) for _, texts in CHAPTERS for text in texts]
    backlog = Backlog(items, batch_seconds=30, max_items=3)
    takes = []
    speaker = Speaker(engine)
    voices = RenderVoices({"": read_latents(voice, store)}, sampling)
    while batch := backlog.next_batch():
        made = render_batch(speaker, store, batch, voices, settings.qa).takes
        for take in made:
            if take.verdict is Verdict.DOUBTFUL and not is_last_attempt(take.attempt, settings.qa.retakes):
                backlog.put_back(take.utterance_key)
        takes += made
    chosen = {take.utterance_key: best(t for t in takes if t.utterance_key == take.utterance_key) for take in takes}
    assert len(chosen) == 7  # one sentence occurs twice and is spoken once
    assert [t.verdict for t in takes if t.attempt] == [Verdict.OK, *[Verdict.DOUBTFUL] * 2]

    masters = []
    for index, (title, texts) in enumerate(CHAPTERS):
        last = len(texts) - 1
        pauses = [PauseKind.HEADING, *[PauseKind.SENTENCE] * (last - 1), PauseKind.CHAPTER]
        cues = [
            ChosenTake(Utterance(index, n, n, 0, len(text), text, text, pauses[n], n == 0), chosen[key(text)])
            for n, text in enumerate(texts)
        ]
        stitched = stitch_chapter(store, cues, settings.stitch, tmp_path / f"{index}.flac")
        masters.append(master_chapter(store, stitched, title, index, settings.master))
    for master in masters:
        assert master.loudness_lufs == pytest.approx(settings.master.target_lufs, abs=0.5)
        assert master.true_peak_dbtp <= settings.master.ceiling_dbtp + 0.01

    chapters = tuple(
        Chapter(index, title, tuple(Block(BlockKind.PARAGRAPH, text) for text in texts))
        for index, (title, texts) in enumerate(CHAPTERS)
    )
    book = Book("Oz", ("L. Frank Baum",), "en", "ab" * 32, chapters)
    by_key = {take.key: take for take in chosen.values()}
    content = EditionContent(book, tuple(masters), by_key, voice, "fake", engine.digest, sampling, settings.package)
    edition = publish_edition(tmp_path / "out", store, content).edition
    file = MP4(edition.files[0].path)
    head = masters[0].placed[0].start_sample  # the file begins with the first word
    heading = masters[0].samples - head + masters[1].placed[0].start_sample
    assert [chapter.start for chapter in file.chapters] == pytest.approx([0, heading / 24_000], abs=1e-3)
    assert file.info.length == pytest.approx((sum(master.samples for master in masters) - head) / 24_000, abs=0.1)
    audio = soundfile.read(store.path(masters[1].audio_sha256))[0]
    first = masters[1].placed[0]
    spoken = audio[first.start_sample : first.end_sample]
    before = audio[: first.start_sample]
    assert np.std(spoken) > 50 * np.std(before)


@pytest.fixture(scope="module")
def qa():
    return load_settings().qa


@hypothesis_settings(max_examples=40)
@given(st.from_regex(r"[A-Z][a-z]{0,9}( [a-z]{1,12}){0,20}[.!?]", fullmatch=True), st.integers(0, 2**63 - 1))
def test_the_well_behaved_fake_engine_passes_the_checks(qa, text, seed):
    """Otherwise every test of the flows would be about retakes."""
    result = FakeEngine().speak([SpeechRequest(text, latents(), SamplingSettings(), seed)])[0]
    speech = trim_edges(result.audio, result.sample_rate)
    judgement = judge(Rendering(result.audio, speech, result.sample_rate, text), qa)
    assert judgement.reasons == ()
