"""Wires the parity harness into pytest: `--goldens`, the `golden` fixture, the table at the end. See harness.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.parity import harness
from tests.parity.recorded_arithmetic import recorded_frequencies
from tortoise_core.models import diffusion_decoder

SESSION_KEY = pytest.StashKey[harness.Session]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--goldens",
        action="append",
        type=Path,
        metavar="DIR",
        help="folder of golden fixtures, repeatable (default: the small committed set and the shared ones)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "golden(name, ...): fixtures that a parity test runs on, once per folder")
    folders = config.getoption("--goldens", None) or harness.default_folders()
    missing = [str(folder) for folder in folders if not folder.is_dir()]
    if missing:
        raise pytest.UsageError(f"--goldens: no such folder: {', '.join(missing)}")
    config.stash[SESSION_KEY] = harness.discover(folders)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "golden" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("golden")
    assert marker is not None, f"{metafunc.definition.nodeid} uses `golden` without a pytest.mark.golden(name)"
    goldens = metafunc.config.stash[SESSION_KEY].named(marker.args)
    absent = pytest.mark.skip(reason=f"no golden folder holds {', '.join(marker.args)}")
    nothing = pytest.param(None, marks=absent, id="none")
    metafunc.parametrize("golden", goldens or [nothing], ids=str if goldens else None, indirect=True, scope="module")


@pytest.fixture(scope="module")
def golden(request: pytest.FixtureRequest) -> harness.Golden:
    return request.param


@pytest.fixture(scope="session")
def parity_session(request: pytest.FixtureRequest) -> harness.Session:
    return request.config.stash[SESSION_KEY]


@pytest.fixture(autouse=True)
def no_autograd() -> Iterator[None]:
    with torch.no_grad():
        yield


@pytest.fixture(autouse=True)
def frequencies_of_the_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own frequencies, rounded as on the machine of the recordings; see recorded_arithmetic.py."""
    monkeypatch.setattr(diffusion_decoder, "timestep_frequencies", recorded_frequencies)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(
        key=lambda item: "parity_session" in getattr(item, "fixturenames", ())
    )  # stable: the coverage test goes last


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    session = config.stash[SESSION_KEY]
    if any(golden.comparisons for golden in session.goldens):
        terminalreporter.section("parity")
        for line in harness.report_lines(session):
            terminalreporter.write_line(line)
