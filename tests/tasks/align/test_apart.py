"""Takes are listened to in another process, which finds what this one would, and ends with this one."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import soundfile

from configs.settings import AlignSettings
from storage.artifacts import ArtifactStore
from storage.records import Take, Verdict
from tasks.align.apart import listener_apart
from tasks.align.timers import time_takes, word_timer
from tasks.errors import TalepressError
from tasks.models.catalogue import SHIPPED_FOLDER

pytest.importorskip("pocketsphinx")  # it has no wheels for every Python

SLT = Path(__file__).parent / "recordings" / "slt.flac"
MODEL = SHIPPED_FOLDER / "tortoise_mini"
SETTINGS = AlignSettings(method="pocketsphinx", model="tortoise_mini")  # it starts soonest
TEXT = "Yes."


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path)


def takes_of(store, data):
    take = Take("key", "u" * 64, 0, 1, store.put_bytes(data), 24_000, soundfile.info(SLT).frames, Verdict.OK)
    return {"key": (take, TEXT)}


@pytest.fixture
def interruptible():
    """What is started in the background of a shell takes no Ctrl-C, and hands that on to its processes."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_words_are_those_that_would_be_found_here_and_the_process_ends(store):
    takes = takes_of(store, SLT.read_bytes())
    with listener_apart(SETTINGS, MODEL, store) as listen:
        assert listen(takes) == dict(time_takes(store, word_timer(SETTINGS, MODEL), takes))
        (child,) = multiprocessing.active_children()
        with pytest.raises(TalepressError, match="the audio of take key is no audio"):
            listen(takes_of(store, b"no audio"))
        os.kill(child.pid, signal.SIGINT)  # as Ctrl-C does, which is for this process
        assert listen(takes) == listen(takes)
    assert not multiprocessing.active_children()


def test_a_process_that_dies_is_told(store):
    with listener_apart(SETTINGS, MODEL, store) as listen:
        with pytest.raises(TalepressError):
            listen(takes_of(store, b"no audio"))
        (child,) = multiprocessing.active_children()
        child.kill()
        with pytest.raises(TalepressError, match="has died, perhaps for want of memory: run the same command again"):
            listen(takes_of(store, b"no audio"))


KILLED = """
import multiprocessing, sys, time
from pathlib import Path
from configs.settings import AlignSettings
from storage.artifacts import ArtifactStore
from tasks.align.apart import listener_apart
if __name__ == "__main__":
    settings = AlignSettings(method="pocketsphinx", model="x")
    with listener_apart(settings, Path(), ArtifactStore(Path(sys.argv[1]))) as listen:
        listen({})
        print(multiprocessing.active_children()[0].pid, flush=True)
        time.sleep(60)
"""


def test_it_ends_with_a_process_that_is_killed(tmp_path):
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    deadline = time.monotonic() + 20
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(child)


def is_alive(process):
    """Whether it has not ended; what has may wait for whoever is its parent now."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
