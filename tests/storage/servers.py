"""Private servers for tests: a PostgreSQL cluster in a temporary folder, and an S3 server in memory."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fsspec
import pytest
from fsspec import AbstractFileSystem

sqlite_only = pytest.mark.parametrize("backend", ["sqlite"])
postgresql_only = pytest.mark.parametrize("backend", ["postgresql"])

# Nothing here must survive a power cut.
_CONFIGURATION = """
listen_addresses = ''
fsync = off
full_page_writes = off
max_connections = 60
shared_buffers = 32MB
autovacuum = off
"""


class PostgresCluster:
    """A running cluster, reached through a socket in its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}"

    def create(self) -> str:
        """Makes a database without tables; returns its name."""
        name = f"t{uuid.uuid4().hex}"
        self._do(f"CREATE DATABASE {name}")
        return name

    def drop(self, name: str) -> None:
        self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def cut(self) -> int:
        """Cuts all connections to all databases; returns how many there were."""
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE client_port IS NOT NULL"
        return len(self._do(f"{others} AND pid != pg_backend_pid()"))

    def _do(self, statement: str) -> list[tuple[object, ...]]:
        import psycopg

        with psycopg.connect(f"host={self._folder} user=postgres dbname=postgres", autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def start(self) -> None:
        _run("pg_ctl", "-D", self._folder / "data", "-w", "start", "-l", self._folder / "log")

    def stop(self) -> None:
        """Stops it as a crash would."""
        _run("pg_ctl", "-D", self._folder / "data", "-w", "-m", "immediate", "stop")


@contextmanager
def postgres_cluster() -> Iterator[PostgresCluster]:
    """Runs a cluster for the length of the block; skips where PostgreSQL is not installed."""
    if not _programs():
        pytest.skip("PostgreSQL's server is not installed (Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="talepress-pg-"))  # a socket's path must be short: no folder of pytest's
    try:
        if _owner():
            shutil.chown(folder, _owner())
        _run("initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        with (folder / "data" / "postgresql.conf").open("a") as configuration:
            configuration.write(f"{_CONFIGURATION}unix_socket_directories = '{folder}'\n")
        cluster = PostgresCluster(folder)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path | None:
    """The folder of the newest PostgreSQL's programs; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


def _owner() -> str | None:
    """PostgreSQL refuses to run as root: then it runs as its own user, who came with it."""
    return pwd.getpwnam("postgres").pw_name if os.getuid() == 0 else None


def _run(program: str, *arguments: object) -> None:
    folder = _programs()
    assert folder
    command = [str(folder / program), *map(str, arguments)]
    subprocess.run(command, check=True, user=_owner(), cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)


class S3Server:
    """An S3 server in this process, which keeps everything in memory."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def bucket(self) -> str:
        """Makes a bucket; returns its URL."""
        name = f"b{uuid.uuid4().hex}"
        self.client().call_s3("create_bucket", Bucket=name)
        return f"s3://{name}"

    def client(self) -> AbstractFileSystem:
        """A client that shares nothing with those of stores."""
        return fsspec.filesystem("s3", endpoint_url=self.endpoint, use_listings_cache=False)


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Runs a server for the length of the block, and points the environment at it."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "testing")
        environment.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        environment.setenv("AWS_MAX_ATTEMPTS", "1")
        yield S3Server(f"http://{host}:{port}")
    server.stop()
