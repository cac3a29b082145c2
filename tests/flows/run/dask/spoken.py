"""Writes down what the engines of worker processes speak, and kills a worker where a test asks for it.

Stands in for `run_job`: a task's body travels by value, this module is imported where it arrives.
"""

import os
import signal
from pathlib import Path

from tasks.synthesize.render import run_job as really_run_job
from tortoise_core.inference.fake import FakeEngine

LOG = "SPOKEN_LOG"  # environment: the file to write to
DEADLY = "DEADLY_TEXT"  # environment: who is the first to speak a text with these words dies of it

NOTED = """
from tasks.synthesize import render
from tests.flows.run.dask import spoken
render.run_job = spoken.run_job
"""  # what a process of a command's begins with


def run_job(job):
    """Does a job, and notes every text that is spoken on the way, with the process that does."""
    FakeEngine.speak = speak_and_note
    return really_run_job(job)


def speak_and_note(engine, requests, speak=FakeEngine.speak):
    with Path(os.environ[LOG]).open("a") as log:
        log.writelines(f"{os.getpid()} {request.text}\n" for request in requests)
    deadly = os.environ.get(DEADLY)
    if deadly and any(deadly in request.text for request in requests) and first(deadly):
        os.kill(os.getpid(), signal.SIGKILL)
    return speak(engine, requests)


def first(deadly):
    try:
        Path(f"{os.environ[LOG]}.{deadly.replace(' ', '')}").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def noted():
    """What was spoken: process and text, in order."""
    return [line.split(" ", 1) for line in Path(os.environ[LOG]).read_text().splitlines()]
