"""`talepress doctor`: one fault is enough for its exit code, and it mends nothing unasked."""

import pytest

from flows.actions import doctor
from flows.actions.doctor import CheckResult
from flows.cli import launch
from flows.operate import health
from tasks.errors import BadInputError

SOUND = CheckResult("disk", True, "3.0 GiB free")
WRONG = CheckResult("model", False, "is damaged", "pull it")


@pytest.fixture
def examined(home, monkeypatch):
    """What is found, and how often which examination was made."""
    found = [SOUND]
    made = []
    monkeypatch.setattr(doctor, "examine", lambda *, repair: made.append(("box", repair)) or tuple(found))
    monkeypatch.setattr(launch, "use_server", lambda settings: made.append("server"))
    monkeypatch.setattr(health, "examine_production", lambda: made.append("production") or (WRONG,))
    return found, made


@pytest.mark.parametrize(
    ("results", "code"), [([SOUND], 0), ([SOUND, WRONG], 3), ([WRONG, SOUND], 3), ([WRONG, WRONG], 3)]
)
def test_one_fault_is_a_failure(examined, talepress, results, code):
    found, _ = examined
    found[:] = results
    table = talepress("doctor")
    as_json = talepress("doctor", "--json")
    assert (table.code, as_json.code) == (code, code)
    assert as_json.json["healthy"] is (code == 0)
    words = {"name": "disk", "ok": True, "detail": "3.0 GiB free", "remedy": ""}
    assert (words in as_json.json["checks"]) is (SOUND in results)
    assert ("WRONG" in table.out, "pull it" in table.out) == (code == 3, code == 3)
    assert (" ok " in table.out) is (SOUND in results)


@pytest.mark.parametrize("options", [[], ["--repair"]])
def test_it_mends_only_what_it_is_asked_to(examined, talepress, options):
    talepress("doctor", *options)
    assert examined[1] == [("box", bool(options))]


def test_production_is_looked_at_besides_and_its_server_is_a_check_of_its_own(examined, talepress, monkeypatch):
    ended = talepress("doctor", "--production", "--json")
    assert (ended.code, examined[1]) == (3, [("box", False), "server", "production"])
    assert [check["name"] for check in ended.json["checks"]] == ["disk", "model"]

    def refuse(settings):
        raise BadInputError("there is no Prefect server")

    monkeypatch.setattr(launch, "use_server", refuse)
    ended = talepress("doctor", "--production", "--json")
    assert ended.code == 3
    assert ended.json["checks"][-1] == {
        "name": "server",
        "ok": False,
        "detail": "there is no Prefect server",
        "remedy": "start `talepress up`",
    }
