"""An inbox and an outbox."""

import pytest

from tasks.inbox.folders import InboxFolders


@pytest.fixture
def folders(tmp_path):
    made = InboxFolders(tmp_path / "inbox", tmp_path / "outbox")
    made.make()
    return made
