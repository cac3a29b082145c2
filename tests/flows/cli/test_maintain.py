"""`talepress maintain` and `doctor` on a library that is damaged. Takes are spoken as a worker does it."""

import shutil
from pathlib import Path

import pytest

from flows.actions import maintain
from flows.actions.maintain import Health, Rebuilt
from flows.operate.sweep import Swept
from flows.services import open_services, read_settings
from storage.artifacts import ArtifactStore
from storage.records import Master
from tasks.synthesize.batches import RenderItem
from tasks.synthesize.keys import utterance_key
from tasks.synthesize.render import RenderJob, run_job
from tests.flows.samples import add_voice

TEXTS = ("One.", "It was late.", "Nobody heard him.")


@pytest.fixture
def library(voiced_home):
    """A data folder with three takes, a master and a voice. Returns the takes."""
    with open_services(read_settings()) as services:
        job = render_job(services)
        takes = run_job(job).takes
        with services.database.unit_of_work() as uow:
            uow.takes.add(takes)
            uow.masters.save("m" * 64, Master(0, "One", services.store.put_bytes(b"master"), 24_000, 9, -19.0, -3.0))
            uow.commit()
        services.database.back_up()
    return takes


def render_job(services):
    voice = services.voice()
    keys = {text: utterance_key(text, voice.digest, services.engine.digest, services.sampling) for text in TEXTS}
    return RenderJob(
        batches=(tuple(RenderItem(key, text) for text, key in keys.items()),),
        voices={"": voice},
        sampling=services.sampling,
        engine=services.synthesize.engine,
        model=services.synthesize.model,
        model_digest=services.engine.digest,
        precision=services.precision,
        qa=services.settings.qa,
        store=services.store,
    )


def files_by_kind(takes):
    with open_services(read_settings()) as services, services.database.snapshot() as uow:
        (voice,) = uow.voices.list()
        (master,) = uow.masters.audio().values()
        return {
            "takes": services.store.path(takes[0].audio_sha256),
            "masters": services.store.path(master),
            "voices": services.store.path(voice.latents_sha256),
            "clip": services.store.path(voice.clips[0]),
        }


def known(takes):
    with open_services(read_settings()) as services, services.database.snapshot() as uow:
        return by_key(*uow.takes.of(take.utterance_key for take in takes).values())


def by_key(*takes):
    return {take.key: take for found in takes for take in found}


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.chmod(0o644)
    path.write_bytes(data)


def audio_check(ended):
    (found,) = [check for check in ended.json["checks"] if check["name"] == "audio"]
    return found


def test_a_sound_library_is_called_sound(talepress, library):
    ended = talepress("maintain", "verify")
    assert (ended.code, ended.err.strip()) == (0, "3 takes, 1 master and 1 added voice are sound")
    assert audio_check(talepress("doctor", "--json"))["ok"]


@pytest.mark.parametrize("damage", [flip, Path.unlink], ids=["a bit", "gone"])
@pytest.mark.parametrize("kind", ["takes", "masters", "voices"])
def test_each_damage_is_found_and_mended(talepress, library, kind, damage):
    damage(files_by_kind(library)[kind])
    found = talepress("maintain", "verify", "--json")
    assert (found.code, found.json["ok"], found.json["repaired"]) == (3, False, False)
    assert [name for name in ("takes", "masters", "voices") if found.json[f"damaged_{name}"]] == [kind]
    doctor = audio_check(talepress("doctor", "--json"))
    assert (doctor["ok"], "doctor --repair" in doctor["remedy"]) == (False, True)

    assert talepress("doctor", "--repair", "--json").code in (0, 3)  # 3 where something else of this machine is wrong
    again = talepress("maintain", "verify", "--json")
    assert (again.code, again.json["ok"]) == (0, True)
    assert len(known(library)) == (2 if kind == "takes" else 3)
    with open_services(read_settings()) as services:
        assert services.voice().name == "tone"


def test_takes_that_come_back_are_known_again(talepress, library):
    path = files_by_kind(library)["takes"]
    path.rename(path.with_suffix(".away"))
    assert talepress("maintain", "verify", "--repair").code == 0  # all that was wrong is mended
    assert len(known(library)) == 2
    path.with_suffix(".away").rename(path)
    ended = talepress("maintain", "verify", "--repair")
    assert "1 lost takes have their files back" in ended.err
    assert known(library) == by_key(library)


def test_a_voice_without_clips_stays_a_fault_with_its_remedy(talepress, library):
    files = files_by_kind(library)
    flip(files["voices"])
    files["clip"].unlink()
    ended = talepress("maintain", "verify", "--repair")
    assert ended.code == 3
    assert "not repaired: voice 'tone'" in ended.err
    assert "`talepress voice add tone CLIP...`" in ended.err
    say = talepress("say", "Hello.", "--out", "a.wav")
    assert (say.code, "`talepress voice remove tone`" in say.err) == (2, True)


@pytest.mark.parametrize("how", ["deleted", "emptied", "broken"])
def test_a_lost_database_is_refused_and_had_again(talepress, library, voiced_home, how):
    path = voiced_home / "talepress.db"
    for file in voiced_home.glob("talepress.db-*"):
        file.unlink()
    if how == "deleted":
        path.unlink()
    else:
        path.write_bytes(b"" if how == "emptied" else b"nonsense" * 1000)
    for command in (["status"], ["voice", "list"], ["say", "Hello.", "--out", "a.wav"]):
        ended = talepress(*command)
        assert (ended.code, "`talepress maintain restore`" in ended.err) == (3, True), ended.err
    restored = talepress("maintain", "restore", "--json")
    assert (restored.code, Path(restored.json["restored"]).name) == (0, "talepress.db.1")
    assert known(library) == by_key(library)
    again = talepress("maintain", "restore")
    assert (again.code, "is sound: nothing was restored" in again.err) == (0, True)
    assert talepress("maintain", "restore", "--json").json == {"restored": None, "aside": None}
    assert known(library) == by_key(library)


def test_rows_are_rebuilt_from_the_audio_alone(talepress, library, voiced_home):
    for file in voiced_home.glob("talepress.db*"):
        file.unlink()
    refused = talepress("status")
    assert (refused.code, "`talepress maintain rebuild`" in refused.err) == (3, True), refused.err
    assert not (voiced_home / "talepress.db").exists()
    flip(voiced_home / "artifacts" / library[1].audio_sha256[:2] / library[1].audio_sha256)
    done = talepress("maintain", "rebuild", "--json")
    assert (done.code, done.json["takes"], done.json["damaged"]) == (0, 2, 1)
    assert known(library) == by_key([library[0], library[2]])
    add_voice(voiced_home)  # the same clip, so the same voice and the same keys
    with open_services(read_settings()) as services:
        assert {item.utterance_key for items in render_job(services).batches for item in items} == {
            take.utterance_key for take in library
        }
    assert talepress("maintain", "rebuild", "--json").json["takes"] == 2


def test_a_store_that_is_gone_for_good_is_given_up_on_purpose(talepress, library, voiced_home):
    shutil.rmtree(voiced_home / "artifacts")
    refused = talepress("maintain", "verify")
    assert (refused.code, "is its disk mounted" in refused.err) == (2, True)
    assert not audio_check(talepress("doctor", "--json"))["ok"]
    assert talepress("maintain", "adopt-store").code == 0
    found = talepress("maintain", "verify", "--json")
    assert (found.code, len(found.json["damaged_takes"])) == (3, 3)


def test_a_library_moves_to_another_database(library, talepress, tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'moved.db'}"
    ended = talepress("maintain", "copy-database", url, "--json")
    assert ended.code == 0
    assert ended.json["rows"]["takes"] == len(TEXTS)
    assert ended.json["database"] == str(tmp_path / "moved.db")
    monkeypatch.setenv("TALEPRESS_STORAGE__DATABASE_URL", url)
    assert known(library) == by_key(library)
    assert talepress("maintain", "verify").code == 0
    again = talepress("maintain", "copy-database", url)
    assert (again.code, "already; nothing was copied" in again.err) == (2, True)


@pytest.mark.parametrize("url", ["nonsense", "mysql://u:secret@h/n", "postgresql://u:secret@127.0.0.1:1/n"])
def test_a_library_does_not_move_to_what_is_no_database(library, talepress, url):
    ended = talepress("maintain", "copy-database", url)
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    assert "secret" not in ended.err


SOUND = Health(3, 2, 1, (), (), (), ())
DAMAGED = Health(3, 2, 1, ("a",), (), (), (("tone", "voice 'tone' is damaged"),))
HALF_MENDED = Health(2, 2, 1, (), (), (), (("tone", "voice 'tone' is damaged"),))


@pytest.mark.parametrize(
    ("found", "after", "options", "code", "lines"),
    [
        (SOUND, None, [], 0, ["3 takes, 2 masters and 1 added voice are sound"]),
        (SOUND, None, ["--repair"], 0, ["3 takes, 2 masters and 1 added voice are sound"]),
        (DAMAGED, None, [], 3, ["1 of 3 takes are gone or damaged", "voice 'tone' is damaged"]),
        (DAMAGED, SOUND, ["--repair"], 0, [*DAMAGED.describe(), "repaired; the next `talepress make`"]),
        (
            *(DAMAGED, HALF_MENDED, ["--repair"], 3),
            [*DAMAGED.describe(), "repaired; ", "not repaired: voice 'tone' is damaged"],
        ),
    ],
)
def test_what_is_found_and_what_is_left_of_it_is_told(home, talepress, monkeypatch, found, after, options, code, lines):
    mended = []
    monkeypatch.setattr(maintain, "verify", lambda services: found)
    monkeypatch.setattr(maintain, "repair", lambda services, health: mended.append(health) or after)
    ended = talepress("maintain", "verify", *options)
    assert (ended.code, ended.out) == (code, "")
    told = ended.err.splitlines()
    assert len(told) == len(lines) and all(line.startswith(start) for line, start in zip(told, lines, strict=True)), (
        told
    )
    as_json = talepress("maintain", "verify", *options, "--json")
    assert (as_json.code, as_json.json["ok"], as_json.json["repaired"]) == (code, code == 0, after is not None)
    assert as_json.json["damaged_takes"] == list(found.damaged_takes)
    assert mended == ([found] * 2 if after else [])


def test_what_was_made_of_files_is_counted(home, talepress, monkeypatch):
    monkeypatch.setattr(maintain, "rebuild", lambda services: Rebuilt(files=5, damaged=1, takes=3))
    ended = talepress("maintain", "rebuild")
    assert ended.err.splitlines()[0] == "takes that are known again: 3, from 5 files; damaged: 1"
    assert talepress("maintain", "rebuild", "--json").json == {"files": 5, "damaged": 1, "takes": 3}


@pytest.mark.parametrize("aside", [None, Path("/home/talepress.db.broken")])
def test_what_was_restored_and_where_the_broken_database_lies_is_told(home, talepress, monkeypatch, aside):
    asked = []
    monkeypatch.setattr(
        "storage.database.restore_database", lambda url: asked.append(url) or (Path("/home/talepress.db.1"), aside)
    )
    first = talepress("maintain", "restore").err.splitlines()[0]
    assert first == "restored /home/talepress.db.1" + (f"; the broken database lies in {aside}" if aside else "")
    assert talepress("maintain", "restore", "--json").json == {
        "restored": "/home/talepress.db.1",
        "aside": aside and str(aside),
    }
    assert asked == [read_settings().storage.database] * 2


def test_runs_that_were_lost_are_swept_on_the_server_that_is_asked(home, talepress, monkeypatch):
    done = []
    monkeypatch.setattr("flows.cli.launch.use_server", lambda settings: done.append("server"))
    monkeypatch.setattr("flows.operate.sweep.sweep", lambda services: done.append("swept") or Swept(again=["Oz"]))
    assert talepress("maintain", "sweep").err == "started again: Oz\n"
    assert talepress("maintain", "sweep", "--json").json == {"again": ["Oz"], "crashed": [], "cancelled": []}
    assert done == ["server", "swept"] * 2


def test_the_store_that_is_there_is_the_librarys_from_now_on(voiced_home, talepress):
    with open_services(read_settings()) as services:
        before = services.store.identity()
    shutil.rmtree(voiced_home / "artifacts")
    ended = talepress("maintain", "adopt-store", "--json")
    store = ArtifactStore(str(voiced_home / "artifacts"))
    assert ended.json == {"store": store.place, "identity": store.identity()}
    assert store.identity() not in (before, None)
    assert "is the library's artifact store now" in talepress("maintain", "adopt-store").err
