"""Sounds are sent by key, whole or in parts, and never by path."""

import asyncio
import hashlib
import io

import numpy as np
import pytest
import soundfile
from starlette.requests import Request

from configs.settings import load_settings
from storage.errors import DamagedArtifactError, MissingArtifactError
from storage.records import Master
from tasks.master.master_key import master_key
from tasks.review.web import sounds
from tasks.stitch.timeline import lay_out
from tests.tasks.review.library import RATE, SOURCE, tone
from tests.tasks.review.web.conftest import BOOK

TAKE = f"/audio/takes/{0:032x}{0:032x}"
DATA = tone(0)


def test_a_take_is_sent_whole_and_may_be_kept_for_ever(browser):
    answer = browser.client.get(TAKE)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, DATA, "audio/flac")
    assert "immutable" in answer.headers["cache-control"] and answer.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=100-", 100, None),
        ("bytes=-7", len(DATA) - 7, None),
        ("bytes=5-99999999", 5, None),
        ("bytes=-99999999", 0, None),
    ],
)
def test_a_part_is_sent_so_that_a_player_can_seek(browser, asked, start, end):
    answer = browser.client.get(TAKE, headers={"Range": asked})
    part = DATA[start:end]
    assert (answer.status_code, answer.content) == (206, part)
    assert answer.headers["content-range"] == f"bytes {start}-{start + len(part) - 1}/{len(DATA)}"
    assert answer.headers["content-length"] == str(len(part))


@pytest.mark.parametrize("asked", [f"bytes={len(DATA)}-", "bytes=9-3", "bytes=-0"])
def test_a_part_that_there_is_not_is_refused(browser, asked):
    answer = browser.client.get(TAKE, headers={"Range": asked})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(DATA)}")


@pytest.mark.parametrize("asked", ["bytes=-", "bytes=0-1,4-5", "lines=1-2", "bytes=a-b"])
def test_a_range_of_another_kind_is_answered_with_all(browser, asked):
    answer = browser.client.get(TAKE, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, DATA)


def test_only_keys_lead_to_sounds(browser, library):
    (address,) = [a for a in library[1].addresses() if a == hashlib.sha256(DATA).hexdigest()]
    for name in (address, "..%2ftalepress.db", "0", "%00"):
        assert browser.client.get(f"/audio/takes/{name}").status_code == 404
        assert browser.client.get(f"/audio/chapters/{name}").status_code == 404
        assert browser.client.get(f"/peaks/{name}").status_code == 404


def test_a_waveform_has_the_extremes_of_its_stretches(browser):
    sent = browser.client.get(TAKE.replace("audio/takes", "peaks"))
    assert "immutable" in sent.headers["cache-control"]  # as the sound is
    answer = sent.json()
    assert (len(answer["peaks"]), answer["seconds"]) == (800, 0.5)
    assert max(answer["peaks"]) == pytest.approx(0.3, abs=0.01) == -min(answer["peaks"])


def test_a_take_is_heard_between_its_neighbours(browser):
    answer = browser.client.get(f"{BOOK}/places/1:3/between/{2:032x}{0:032x}")
    audio, rate = soundfile.read(io.BytesIO(answer.content))
    assert rate == RATE and len(audio) / rate == 2.0  # two takes of half a second, each with its pause
    assert answer.headers["cache-control"] == "no-store"
    assert browser.client.get(f"{BOOK}/places/1:3/between/{1:032x}{0:032x}").status_code == 404  # of another sentence


def test_a_sentence_is_found_in_its_mastered_chapter(browser, library):
    database, store = library
    settings = load_settings()
    with database.unit_of_work() as uow:
        cues = uow.takes.chosen(SOURCE, 0)
        timeline = lay_out(cues, settings.stitch)
        address = store.put_bytes(tone(99, 4.0))
        master = Master(0, "One", address, RATE, timeline.samples, -19.0, -4.0, timeline.placed)
        key = master_key(cues, settings.stitch, settings.master)
        uow.masters.save(key, master)
        uow.commit()
    browser.open(f"{BOOK}/places/1:3")
    (player,) = browser.page.find_class("mastered")
    assert (player.get("src"), player.get("data-end")) == (f"/audio/chapters/{key}#t=0.50,5.00", "5.00")
    answer = browser.client.get(player.get("src"), headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.content) == (206, b"fLaC")


def test_a_take_that_has_changed_is_not_heard(browser, library):
    path = library[1].path(hashlib.sha256(DATA).hexdigest())
    path.chmod(0o644)
    path.write_bytes(bytes([*DATA[:30], DATA[30] ^ 1, *DATA[31:]]))  # in the head, which FLAC's own sums leave out
    answer = browser.client.get(TAKE, headers={"Range": "bytes=0-"})
    assert answer.status_code >= 400
    assert "has changed since it was written" in answer.text


def ask(**headers):
    return Request({"type": "http", "method": "GET", "headers": [(k.encode(), v.encode()) for k, v in headers.items()]})


def sent(answer):
    async def body():
        return b"".join([piece async for piece in answer.body_iterator])

    return asyncio.run(body())


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [({}, 0, 200_000), ({"range": "bytes=10-149999"}, 10, 150_000), ({"range": "bytes=-70000"}, 130_000, 200_000)],
)
def test_a_long_sound_is_sent_in_pieces_to_its_end_and_no_further(asked, start, end):
    data = bytes(range(200)) * 1000
    answer = sounds._send(ask(**asked), len(data), lambda: io.BytesIO(data), "key")
    assert sent(answer) == data[start:end]
    assert (answer.headers["etag"], answer.headers["content-length"]) == ('"key"', str(end - start))
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"


def test_what_has_changed_is_not_sent_whole_and_what_is_gone_is_not_there(library):
    database, store = library
    path = store.path(hashlib.sha256(DATA).hexdigest())
    path.chmod(0o644)
    path.write_bytes(DATA + b"x")
    key = TAKE.rpartition("/")[2]
    with database.unit_of_work() as uow:
        uow.masters.save("key", Master(0, "One", path.name, RATE, 1, -19.0, -4.0, ()))
        uow.commit()
    calls = (
        lambda: sounds.send_take(ask(), database, store, key),
        lambda: sounds.send_master(ask(), database, store, "key"),
        lambda: sounds.send_peaks(database, store, key),
    )
    for call in calls:
        with pytest.raises(DamagedArtifactError):
            call()
    path.unlink()
    for call in calls:
        with pytest.raises(MissingArtifactError):
            call()


def test_the_take_that_is_asked_for_stands_between_its_own_neighbours(browser):
    """Each take is a tone of its own pitch: 200 Hz, 10 more for each take, 100 more for each sentence."""

    def pitches(place, key):
        audio, rate = soundfile.read(io.BytesIO(browser.client.get(f"{BOOK}/places/{place}/between/{key}").content))
        loud = np.flatnonzero(np.abs(audio) > 0.05)
        parts = np.split(loud, np.flatnonzero(np.diff(loud) > 200) + 1)
        return [round(np.abs(np.fft.rfft(audio[p[0] : p[-1]], rate)).argmax(), -1) for p in parts]

    assert pitches("1:1", f"{0:032x}{2:032x}") == [220, 300]
    assert pitches("1:2", f"{1:032x}{0:032x}") == [200, 300, 400]


def test_a_sentence_begins_no_earlier_than_its_chapter_and_is_found_in_no_other(library):
    database, _ = library
    settings = load_settings()
    parts = (database, settings.stitch, settings.master, SOURCE)
    with database.unit_of_work() as uow:
        cues = uow.takes.chosen(SOURCE, 0)
        timeline = lay_out(cues, settings.stitch)
        key = master_key(cues, settings.stitch, settings.master)
        uow.masters.save(key, Master(0, "One", "a" * 64, RATE, timeline.samples, -19.0, -4.0, timeline.placed))
        uow.commit()
    end = timeline.placed[0].end_sample / RATE
    assert sounds.find_in_master(*parts, (0, 0)) == (key, 0.0, pytest.approx(end + 2.0))
    assert [sounds.find_in_master(*parts, place) for place in ((0, 7), (1, 0))] == [None, None]
    with database.unit_of_work() as uow:
        uow.takes.mark_lost([cues[2].take.key])
        uow.commit()
    assert sounds.find_in_master(*parts, (0, 0)) is None
