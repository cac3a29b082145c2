"""A published file's pauses by its manifest, which may come from a stranger."""

import json

import pytest

from tasks.delivery.pauses import known_pauses


def manifest(folder, **changes):
    content = {
        "sample_rate": 1000,
        "files": [
            {"file": "other.mp3", "chapters": [{"position": 0, "add": 0}]},
            {
                "file": "Oz (MP3)/a.mp3",
                "chapters": [{"position": 1, "add": 500}, {"position": 0, "add": 5000, "first": 1}],
            },
        ],
        "chapters": [
            {"utterances": [{"start_sample": at, "end_sample": at + 700} for at in (0, 1000, 2000, 3000)]},
            {"utterances": [{"start_sample": at, "end_sample": at + 400} for at in (100, 1000)]},
        ],
        **changes,
    }
    (folder / "Oz.manifest.json").write_text(json.dumps(content))


def test_the_pauses_of_a_file_lie_between_its_utterances(tmp_path):
    (tmp_path / "Oz (MP3)").mkdir()
    path = tmp_path / "Oz (MP3)" / "a.mp3"
    assert known_pauses(path) == ()
    manifest(tmp_path)
    spans = [(1.05, 1.45), (6.75, 6.95), (7.75, 7.95)]
    assert [pytest.approx(span) for span in known_pauses(path)] == spans
    held = {"position": 0, "add": 0, "first": 0, "end": 2}
    manifest(tmp_path, files=[{"file": "Oz (MP3)/a.mp3", "chapters": [held]}])
    assert [pytest.approx(span) for span in known_pauses(path)] == [(0.75, 0.95)]
    for odd in ({"position": 2}, {"position": -1}, {"add": -5000}):
        manifest(tmp_path, files=[{"file": "Oz (MP3)/a.mp3", "chapters": [{**held, **odd}]}])
        assert known_pauses(path) == ()
    manifest(tmp_path, sample_rate=-1000)
    assert known_pauses(path) == ()
    (tmp_path / "A.manifest.json").write_text("no manifest")
    manifest(tmp_path)
    assert len(known_pauses(path)) == 3


@pytest.mark.parametrize(("gap", "count"), [(150, 0), (151, 1)])
def test_a_pause_is_longer_than_its_margins(tmp_path, gap, count):
    utterances = [{"start_sample": 0, "end_sample": 700}, {"start_sample": 700 + gap, "end_sample": 2000}]
    file = {"file": "a.mp3", "chapters": [{"position": 0, "add": 0}]}
    manifest(tmp_path, files=[file], chapters=[{"utterances": utterances}])
    assert len(known_pauses(tmp_path / "a.mp3")) == count
