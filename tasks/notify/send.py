"""Sends a message to every address of the settings. A message that cannot be sent is logged, and nothing fails.

Must not know what happened, nor who was told before.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

logger = logging.getLogger(__name__)


def send(addresses: Sequence[str], title: str, body: str) -> int:
    """Sends a message, and returns to how many addresses it went.

    Args:
        addresses: as Apprise writes them, such as `mailtos://user:password@example.org` or `ntfy://topic`.
        title: in one line.
        body: plain text.
    """
    import apprise  # takes half a second, and few runs have anybody to tell

    sent = 0
    for number, address in enumerate(addresses, start=1):  # addresses hold passwords: the log names their numbers
        service = apprise.Apprise.instantiate(address)
        if service is None:
            logger.warning("notify.addresses: address %d is none that Apprise knows", number)
        elif service.notify(title=title, body=body):
            sent += 1
        else:
            logger.warning("notify.addresses: no message could be sent to address %d", number)
    return sent
