"""What the processes of a box are given. That they run is in `tests/e2e/test_up.py`."""

from datetime import timedelta

from flows.operate.up import environment_of_parts
from flows.services import read_settings


def test_prefect_understands_how_long_it_keeps_what(home, monkeypatch):
    environment = environment_of_parts(read_settings(production={"keep_days": 3}), "http://127.0.0.1:9/api")
    for name, value in environment.items():
        if name.startswith("PREFECT_SERVER_SERVICES_DB_VACUUM"):
            monkeypatch.setenv(name, value)
    from prefect.settings import Settings

    kept = Settings().server.services.db_vacuum
    assert kept.enabled_vacuum_types >= {"events", "flow_runs"}
    assert kept.retention_period == timedelta(days=3)
    overrides = kept.event_retention_overrides
    assert overrides["prefect.task-run.Completed"] == overrides["prefect.flow-run.heartbeat"] == timedelta(minutes=10)
    assert not any(event.startswith("talepress.") for event in overrides)
