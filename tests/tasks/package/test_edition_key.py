"""Whatever shapes an edition's files is in its key, for every output; what shapes none of them is not."""

from dataclasses import replace

import pytest

from configs.settings import PackageSettings, ReadAlongSettings
from tasks.package import edition as edition_module
from tasks.package.edition import edition_key
from tests.tasks.package.conftest import BOOK, PACKAGE, PNG, asking

ALL = ("m4b", "mp3", "opus", "flac", "wav", "archive", "acx", "inaudio", "google", "podcast", "captions", "readalong")
KINDS = (*ALL, "library", "feed", "manifest")


@pytest.fixture(autouse=True)
def version(monkeypatch):
    monkeypatch.setattr(edition_module, "ffmpeg_version", lambda chosen: f"9.0.2{chosen}")


@pytest.fixture
def fixed(content):
    return replace(
        content, masters=tuple(replace(master, audio_sha256=f"{n}" * 64) for n, master in enumerate(content.masters))
    )


GOLDENS = {
    "m4b": "c09bfa3dfee9e404",
    "mp3": "5cbe1b30705f6787",
    "opus": "93c2d17b51ad17b6",
    "flac": "03b539c3f6ae2160",
    "wav": "579adbca18bbac09",
    "archive": "fe421c2ca872a0f8",
    "acx": "45ff0412e15892f6",
    "inaudio": "117d175e35491a7c",
    "google": "ced4a38fd43ba273",
    "podcast": "aab3fe223a92aac3",
    "captions": "9531d6245214e8dd",
    "readalong": "4ded5d9c7e64ff79",
    "library": "247dbc530c5eb6db",
    "feed": "ba53258c0e9300d9",
    "manifest": "d83e3d9a8bf1487e",
}


@pytest.mark.parametrize("kind", GOLDENS)
def test_the_key_of_each_output_is_that_of_its_version(fixed, kind):
    """Recorded. Another key publishes every finished book of that kind again: do so only with a new version."""
    assert edition_key(asking(fixed, kind, "manifest"))[:16] == GOLDENS[kind]


def with_book(content, **changes):
    return replace(content, book=replace(BOOK, **changes))


TAGS = {
    "title": "Other", "authors": ("Other",), "date": "1901", "description": "Other", "publisher": "Other",
    "language": "de", "identifier": "urn:isbn:9780306406157", "identifiers": ("asin:B00ABC1234",), "series": "Other",
    "series_position": "2", "subtitle": "Other", "sort_title": "Other", "sort_authors": ("Other",),
    "subjects": ("Other",), "rights": "Other", "cover": PNG + b"more",
}  # fmt: skip


def test_every_tag_is_in_the_key(content):
    keys = {name: edition_key(with_book(content, **{name: value})) for name, value in TAGS.items()}
    assert len({edition_key(content), *keys.values()}) == len(TAGS) + 1


def changed(content, **values):
    return replace(
        content, settings=PACKAGE.model_copy(update={"outputs": KINDS, "feed_url": "https://a.org", **values})
    )


SHAPING = {
    "narrator": "Nora",
    "narration": "a machine",
    "disclosure": "Spoken by {voice}.",
    "part_hours": 1.5,
    "ffmpeg": "other",
    "aac_bitrate_kbps": 64,
    "feed_url": "https://b.org",
    "readalong": ReadAlongSettings(grain="word", bitrate_kbps=64, epubcheck=False),
    "profiles": {"podcast": {"tail_s": 3.0}},
    "outputs": KINDS[1:],
}


def test_every_setting_that_shapes_a_file_is_in_the_key_and_no_other_setting(content):
    keys = {name: edition_key(changed(content, **{name: value})) for name, value in SHAPING.items()}
    assert len({edition_key(changed(content)), *keys.values()}) == len(SHAPING) + 1
    others = {"name": "{title}", "opening": "Hello.", "closing": "Bye."}  # credits come by the keys of what is said
    assert {edition_key(changed(content, **{name: value})) for name, value in others.items()} == {
        edition_key(changed(content))
    }
    assert {*SHAPING, *others, "signature"} == set(PackageSettings.model_fields)


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind not in ("captions", "readalong")])
def test_every_value_of_a_profile_is_in_the_key_of_its_kind_and_of_no_other(content, kind):
    shared = {
        "per": "book",
        "head_s": 0.25,
        "tail_s": 0.25,
        "max_minutes": 7.0,
        "credits": kind not in ("acx", "inaudio"),
    }
    values = {
        **shared,
        "target_lufs": -21.0,
        "ceiling_dbtp": -3.5,
        "sample_s": 42.0,
        "sample_rate": 22_050,
        "shop": "x",
    }
    if kind in ("m4b", "archive"):
        values["per"] = "chapter"
    keys = {
        name: edition_key(changed(content, outputs=(kind, "manifest"), profiles={kind: {name: value}}))
        for name, value in values.items()
    }
    plain = edition_key(changed(content, outputs=(kind, "manifest")))
    assert len({plain, *keys.values()}) == len(values) + 1
    other = edition_key(changed(content, outputs=("captions", "manifest"), profiles={kind: {"tail_s": 0.25}}))
    assert other == edition_key(changed(content, outputs=("captions", "manifest")))


READALONG = {"grain": "sentence", "bitrate_kbps": 40, "epubcheck": False}
READALONG_CHANGED = {"grain": "word", "bitrate_kbps": 64, "epubcheck": True}


def test_every_setting_of_the_book_that_is_read_aloud_is_in_its_key_alone(content):
    def key(kind, **values):
        return edition_key(
            changed(content, outputs=(kind, "manifest"), readalong=ReadAlongSettings(**{**READALONG, **values}))
        )

    assert set(READALONG) == set(READALONG_CHANGED) == set(ReadAlongSettings.model_fields)
    keys = {key("readalong", **{name: value}) for name, value in READALONG_CHANGED.items()}
    assert len({key("readalong"), *keys}) == len(READALONG) + 1
    assert key("captions", **READALONG_CHANGED) == key("captions")


@pytest.mark.parametrize(("kind", "profile"), [("feed", "podcast"), ("library", "library"), ("m4b", "m4b")])
def test_what_is_made_by_a_profile_has_the_changes_to_it_in_its_key(content, kind, profile):
    def key(**profiles):
        return edition_key(changed(content, outputs=(kind, "manifest"), profiles=profiles))

    assert len({key(), key(**{profile: {"tail_s": 3.25}}), key(**{profile: {"target_lufs": -21.0}})}) == 3
    assert key(google={"tail_s": 3.25}) == key()


@pytest.mark.parametrize("kind", ["m4b", "library"])
def test_the_bitrate_of_aac_is_in_the_key_of_whatever_is_aac(content, kind):
    def key(kind, kbps):
        return edition_key(changed(content, outputs=(kind, "manifest"), aac_bitrate_kbps=kbps))

    assert key(kind, 64) != key(kind, 72)
    assert key("feed", 64) == key("feed", 72)


def test_who_listens_for_words_is_in_the_key_where_one_output_wants_them(content):
    for kind, wants in (("captions", True), ("readalong", True), ("m4b", False), ("feed", False)):
        asked = changed(content, outputs=(kind, "manifest"))
        assert (edition_key(asked) != edition_key(replace(asked, timer="a speller"))) is wants, kind
