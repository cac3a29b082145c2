"""People are told once of each thing."""

import pytest


@pytest.mark.parametrize(("kind", "subject"), [("made", "two"), ("failed", "one")])
def test_people_are_told_once_of_each_thing_that_happens(uow, kind, subject):
    assert uow.notices.note("made", "one") is True
    assert uow.notices.note("made", "one") is False
    assert uow.notices.note(kind, subject) is True


def test_what_was_told_is_known_after_a_restart(database):
    with database.unit_of_work() as uow:
        uow.notices.note("made", "one")
        uow.commit()
    with database.unit_of_work() as uow:
        assert uow.notices.note("made", "one") is False
