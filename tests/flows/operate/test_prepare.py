"""What is done before workers start, in which order, and what a person is told of it."""

import runpy
import sys

import pytest

from flows.operate import prepare
from flows.operate.form import choices_of
from flows.operate.sweep import Swept


@pytest.mark.parametrize("paused", [[], ["gpu", "desk"]])
def test_everything_is_deployed_before_what_was_lost_is_started_again(home, monkeypatch, capsys, paused):
    done = []

    def sweep(services):
        done.append("swept")
        return Swept(again=["The Book"])

    def deploy(devices, choices):
        done.append((devices, choices.keys()))

    monkeypatch.setattr(prepare, "deploy", deploy)
    monkeypatch.setattr(prepare, "sweep", sweep)
    monkeypatch.setattr(prepare, "paused_pools", lambda: paused)
    prepare.prepare(3)
    with prepare.open_services(prepare.read_settings()) as services:
        assert done == [(3, choices_of(services).keys()), "swept"]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "left by the last one: started again: The Book"
    assert lines[1:] == (["paused: gpu, desk; `talepress drain --resume` lets runs begin again"] if paused else [])


def test_as_a_process_it_is_told_for_how_many_devices(home, monkeypatch, capsys):
    done = []
    monkeypatch.setattr("flows.operate.deploy.deploy", lambda devices, choices: done.append(devices))
    monkeypatch.setattr("flows.operate.sweep.sweep", lambda services: Swept())
    monkeypatch.setattr("flows.operate.drain.paused_pools", list)
    monkeypatch.setattr(sys, "argv", ["prepare", "3"])
    runpy.run_path(prepare.__file__, run_name="__main__")
    assert (done, capsys.readouterr().out) == ([3], "left by the last one: nothing was left behind\n")
