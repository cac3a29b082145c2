"""What is committed is kept, and nothing else."""

import pytest

from storage.errors import StorageError
from tests.storage.builders import make_take


def keys(database):
    with database.snapshot() as uow:
        return set(uow.takes.audio())


def test_what_is_not_committed_is_gone(database):
    with database.unit_of_work() as uow:
        uow.takes.add([make_take("k")])
    assert keys(database) == set()


def test_what_is_committed_stays_and_what_comes_after_does_not(database):
    with database.unit_of_work() as uow:
        uow.takes.add([make_take("k")])
        uow.commit()
        uow.takes.add([make_take("l")])
        uow.rollback()
        uow.takes.add([make_take("m")])
    assert keys(database) == {"k-0"}


def test_a_snapshot_keeps_nothing(database):
    with pytest.raises(StorageError, match="a snapshot cannot be committed"), database.snapshot() as uow:
        uow.commit()
