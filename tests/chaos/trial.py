"""One try: a book is made while things happen to it, some rounds of them, and then in peace; what must hold is checked.

Everything random comes from the try's seed, but for what threads and the machine's load add to it.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from configs.settings import load_settings
from flows.services import open_services
from tasks.voices.enrol import enrol_voice
from tests.chaos.faults import FAULTS, SMALL_DISK_BYTES, Proxy
from tests.flows.samples import write_clip

BOOKS = 2
THREADS = 2
BATCH_SIZE = 2
IN_FLIGHT = THREADS * BATCH_SIZE  # utterances that the end of a run may cost
PEACEFUL_TRIES = 3
PATIENCE_S = 900.0
SETTINGS = {
    "TALEPRESS_PROFILE": "test",
    "TALEPRESS_SYNTHESIZE__MODEL": '{"seconds_per_request": 0.08}',
    "TALEPRESS_SYNTHESIZE__BATCH_SIZE": str(BATCH_SIZE),
    "TALEPRESS_EXECUTION__THREADS": str(THREADS),
}
CODES = (0, 2, 3, 130, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGALRM)
UNTIDY = ("Traceback", "unexpected ", "Error logging to API", "Service '")

_NOUNS = [
    "river",
    "lamp",
    "garden",
    "letter",
    "stone",
    "window",
    "horse",
    "winter",
    "candle",
    "bridge",
    "forest",
    "harbour",
]
_VERBS = ["waited", "turned", "vanished", "shone", "trembled", "answered", "returned", "slept"]


def write_book(number):
    """A book of three chapters; books of different numbers share no sentence."""
    draw = random.Random(number)
    chapters = []
    for chapter in ("One", "Two", "Three"):
        sentences = [
            f"The {draw.choice(_NOUNS)} of {draw.choice(_NOUNS)} {number} "
            f"{draw.choice(_VERBS)} {draw.randrange(100, 999)} times."
            for _ in range(draw.randint(2, 5))
        ]
        chapters.append(f"## Chapter {chapter}\n\n" + "\n\n".join(sentences))
    return f"---\ntitle: Book {number}\nauthor: Ann Author\n---\n# Book {number}\n\n" + "\n\n".join(chapters) + "\n"


@dataclass(eq=False)
class World:
    """What all tries share: what forks commands, Prefect's server, and a database cluster where there is one."""

    forker: object
    server: object
    port: int  # of the server
    cluster: object = None
    references: dict = field(default_factory=dict)  # of undisturbed runs, by book


@dataclass(frozen=True)
class Outcome:
    """What has come of a try."""

    faults: tuple
    wrong: tuple  # what did not hold; empty: survived
    lost: int = 0  # takes that were committed and are gone
    twice: int = 0  # utterances spoken again beyond batches in flight and damaged takes
    seconds: float = 0.0
    cpu_seconds: float = 0.0  # of the commands


class Trial:
    """A try in a folder of its own."""

    def __init__(self, world, folder, seed, faults=FAULTS, rounds=None):
        self.world = world
        self.folder = Path(folder)
        self.home = self.folder / "home"
        self.draw = random.Random(seed)
        self.book = self.draw.randrange(BOOKS)
        usable = [fault for fault in faults if not fault.missing()]
        self._rounds = self._draw_rounds(usable, rounds or self.draw.choice([1, 1, 2, 2, 3]))
        self.needs = {fault.world for one in self._rounds for fault in one} - {""}
        self.proxy = Proxy(world.port)
        self.server = world.server
        self.patience_s = PATIENCE_S
        self.damaged = 0
        self.cpu_seconds = 0.0
        self.ended_early = 0  # runs that ended before the book was done
        self.others = []  # commands that ran beside another
        self._committed = set()
        self._url = None

    def _draw_rounds(self, faults, count):
        """Each round has one fault or two. A try has one world at most: a small disk or PostgreSQL."""
        rounds = []
        world = ""
        for _ in range(count):
            one = []
            for _ in range(1 if self.draw.random() < 0.7 else 2):
                fits = [fault for fault in faults if fault not in one and fault.world in ("", world or fault.world)]
                if not fits:
                    break
                fault = self.draw.choices(fits, [fault.weight for fault in fits])[0]
                world = world or fault.world
                one.append(fault)
            rounds.append(one)
        return rounds

    @property
    def names(self):
        return tuple(fault.name for one in self._rounds for fault in one)

    def run(self):
        """Makes the book through all rounds. Returns the outcome."""
        began = time.monotonic()
        with self._place():
            try:
                wrong, lost, twice = self._run()
            except AssertionError as error:
                return Outcome(self.names, (str(error),), seconds=time.monotonic() - began)
        wrong += [f"{lost} takes lost"] * bool(lost) + [f"{twice} spoken twice"] * bool(twice)
        return Outcome(self.names, tuple(wrong), lost, twice, time.monotonic() - began, self.cpu_seconds)

    def _run(self):
        (self.folder / "book.md").write_text(write_book(self.book), "utf-8")
        self._enrol()
        wrong = []
        for faults in self._rounds:
            wrong += self._round(faults)
        for _ in range(PEACEFUL_TRIES):
            last = self._to_the_end(self.start())
            if last.code == 0:
                break
        else:
            return [*wrong, f"not finished in peace: code {last.code}, {last.err[-500:]}"], 0, 0
        return wrong + self._check(), len(self._committed - self._takes()), self._spoken_twice()

    def _round(self, faults):
        command = self.start()
        for fault in faults:
            self._await_moment(command)
            if command.code is None:
                with contextlib.suppress(FileNotFoundError):  # no store yet
                    fault.strike(self, command)
        self._to_the_end(command)
        for fault in faults:
            fault.mend(self)
        self._committed |= self._takes()
        ended = [command, *self.others]
        self.others = []
        self.ended_early += sum(one.code != 0 for one in ended)
        is_starved = any(fault.name == "memory limited" for fault in faults)  # any library may say anything then
        return [
            f"{'+'.join(fault.name for fault in faults)}: code {one.code}: {one.err[-400:]}"
            for one in ended
            if one.code not in CODES or (not is_starved and any(word in one.err for word in UNTIDY))
        ]

    def _await_moment(self, command):
        """Waits for a random line of progress, and a random while more; or for the end."""
        lines = self.draw.randrange(12)
        deadline = time.monotonic() + self.patience_s
        while command.err.count("\n") < lines and not command.wait(0.02):
            assert time.monotonic() < deadline, f"no progress: {command.err[-300:]}"
        command.wait(self.draw.uniform(0, 0.5))

    def start(self, *, new_pids=False):
        """Starts the command that makes the book."""
        environment = {
            **SETTINGS,
            "TALEPRESS_HOME": str(self.home),
            "PREFECT_API_URL": f"http://127.0.0.1:{self.proxy.port}/api",
        }
        if self._url:
            environment["TALEPRESS_STORAGE__DATABASE_URL"] = self._url
        make = ["make", "book.md", "--out", "out", "--json", "--progress", "json"]
        command = self.world.forker.start(self.folder, *make, new_pids=new_pids, **environment)
        return command

    def _to_the_end(self, command):
        if not command.wait(self.patience_s):
            os.killpg(command.pid, signal.SIGKILL)
            raise AssertionError(f"hangs: {command.err[-500:]}")
        self.cpu_seconds += command.cpu_seconds
        return command

    @contextlib.contextmanager
    def _place(self):
        """Makes the folder, on a small disk where the try wants one, and clears it away."""
        self.folder.mkdir(parents=True)
        small = "small disk" in self.needs
        if small:
            options = f"size={SMALL_DISK_BYTES}"
            subprocess.run(["mount", "-t", "tmpfs", "-o", options, "chaos", self.folder], check=True)
        try:
            if "postgresql" in self.needs:
                self._url = self.world.cluster.url(self.world.cluster.create())
            yield
        finally:
            self.proxy.close()
            if small:
                subprocess.run(["umount", "--lazy", self.folder], check=True)
            shutil.rmtree(self.folder, ignore_errors=True)

    def _settings(self):
        storage = {"data_dir": str(self.home), **({"database_url": self._url} if self._url else {})}
        return load_settings(storage=storage, synthesize={"engine": "fake", "model": "sound"})

    def _enrol(self):
        """Makes the voice `tone` known."""
        self.home.mkdir()
        clip = write_clip(self.folder / "tone.wav", 120)
        settings = self._settings()
        with open_services(settings) as services:
            voice = enrol_voice(services.engine, services.store, "tone", [clip], settings.voices)
            services.database.transact(lambda uow: uow.voices.add(voice))

    def _takes(self):
        """The keys of the takes that the database has as usable or lost."""
        with open_services(self._settings()) as services:
            return set(services.database.read(lambda uow: uow.takes.audio()))

    def _spoken(self):
        return (self.folder / "spoken.log").read_text("utf-8").splitlines()

    def _spoken_twice(self):
        """How many utterances were spoken again, beyond what was in flight at an end and what was damaged."""
        spoken = self._spoken()
        again = len(spoken) - len(set(spoken))
        return max(0, again - IN_FLIGHT * self.ended_early - self.damaged)

    def _check(self):
        """Returns what does not hold at the end."""
        wrong = []
        if self._url is None:
            with contextlib.closing(sqlite3.connect(self.home / "talepress.db")) as database:
                found = database.execute("PRAGMA integrity_check").fetchall()
                dangling = database.execute("PRAGMA foreign_key_check").fetchall()
                if found != [("ok",)] or dangling:
                    wrong.append(f"database: {found} {dangling}")
        with open_services(self._settings()) as services:
            addresses = services.database.read(lambda uow: uow.takes.audio())
            bad = [key for key, address in addresses.items() if not services.store.is_whole(address)]
        if len(bad) > self.damaged:
            wrong.append(f"{len(bad)} takes have no whole audio")
        if len(set(self._spoken())) > len(addresses):
            wrong.append(f"{len(set(self._spoken()))} spoken, {len(addresses)} in the database")
        left = [*(self.folder / "out").glob(".*"), *(self.home / "work").iterdir()]
        if left:
            wrong.append(f"left over: {[path.name for path in left]}")
        if self.edition() != self.world.references.setdefault(self.book, self.edition()):
            wrong.append("another edition than that of an undisturbed run")
        return wrong

    def edition(self):
        """What the edition sounds like: each utterance's audio, and the audiobook's bytes."""
        manifest = json.loads(next((self.folder / "out").glob("[!.]*.json")).read_text("utf-8"))
        takes = [row["audio_sha256"] for chapter in manifest["chapters"] for row in chapter["utterances"]]
        return takes, next((self.folder / "out").glob("[!.]*.m4b")).read_bytes()
