"""Messages to a server of our own, and to addresses that do not answer."""

import logging

from tasks.notify.send import send
from tests.receiver import receiver


def test_a_message_goes_to_every_address():
    with receiver() as (place, posted):
        assert send([f"json://{place}/"] * 2, "Emma is ready", "4 chapters") == 2
    assert [(one["title"], one["message"]) for one in posted] == [("Emma is ready", "4 chapters")] * 2


def test_an_address_that_does_not_answer_fails_nothing_and_its_password_stays_out_of_the_log(caplog):
    with receiver() as (place, _), caplog.at_level(logging.WARNING, logger="tasks.notify"):
        addresses = ["nonsense://secret", "json://user:secret@127.0.0.1:1/", f"json://{place}/"]
        assert send(addresses, "t", "b") == 1
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("tasks.")]
    assert ["none that Apprise knows" in line and "address 1 " in line for line in ours] == [True, False]
    assert ours[1].endswith("could be sent to address 2")
    assert "secret" not in " ".join(ours)
