"""Which files of an edition are held to a shop's numbers."""

from flows.order import delivery
from storage.records import Edition, EditionFile
from tests.tasks.package.conftest import PACKAGE


def test_audio_that_is_made_for_a_shop_is_checked_and_nothing_else(monkeypatch):
    asked = []
    monkeypatch.setattr(delivery, "check_files", lambda paths, shop, ffmpeg: asked.append((shop, paths)) or ())
    names = {
        "m4b": ["a.m4b"],
        "acx": ["1.mp3", "2.mp3"],
        "feed": ["1.mp3", "feed.xml", "1.chapters.json"],
        "mp3": ["x.mp3"],
    }
    files = tuple(EditionFile(kind, name, "a" * 64, 1) for kind, paths in names.items() for name in paths)
    assert delivery.check_edition(Edition(files, 1.0, ()), PACKAGE) == ()
    assert [(shop, [path.name for path in paths]) for shop, paths in asked] == [
        ("acx", ["1.mp3", "2.mp3"]),
        ("podcast", ["1.mp3"]),
    ]
