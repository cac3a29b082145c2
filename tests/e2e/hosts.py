"""One book on three hosts, whose workers are killed and cut off: `python -m tests.e2e.hosts`. Needs root.

The hosts are network and PID namespaces on a bridge: one runs `talepress make`, one a Dask scheduler and a worker, one
a second worker. PostgreSQL, an S3 server and Prefect's server are at the bridge's own address. Not part of the suite.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
from moto.server import ThreadedMotoServer

from flows.run.server import environment_defaults, require_health
from tasks.errors import TalepressError
from tests.e2e.box import free_port
from tests.e2e.cluster import write_book
from tests.e2e.conftest import ROOT, RUN
from tests.flows.run.dask import spoken
from tests.flows.samples import write_clip
from tests.storage.servers import postgres_cluster

NET = "10.77.0"
SERVICES = f"{NET}.1"
BRIDGE = "tpbridge"
FLOW = "tpflow"
SCHEDULER = "tpsched"
WORKER = "tpwork"
ADDRESS = {FLOW: f"{NET}.2", SCHEDULER: f"{NET}.3", WORKER: f"{NET}.4"}
DASK = f"tcp://{ADDRESS[SCHEDULER]}:8786"
CUT_SECONDS = 60.0
# As a service manager does: a worker that has lost its scheduler ends, and is started again.
AGAIN = 'while true; do "$@"; sleep 1; done'


def run(*command):
    subprocess.run(list(map(str, command)), check=True)


@contextmanager
def network():
    """The bridge and the hosts, each with a link to it that can be cut at the bridge's side."""
    with ExitStack() as undo:
        run("ip", "link", "add", BRIDGE, "type", "bridge")
        undo.callback(run, "ip", "link", "del", BRIDGE)
        run("ip", "address", "add", f"{SERVICES}/24", "dev", BRIDGE)
        run("ip", "link", "set", BRIDGE, "up")
        for host, address in ADDRESS.items():
            run("ip", "netns", "add", host)
            undo.callback(run, "ip", "netns", "del", host)
            run("ip", "link", "add", f"{host}0", "type", "veth", "peer", "name", "eth0", "netns", host)
            run("ip", "link", "set", f"{host}0", "master", BRIDGE, "up")
            run("ip", "-n", host, "address", "add", f"{address}/24", "dev", "eth0")
            run("ip", "-n", host, "link", "set", "eth0", "up")
            run("ip", "-n", host, "link", "set", "lo", "up")
        yield


def start(host, environment, folder, *command, again=False):
    """Starts a program on a host, with processes, and a name, of its own. It ends when what is returned is killed."""
    program = ["sh", "-c", AGAIN, "again", *command] if again else list(command)
    inside = ["sh", "-c", f'hostname {host}; exec "$@"', "host", *program]
    namespaces = ["ip", "netns", "exec", host, "unshare", "--uts", "--pid", "--fork", "--mount-proc", "--kill-child"]
    with (folder / f"{host}.log").open("ab") as log:
        return subprocess.Popen([*namespaces, *inside], cwd=folder, env=environment, stdout=log, stderr=log)


def worker_processes(host_process):
    """The processes of a host in which Dask's worker lives."""
    family = psutil.Process(host_process.pid).children(recursive=True)
    return [
        one for one in family if "spawn_main" in " ".join(one.cmdline()) or "dask_worker" in " ".join(one.cmdline())
    ]


def kill_worker(host_process):
    for one in worker_processes(host_process):
        if one.name() != "sh":
            one.send_signal(signal.SIGKILL)


def cut(host):
    run("ip", "link", "set", f"{host}0", "down")
    time.sleep(CUT_SECONDS)
    run("ip", "link", "set", f"{host}0", "up")


def services(folder, stack):
    """Starts PostgreSQL, S3 and Prefect; returns the environment in which everybody finds them."""
    cluster = stack.enter_context(postgres_cluster())
    data = Path(cluster.url("x").rpartition("host=")[2]) / "data"
    with (data / "pg_hba.conf").open("a") as access:
        access.write(f"host all all {NET}.0/24 trust\n")
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.write(f"listen_addresses = '{SERVICES}'\nport = 5455\n")
    cluster.stop()
    cluster.start()
    s3 = ThreadedMotoServer(SERVICES, port=0, verbose=False)
    s3.start()
    stack.callback(s3.stop)
    _, s3_port = s3.get_host_and_port()
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "TALEPRESS_"))}
    environment = {
        **kept,
        **environment_defaults(folder / "prefect", start_timeout_s=800, verbose=False),
        "PREFECT_API_URL": f"http://{SERVICES}:{port}/api",
        "PYTHONPATH": str(ROOT),
        "TALEPRESS_PROFILE": "test",
        "TALEPRESS_STORAGE__DATABASE_URL": f"postgresql+psycopg://postgres@{SERVICES}:5455/postgres",
        "TALEPRESS_STORAGE__ARTIFACTS_URL": "s3://library/artifacts",
        "AWS_ENDPOINT_URL": f"http://{SERVICES}:{s3_port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        spoken.LOG: str(folder / "spoken"),
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "flows.operate.server", SERVICES, str(port)],
        env=environment | {"PREFECT_SERVER_API_HOST": SERVICES},
        stdout=(folder / "prefect.log").open("ab"),
        stderr=subprocess.STDOUT,
    )
    stack.callback(server.kill)
    await_health(server, environment["PREFECT_API_URL"])
    code = "import fsspec; fsspec.filesystem('s3').call_s3('create_bucket', Bucket='library')"
    run_in(environment, "-c", code)
    write_clip(folder / "tone.wav")
    run_in(
        environment | {"TALEPRESS_HOME": str(folder / FLOW)},
        "-c",
        RUN,
        "voice",
        "add",
        "tone",
        str(folder / "tone.wav"),
    )
    return environment


def await_health(server, url):
    """Waits until Prefect's server answers."""
    while True:
        assert server.poll() is None, "Prefect's server has ended"
        try:
            require_health(url, timeout=10, hint="")
        except TalepressError:
            time.sleep(1)
        else:
            return


def run_in(environment, *arguments):
    subprocess.run([sys.executable, *arguments], env=environment, check=True, stdout=sys.stderr)


def main():
    """Makes the book while things go wrong, and prints what has come of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--utterances", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=1.0, help="that the engine takes for an utterance")
    parser.add_argument("--quiet", type=float, default=40.0, help="seconds between one trouble and the next")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # or the namespaces and servers stay
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="talepress-hosts-")))
        stack.enter_context(network())
        environment = services(folder, stack)
        write_book(folder / "book.md", options.utterances)
        environment |= {
            "TALEPRESS_EXECUTION__RUNNER": "dask",
            "TALEPRESS_EXECUTION__DASK_ADDRESS": DASK,
            "TALEPRESS_SYNTHESIZE__MODEL": json.dumps({"seconds_per_request": options.seconds}),
        }
        hosts = begin(folder, stack, environment)
        troubles = {
            "the second worker is killed": lambda: kill_worker(hosts[WORKER]),
            "the worker beside the scheduler is killed": lambda: kill_worker(hosts[f"{SCHEDULER} worker"]),
            "the second worker is cut off for a minute": lambda: cut(WORKER),
            "the scheduler and its worker are cut off for a minute": lambda: cut(SCHEDULER),
        }
        for trouble, happen in troubles.items():
            before = wait_until_more(folder, options.quiet)
            print(f"{time.strftime('%X')} {before} texts were begun; {trouble}", flush=True)
            happen()
        code = hosts[FLOW].wait()
        print((folder / f"{FLOW}.log").read_text()[-3000:])
        wrong = tell(folder, code)
    sys.exit(1 if wrong else 0)


def begin(folder, stack, environment):
    """Starts scheduler, workers and the book; returns the processes by the hosts' names."""
    python = [sys.executable, "-m"]
    hosts = {}

    def host_environment(host):
        return environment | {"TALEPRESS_HOME": str(folder / host)}

    def keep(name, process):
        stack.callback(process.kill)
        hosts[name] = process

    schedule = [
        *python,
        "distributed.cli.dask_scheduler",
        "--host",
        ADDRESS[SCHEDULER],
        "--port",
        "8786",
        "--no-dashboard",
    ]
    keep(SCHEDULER, start(SCHEDULER, host_environment(SCHEDULER), folder, *schedule))
    for host, name in ((SCHEDULER, f"{SCHEDULER} worker"), (WORKER, WORKER)):
        work = [*python, "distributed.cli.dask_worker", DASK, "--host", ADDRESS[host], "--nthreads", "2"]
        work += ["--resources", "GPU=1", "--no-dashboard", "--memory-limit", "0", "--death-timeout", "300"]
        keep(name, start(host, host_environment(host), folder, *work, again=True))
    make = ["make", str(folder / "book.md"), "--out", str(folder / "out"), "--force", "--json"]
    keep(FLOW, start(FLOW, host_environment(FLOW), folder, sys.executable, "-c", f"{spoken.NOTED}\n{RUN}", *make))
    return hosts


def texts(folder):
    path = folder / "spoken"
    return [line.split(" ", 1)[1] for line in path.read_text().splitlines()] if path.exists() else []


def wait_until_more(folder, seconds):
    """Waits until so many seconds have passed in which texts were spoken. Returns how many were begun by then."""
    spoken_for = 0.0
    last = len(texts(folder))
    while spoken_for < seconds:
        time.sleep(5)
        now = len(texts(folder))
        spoken_for += 5.0 * (now > last or spoken_for > 0)
        last = now
    return last


def tell(folder, code):
    """Prints how often texts were spoken, and what is in the database. Returns whether anything is wrong."""
    import psycopg

    with psycopg.connect(f"host={SERVICES} port=5455 user=postgres dbname=postgres") as connection:
        takes, keys = connection.execute("SELECT count(*), count(DISTINCT utterance_key) FROM takes").fetchone()
        books = connection.execute("SELECT count(*) FROM books").fetchone()[0]
        runs = connection.execute("SELECT state, message FROM runs").fetchall()
    counted = Counter(texts(folder))
    print(
        f"exit code {code}; {books} books; {takes} takes of {keys} utterances in the database, {len(counted)} texts; "
        f"runs: {runs}; texts by how often they were begun: {dict(Counter(counted.values()))}"
    )
    return code != 0 or books != 1 or not takes == keys == len(counted)


if __name__ == "__main__":
    main()
