"""What the processes of a box are given. That they run is in `tests/e2e/test_up.py`."""

import http.server
import os
import socket
import threading
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from flows.actions.box import PartNote, only_one, read_note
from flows.operate import up
from flows.operate.supervisor import Part, Running
from flows.operate.up import environment_of_parts
from flows.services import read_settings
from tasks import stopping
from tasks.errors import BadInputError, TalepressError


def test_prefect_understands_how_long_it_keeps_what(home, monkeypatch):
    environment = environment_of_parts(read_settings(production={"keep_days": 3}), "http://127.0.0.1:9/api")
    for name, value in environment.items():
        if name.startswith("PREFECT_SERVER_SERVICES_DB_VACUUM"):
            monkeypatch.setenv(name, value)
    from prefect.settings import Settings

    kept = Settings().server.services.db_vacuum
    assert kept.enabled_vacuum_types >= {"events", "flow_runs"}
    assert (kept.retention_period, kept.loop_seconds) == (timedelta(days=3), 300)
    overrides = kept.event_retention_overrides
    assert overrides["prefect.task-run.Completed"] == overrides["prefect.flow-run.heartbeat"] == timedelta(minutes=10)
    assert not any(event.startswith("talepress.") for event in overrides)


class Gone:
    """A process that is none."""

    pid = 7

    def poll(self):
        return None


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_every_part_reads_the_same_settings_wherever_it_runs(home, monkeypatch, tmp_path):
    settings = read_settings(production={"keep_days": 3})
    monkeypatch.setenv("PREFECT_API_URL", "http://of-somebody-else:1/api")
    monkeypatch.setenv("TALEPRESS_STORAGE__DATA_DIR", "relative")
    monkeypatch.setenv("PREFECT_WORKER_QUERY_SECONDS", "9")
    monkeypatch.delenv("PREFECT_HOME", raising=False)  # of this process's server for tests
    made = up.environment_of_parts(settings, "http://127.0.0.1:9/api")
    assert made["PREFECT_API_URL"] == "http://127.0.0.1:9/api"
    assert made["TALEPRESS_STORAGE__DATA_DIR"] == str(home)
    assert made["PREFECT_WORKER_QUERY_SECONDS"] == "9"  # what a person has set stays
    assert made["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] == "INFO"
    assert (made["PREFECT_HOME"], made["PREFECT_SERVER_ANALYTICS_ENABLED"]) == (str(home / "prefect"), "false")
    assert made["PREFECT_SERVER_UI_V2_ENABLED"] == "false"
    assert made["PREFECT_SERVER_UI_STATIC_DIRECTORY"] == str(home / "prefect" / "ui")
    assert made["PYTHONPATH"].split(os.pathsep)[0] == str(Path(up.__file__).parents[2])
    assert "TALEPRESS_CONFIG" not in made


@pytest.mark.parametrize("how", ["here", "named"])
def test_a_settings_file_is_named_whole_to_every_part(home, monkeypatch, tmp_path, how):
    name = "talepress.toml" if how == "here" else "mine.toml"
    (tmp_path / name).write_text("")
    if how == "named":
        monkeypatch.setenv("TALEPRESS_CONFIG", name)
    made = up.environment_of_parts(read_settings(), "http://127.0.0.1:9/api")
    assert made["TALEPRESS_CONFIG"] == str(tmp_path / name)


@pytest.mark.parametrize(
    ("devices", "visible", "seen"),
    [
        (1, "", [None]),
        (1, "3", [None]),
        (2, "", ["0", "1"]),
        (2, "5,7", ["5", "7"]),
        (3, "5,7", ["5", "7", "5"]),
    ],
)
def test_each_worker_sees_a_device_of_its_own(monkeypatch, devices, visible, seen):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    *speaking, desk = up.workers(devices)
    assert [part.environment.get("CUDA_VISIBLE_DEVICES") for part in speaking] == seen
    box = socket.gethostname()
    assert [part.command for part in speaking] == [
        ("flows.operate.worker", "gpu", f"{box}-gpu{number}", "1") for number in range(devices)
    ]
    assert desk.command == ("flows.operate.worker", "desk", f"{box}-desk", "2")
    assert len({part.name for part in [*speaking, desk]}) == devices + 1
    assert all(part.stop_s == up.WORKER_STOP_SECONDS < up.STOP_SECONDS for part in [*speaking, desk])


@pytest.mark.parametrize(
    ("sections", "nvidia", "counted", "devices"),
    [
        ({"production": {"workers": 3}}, False, "", 3),
        ({"synthesize": {"engine": "fake", "device": "cuda"}}, True, "4", 1),
        ({"synthesize": {"engine": "tortoise", "device": "cpu"}}, True, "4", 1),
        ({"synthesize": {"engine": "tortoise", "device": "auto"}}, False, "4", 1),
        ({"synthesize": {"engine": "tortoise", "device": "auto"}}, True, "4", 4),
        ({"synthesize": {"engine": "tortoise", "device": "cuda"}}, True, "2", 2),
        ({"synthesize": {"engine": "tortoise", "device": "cuda"}}, True, "0", 1),
        ({"synthesize": {"engine": "tortoise", "device": "cuda"}}, True, "", 1),
    ],
)
def test_so_many_runs_speak_at_a_time_as_there_are_devices(home, monkeypatch, sections, nvidia, counted, devices):
    monkeypatch.setattr(up.shutil, "which", lambda name: "/usr/bin/nvidia-smi" if nvidia else None)
    monkeypatch.setattr(up, "COUNT_GPUS", f"print({counted})" if counted else "raise SystemExit(1)")
    assert up.count_devices(read_settings(**sections)) == devices


@pytest.mark.parametrize(
    ("host", "reached"), [("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("", "127.0.0.1"), ("::1", "::1")]
)
def test_a_server_for_all_addresses_is_reached_at_our_own(host, reached):
    assert up._reached_at(host) == reached


def test_prefects_server_listens_where_it_is_told_to(monkeypatch):
    part = up.prefect_server("0.0.0.0", 4200, "http://127.0.0.1:4200/api")
    assert part.command == ("flows.operate.server", "0.0.0.0", "4200")
    assert part.address == "http://127.0.0.1:4200"
    asked = []
    monkeypatch.setattr(up.urllib.request, "urlopen", lambda url, timeout: asked.append(url) or nullcontext())
    assert part.ready() is True
    assert asked == ["http://127.0.0.1:4200/api/health"]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_the_review_page_is_told_with_the_address_for_people(home, host):
    port = free_port()
    (part,) = up.pages(read_settings(review={"host": host, "port": port}))
    assert part.command == ("flows.cli.entry", "review", "serve")
    assert (part.address, part.stop_s) == (f"http://127.0.0.1:{port}", up.SERVER_STOP_SECONDS)
    assert part.ready() is False  # nobody is there yet
    with socket.create_server(("127.0.0.1", port)), pytest.raises(BadInputError, match=rf"{port}.*review\.port"):
        up.pages(read_settings(review={"host": "127.0.0.1", "port": port}))


def test_a_page_that_asks_for_a_token_is_there_and_one_that_is_silent_is_not(monkeypatch):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(int(self.path[1:]))

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        assert up.answers(f"{address}/200") is True
        assert up.answers(f"{address}/401") is True
        server.shutdown()
    assert up.answers(f"http://127.0.0.1:{free_port()}/") is False


@pytest.mark.parametrize("yours", [True, False])
def test_addresses_are_told_with_whose_the_server_is(yours):
    parts = [Part("worker desk", ("m",)), Part("review", ("m",), address="http://127.0.0.1:2")]
    if not yours:
        parts.insert(0, up.prefect_server("127.0.0.1", 1, "http://127.0.0.1:1/api"))
    lines = []
    up._tell_addresses([Running(part) for part in parts], "http://127.0.0.1:1/api", lines.append)
    first = "Prefect's server: http://127.0.0.1:1/api (yours)" if yours else "Prefect: http://127.0.0.1:1"
    assert lines == [first, "review: http://127.0.0.1:2"]


def test_the_note_of_a_part_says_where_it_is_found():
    running = Running(Part("review", ("m",), address="http://127.0.0.1:2"), process=Gone(), starts=2)
    assert up._note_of(running, Path("/logs/review.log")) == PartNote(
        "review", 7, 2, "http://127.0.0.1:2", "/logs/review.log"
    )


def test_a_port_that_is_taken_is_refused_with_the_setting(home):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadInputError, match=rf"the page cannot be served at 127\.0\.0\.1:{port}.*set a\.port"):
            up._free_port("127.0.0.1", port, "the page", "a.port")
    assert up._free_port("127.0.0.1", port, "the page", "a.port") == port
    assert up._free_port("127.0.0.1", 0, "the page", "a.port") > 0


def test_what_runs_already_or_cannot_begin_leaves_nothing_behind(home, monkeypatch):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with only_one(home), pytest.raises(BadInputError, match="talepress down"):
        up.up(read_settings(), print)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = read_settings(production={"host": "127.0.0.1", "port": taken.getsockname()[1]})
        with pytest.raises(BadInputError, match=r"production\.port"):
            up.up(settings, print)
    assert read_note(home) is None
    with only_one(home):
        pass  # the lock is nobody's


def test_a_server_of_the_users_that_does_not_answer_is_refused_before_anything_starts(home, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{free_port()}/api")
    lines = []
    with pytest.raises(BadInputError, match="unset PREFECT_API_URL"):
        up.up(read_settings(), lines.append)
    assert (lines, read_note(home)) == ([], None)


class Box:
    """Takes the place of the supervisor and of those who are asked by the way. Notes what is done, in order."""

    log_of = staticmethod(lambda name: Path(f"/logs/{name}.log"))

    def __init__(self, fails=None):
        self.done = []
        self.running = []
        self.fails = fails

    def __call__(self, environment, folder, tell, changed, *, remains):
        self.environment = environment
        self.folder = folder
        self.changed = changed
        self.remains = remains
        return self

    def begin(self, parts, timeout_s):
        self.done.append(([part.name for part in parts], timeout_s))
        self.running += [Running(part, process=Gone(), starts=1) for part in parts]
        self.changed(self.running)
        if self.fails and parts[0].name.startswith("worker"):
            raise self.fails

    def watch(self):
        self.done.append("watched")
        self.note = read_note(self.folder)

    def stop(self):
        self.done.append("stopped" if read_note(self.folder) else "stopped after its note was removed")


@pytest.fixture
def box(home, monkeypatch):
    """Runs `talepress up` with two devices, in pretence. Returns what was done, and the lines that were told."""

    def run(fails=None, given="", **production):
        made = Box(fails)
        lines = []

        @contextmanager
        def orderly(*, grace_s):
            made.done.append(("orderly", grace_s))
            yield
            made.done.append("over")

        def prepare(environment, folder, devices, tell):
            assert (environment, folder, tell) == (made.environment, home, lines.append)
            made.done.append(("prepared", devices))

        monkeypatch.setattr(up, "Supervisor", made)
        monkeypatch.setattr(up.stopping, "orderly", orderly)
        monkeypatch.setattr(up, "count_devices", lambda settings: 2)
        monkeypatch.setattr(up, "pages", lambda settings: [Part("review", ("m",), address="http://r")])
        monkeypatch.setattr(up, "_free_port", lambda host, port, page, setting: port)
        monkeypatch.setattr(up, "_prepare", prepare)
        monkeypatch.setattr(up, "require_health", lambda url, hint: made.done.append(("asked", url)))
        monkeypatch.setenv("PREFECT_API_URL", given)
        settings = read_settings(production={"host": "127.0.0.1", "port": 4200, **production})
        with pytest.raises(type(fails)) if isinstance(fails, Exception) else nullcontext():
            up.up(settings, lines.append)
        assert read_note(home) is None
        with only_one(home):
            pass  # the lock is nobody's
        return made, lines, settings.execution.server_start_timeout_s

    return run


def test_a_box_begins_in_order_and_leaves_nothing_behind(box, home):
    made, lines, timeout = box()
    assert made.done == [
        ("orderly", up.STOP_SECONDS),
        (["Prefect"], timeout),
        ("prepared", 2),
        (["worker gpu 0", "worker gpu 1", "worker desk", "review"], timeout),
        "watched",
        "stopped",  # who reads the note meanwhile sees that something runs still
        "over",
    ]
    assert (made.folder, made.environment["PREFECT_API_URL"]) == (home, "http://127.0.0.1:4200/api")
    assert made.remains.command == ("flows.cli.entry", "maintain", "sweep")
    assert 0 < made.remains.stop_s < up.STOP_SECONDS - up.WORKER_STOP_SECONDS - up.SERVER_STOP_SECONDS
    assert (made.note.api, made.note.pid) == ("http://127.0.0.1:4200/api", os.getpid())
    assert [(part.name, part.pid, part.log) for part in made.note.parts][:2] == [
        ("Prefect", 7, "/logs/Prefect.log"),
        ("worker gpu 0", 7, "/logs/worker gpu 0.log"),
    ]
    assert lines == [
        "starting Prefect's server ...",
        "Prefect: http://127.0.0.1:4200",
        "review: http://r",
        f"inbox: {home / 'inbox'}",
        "ready; Ctrl-C or `talepress down` ends it",
    ]


def test_a_server_of_the_users_is_asked_and_not_started_and_other_boxes_may_work_for_it(box):
    made, lines, timeout = box(given="http://theirs/api")
    assert made.done[1:4] == [
        ("asked", "http://theirs/api"),
        ("prepared", 0),
        (["worker gpu 0", "worker gpu 1", "worker desk", "review"], timeout),
    ]
    assert (made.environment["PREFECT_API_URL"], made.note.api) == ("http://theirs/api", "http://theirs/api")
    assert lines[0] == "Prefect's server: http://theirs/api (yours)"


@pytest.mark.parametrize("fault", [stopping.Stopped("stopped"), TalepressError("not ready")])
def test_whatever_ends_the_beginning_everything_is_stopped(box, fault):
    """A stop is no failure: that is what was asked for."""
    made, _, _ = box(fails=fault)
    assert ("watched" in made.done, made.done[-1 if isinstance(fault, Exception) else -2]) == (False, "stopped")


def test_what_is_stopped_may_take_less_time_than_the_whole():
    from flows.operate import server, worker

    assert worker.END_SECONDS < up.WORKER_STOP_SECONDS
    assert server.GOODBYE_SECONDS < up.SERVER_STOP_SECONDS
    assert up.WORKER_STOP_SECONDS + up.SERVER_STOP_SECONDS < up.STOP_SECONDS
    assert up.prefect_server("h", 1, "http://h:1/api").stop_s == up.SERVER_STOP_SECONDS


def test_deploying_is_told_to_end_when_the_user_ends_everything(monkeypatch, tmp_path):
    done = []

    class Process:
        def __init__(self, command, **options):
            done.append((command[1:], options["cwd"], options["env"], options["start_new_session"]))

        def __enter__(self):
            return self

        def __exit__(self, *_):
            done.append("waited for")

        def poll(self):
            return None

        def kill(self):
            done.append("killed")

    def check():
        raise stopping.Stopped

    monkeypatch.setattr(up, "subprocess", SimpleNamespace(Popen=Process, PIPE=None))
    monkeypatch.setattr(up.stopping, "check", check)
    with pytest.raises(stopping.Stopped):
        up._prepare({"A": "b"}, tmp_path, 2, lambda line: None)
    command = ["-P", "-m", "flows.operate.prepare", "2"]
    assert done == [(command, tmp_path, {"A": "b"}, True), "killed", "waited for"]


@pytest.fixture
def preparing(tmp_path):
    """Has other code run in the place of `flows.operate.prepare`. Returns what a person is told."""
    module = tmp_path / "flows" / "operate" / "prepare.py"
    module.parent.mkdir(parents=True)
    for package in (module.parent, module.parents[1]):
        (package / "__init__.py").touch()

    def prepare(code):
        module.write_text(code)
        lines = []
        up._prepare({"PYTHONPATH": str(tmp_path)}, tmp_path, 2, lines.append)
        return lines

    return prepare


def test_what_is_done_before_workers_start_is_told(preparing):
    assert preparing("import sys\nprint('for', sys.argv[1])\nprint('two')") == ["deploying ...", "for 2", "two"]


def test_deploying_that_fails_is_an_error_with_its_words(preparing):
    with pytest.raises(TalepressError, match="deploying failed: no"):
        preparing("raise SystemExit('no')")


def test_no_event_of_ours_is_forgotten_early_and_all_chatter_of_prefect_is():
    events = set(up.chatty_events())
    assert {"prefect.task-run.Late", "prefect.flow-run.Scheduled", "prefect.worker.executed-flow-run"} <= events
    assert {"prefect.artifact.created", "prefect.artifact-collection.updated"} <= events
    assert not any(name.endswith((".Failed", ".Crashed")) for name in events)
    assert len(events) == len(list(up.chatty_events())) == 2 * 7 + 1 + 2 + 2 * 2
