"""Every example of the README runs as it is written, in a folder that looks like a clone.

Speech is the fake engine's, but for the commands of `SHIPPED_MODEL`: rendering the sample book a dozen times would take
half an hour. What `make` would do is looked at and not done, as it installs packages; what needs files that are not in
the repository must be refused as `REFUSED` says; `NOT_RUN` says why the rest is not run.
"""

import hashlib
import re
import subprocess
import sys
import tomllib

import pytest

from flows.cli.main import EXIT_CODES_OF_BOOKS
from tests.e2e.conftest import ROOT, TIMEOUT_SECONDS

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)

SHIPPED_MODEL = ("talepress say", "talepress model", "talepress voice add")
REFUSED = {  # with exit code 2, and these words
    "talepress model import tortoise-files": "tortoise-files",
    "talepress voice add anna docs/listen/sample.flac": "tortoise_v2",
    "talepress make samples/the-lamplighters-clock.epub --voice anna": "tortoise_v2",
    "talepress train vocoder --config configs/models/tortoise_mini.toml --workspace ~/mini --minutes 30": "corpus",
}
NOT_RUN = {
    "talepress model pull": "asks a network",
    "talepress up": "serves until it is stopped, at a port that others may have: tests/e2e/test_up.py runs it",
    'talepress schedule add ~/books --cron "0 1 * * *"': "asks that server: tests/e2e/test_schedule.py",
    "talepress drain": "asks that server",
    "talepress down": "has nothing to stop",
}
STAYS = ("export ", ". ")  # beginnings of lines that a shell remembers


def lines_of(block):
    """The commands of a block, without comments."""
    return [line for line in (re.sub(r"\s+# .*", "", line).strip() for line in block.splitlines()) if line]


@pytest.fixture
def clone(tmp_path):
    """A folder with all that is in the repository's, and the environment as `make book` makes it."""
    folder = tmp_path / "talepress"
    folder.mkdir()
    for path in ROOT.iterdir():
        if not path.name.startswith(".") and path.name != "talepress-out":
            (folder / path.name).symlink_to(path)
    (folder / ".venv").symlink_to(sys.prefix)
    player = tmp_path / "bin" / "aplay"  # what comes in must be sound; there is no loudspeaker
    player.parent.mkdir()
    player.write_text("#!/bin/sh\nhead -c 4 | grep -q RIFF && cat > /dev/null\n", "utf-8")
    player.chmod(0o755)
    return folder


def environment_of(command, base, folder):
    """Makes the variables for one command: a data folder of its own block, the engine, and the tree under test."""
    environment = {
        **base,
        "HOME": str(folder.parent),
        "PATH": f"{folder.parent / 'bin'}:{base['PATH']}",
        "TALEPRESS_HOME": str(folder.parent / "home"),
        "PYTHONPATH": str(ROOT),
    }
    if command not in REFUSED and not command.startswith(SHIPPED_MODEL):
        environment |= {"TALEPRESS_PROFILE": "test", "TALEPRESS_SYNTHESIZE__VOICE": "joe"}
    return environment


def run(command, remembered, folder, environment):
    command = re.sub("^make ", "make --dry-run ", command)
    script = "\n".join(["set -o pipefail", ". .venv/bin/activate", *remembered, command])
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: lines_of(block)[-1][:60])
def test_a_block_of_the_readme_runs_as_written(block, clone, server_environment):
    remembered = []
    for command in lines_of(block):
        if command.startswith(STAYS):
            remembered.append(command)
        if command in NOT_RUN:
            continue
        done = run(command, remembered, clone, environment_of(command, server_environment, clone))
        printed = f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        assert done.returncode == (2 if command in REFUSED else 0), printed
        assert REFUSED.get(command, "") in done.stderr, printed
        assert "Traceback" not in done.stderr, printed


def test_no_example_hides_from_the_test():
    commands = [command for block in BLOCKS for command in lines_of(block)]
    assert {*REFUSED, *NOT_RUN} <= set(commands)
    assert len(commands) > 30
    assert re.findall(r"^(?: {4}|\t)\S.*", re.sub(r"```.*?```", "", README, flags=re.DOTALL), re.MULTILINE) == []
    assert set(re.findall(r"^```(\w*)$", README, re.MULTILINE)) == {"sh", "text", ""}


def test_the_readme_has_the_exit_codes_that_the_help_has():
    table = re.findall(r"^\| (\d+) \| ", README, re.MULTILINE)
    assert table == re.findall(r"(?:^|\()(\d+)(?:  |:)", "\n".join(EXIT_CODES_OF_BOOKS), re.MULTILINE)


def test_files_that_the_readme_names_are_there():
    named = {word for block in BLOCKS for word in re.findall(r"\b(?:samples|docs|configs)/[\w./-]+", block)}
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def test_the_sample_plan_is_one_of_the_sample_book():
    book = hashlib.sha256((ROOT / "samples" / "the-lamplighters-clock.epub").read_bytes()).hexdigest()
    assert tomllib.loads((ROOT / "samples" / "plan.toml").read_text("utf-8"))["book"] == book


def test_pictures_are_small():
    pictures = [ROOT / path for path in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)]
    assert len(pictures) >= 2
    assert {path.name: path.stat().st_size for path in pictures if path.stat().st_size > 300_000} == {}
