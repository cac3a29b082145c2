"""Sounds are sent by key, whole or in parts, and never by path."""

import hashlib
import io

import pytest
import soundfile

from configs.settings import load_settings
from storage.records import Master
from tasks.master.master_key import master_key
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
    answer = browser.client.get(TAKE.replace("audio/takes", "peaks")).json()
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
