"""The door that makes a folder's books ends well whatever the folder holds."""

import pytest

from flows import make_folder as door
from flows.order.batch import FolderRequest
from tests.flows.samples import write_fb2


@pytest.mark.usefixtures("voiced_home")
def test_a_folder_without_books_is_no_failure(monkeypatch, tmp_path):
    done = []
    monkeypatch.setattr(door, "send_logs", lambda: done.append("logs"))
    monkeypatch.setattr(door, "introduce_process", lambda: done.append("introduced"))
    monkeypatch.setattr(door, "start_each", lambda name, requests: done.append(name) or len(list(requests)))
    shelf = tmp_path / "shelf"
    shelf.mkdir()

    def end():
        state = door.make_folder.fn(FolderRequest(book=str(shelf), out=str(tmp_path)))
        return state.type, state.message

    assert end() == ("COMPLETED", "nothing to make")
    (shelf / "notes.md").write_text("# Notes")
    assert end() == ("COMPLETED", "nothing to make")
    write_fb2(shelf / "one.fb2", "One")
    assert end() == ("COMPLETED", "books that were started: 1")
    assert done == ["logs", "introduced", "book-to-audio"] * 3
