"""Keeps the database of the private Prefect server small: takes out old runs before a server is started on it.

Everything that counts is in our own database; Prefect's is for looking at. Must not know what the runs did.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

LARGE_BYTES = 32 << 20  # a book of 10,000 utterances leaves about 16 MiB
KEPT_RUNS = 10
_PATIENCE_SECONDS = 2.0  # another server may be writing; then the next command prunes

# Task runs and states go with their flow runs. A run that was killed counts as running for ever, so age decides too.
_PRUNE = f"""
DELETE FROM flow_run
WHERE id NOT IN (SELECT id FROM flow_run ORDER BY created DESC LIMIT {KEPT_RUNS})
  AND (state_type IN ('COMPLETED', 'FAILED', 'CANCELLED', 'CRASHED') OR created < datetime('now', '-1 day'));
DELETE FROM log WHERE flow_run_id IS NOT NULL AND flow_run_id NOT IN (SELECT id FROM flow_run);
DELETE FROM artifact WHERE flow_run_id IS NOT NULL AND flow_run_id NOT IN (SELECT id FROM flow_run);
DELETE FROM artifact_collection WHERE latest_id NOT IN (SELECT id FROM artifact);
DELETE FROM events WHERE occurred < (SELECT min(created) FROM flow_run);
DELETE FROM event_resources WHERE occurred < (SELECT min(created) FROM flow_run);
"""

logger = logging.getLogger(__name__)


def prune(database: Path) -> None:
    """Takes all but the last runs out of Prefect's database where it is large, and gives the room back.

    What cannot be done (another server is writing, a version of Prefect with other tables) is logged and left.
    """
    if not database.is_file() or database.stat().st_size < LARGE_BYTES:
        return
    try:
        with closing(sqlite3.connect(database, timeout=_PATIENCE_SECONDS, isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.executescript(f"BEGIN IMMEDIATE; {_PRUNE} COMMIT;")
            connection.execute("VACUUM")
    except sqlite3.Error as error:
        logger.info("%s could not be made smaller: %s", database, error)
