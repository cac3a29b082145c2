"""The file of a take says all that its row says."""

import hashlib
import io
import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC

from storage.records import Take, Verdict
from tasks.synthesize.keys import seed_of, take_key
from tasks.synthesize.render import encode_flac
from tasks.synthesize.take_tags import TAG, read_tags, with_tags

RATE = 24_000
AUDIO = 0.3 * np.sin(np.arange(4800) / 20)
ADDRESS = "b" * 64


def make_take(attempt=2):
    key = take_key("a" * 64, attempt)
    return Take(
        key=key,
        utterance_key="a" * 64,
        attempt=attempt,
        seed=seed_of(key),
        audio_sha256=ADDRESS,
        sample_rate=RATE,
        samples=len(AUDIO),
        verdict=Verdict.DOUBTFUL,
        reasons=("too long: 9.1 s for 3 words", "\u00e4"),
        scores={"rank": 0.1 + 0.2, "doubt": -1e-300},
    )


def test_a_take_comes_back_from_its_file_and_the_samples_are_untouched():
    plain = encode_flac(AUDIO, RATE)
    tagged = with_tags(plain, make_take(), "three words here")
    assert read_tags(io.BytesIO(tagged), ADDRESS) == make_take()
    before, _ = soundfile.read(io.BytesIO(plain), dtype="int16")
    after, rate = soundfile.read(io.BytesIO(tagged), dtype="int16")
    assert rate == RATE
    np.testing.assert_array_equal(before, after)
    assert len(tagged) - len(plain) < 1000
    assert tagged == with_tags(plain, replace(make_take(), audio_sha256=""), "three words here")
    other = with_tags(plain, make_take(), "three other words")
    assert other != tagged


def test_rate_and_length_are_those_of_the_audio():
    tagged = with_tags(encode_flac(AUDIO[:1000], 22_050), make_take(0), "words")
    assert read_tags(io.BytesIO(tagged), "c" * 64) == replace(
        make_take(0), audio_sha256="c" * 64, sample_rate=22_050, samples=1000
    )


def test_what_is_no_take_is_none():
    plain = encode_flac(AUDIO, RATE)
    file = io.BytesIO(with_tags(plain, make_take(), "words"))
    flac = FLAC(fileobj=file)
    flac[TAG] = ["[1, 2"]
    file.seek(0)
    flac.save(fileobj=file)
    for data in (b"", b"RIFF of something", plain, file.getvalue()):
        assert read_tags(io.BytesIO(data), ADDRESS) is None


@pytest.mark.parametrize("change", [{"key": "c" * 64}, {"seed": 1}, {"attempt": 3}])
def test_tags_that_contradict_each_other_are_not_believed(change):
    tagged = with_tags(encode_flac(AUDIO, RATE), replace(make_take(), **change), "words")
    assert read_tags(io.BytesIO(tagged), ADDRESS) is None


def test_all_that_the_row_says_is_in_the_file_and_the_digest_of_the_text():
    tagged = with_tags(encode_flac(AUDIO, RATE), make_take(), "three w\u00f6rds\ud800")
    assert b"TALEPRESS_TAKE={" in tagged  # by which a database that was lost is made anew
    content = json.loads(FLAC(fileobj=io.BytesIO(tagged))[TAG][0])
    assert content == {
        "key": make_take().key,
        "utterance_key": "a" * 64,
        "attempt": 2,
        "seed": make_take().seed,
        "verdict": "doubtful",
        "reasons": ["too long: 9.1 s for 3 words", "\u00e4"],
        "scores": {"rank": 0.1 + 0.2, "doubt": -1e-300},
        "text_sha256": hashlib.sha256(b"three w\xc3\xb6rds\xed\xa0\x80").hexdigest(),
    }


@pytest.mark.parametrize("name", ["key", "utterance_key", "attempt", "seed", "verdict", "reasons", "scores"])
@pytest.mark.parametrize("value", [None, "nonsense"])
def test_tags_that_lack_something_or_say_nonsense_are_no_take(name, value):
    file = io.BytesIO(with_tags(encode_flac(AUDIO, RATE), make_take(), "words"))
    flac = FLAC(fileobj=file)
    content = json.loads(flac[TAG][0])
    del content[name]
    if value is not None:
        content[name] = 7 if name in ("reasons", "scores") else value
    flac[TAG] = [json.dumps(content)]
    file.seek(0)
    flac.save(fileobj=file)
    assert read_tags(io.BytesIO(file.getvalue()), ADDRESS) is None
