"""Which files of an edition are held to a shop's numbers."""

from flows.order import delivery
from storage.records import Edition, EditionFile
from tests.tasks.package.conftest import PACKAGE


def test_audio_that_is_made_for_a_shop_is_checked_and_nothing_else(monkeypatch):
    asked = []

    def check_files(paths, shop, ffmpeg):
        assert ffmpeg == "/mine/ffmpeg"
        asked.append((shop, paths))
        return tuple(f"{shop} {path.name}" for path in paths)

    package = PACKAGE.model_copy(update={"ffmpeg": "/mine/ffmpeg"})
    monkeypatch.setattr(delivery, "check_files", check_files)
    names = {
        "m4b": ["a.m4b"],
        "acx": ["1.mp3", "2.mp3"],
        "feed": ["1.mp3", "feed.xml", "1.chapters.json"],
        "mp3": ["x.mp3"],
    }
    files = tuple(EditionFile(kind, name, "a" * 64, 1) for kind, paths in names.items() for name in paths)
    found = delivery.check_edition(Edition(files, 1.0, ()), package)
    assert found == ("acx 1.mp3", "acx 2.mp3", "podcast 1.mp3")
    assert [(shop, [path.name for path in paths]) for shop, paths in asked] == [
        ("acx", ["1.mp3", "2.mp3"]),
        ("podcast", ["1.mp3"]),
    ]
