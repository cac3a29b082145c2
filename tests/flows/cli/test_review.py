"""`talepress review` in a terminal: the same decisions as on the page."""

import getpass
import hashlib
import os
import shlex
import shutil

import pytest

from flows.actions.review import TOKEN_VARIABLE, is_loopback, make_keys
from flows.cli import review
from flows.cli.review import NONE_FOUND
from flows.services import open_services, read_settings
from storage.artifacts import ArtifactStore
from storage.records import RunState, Show
from tasks.errors import BadInputError
from tests.tasks.review.library import make_library, tone


@pytest.fixture
def made(home, book):
    """The book file as the library knows it: six sentences, of which four are doubtful."""
    home.mkdir(parents=True)
    make_library(home, source=hashlib.sha256(book.read_bytes()).hexdigest())[0].close()
    return book


@pytest.fixture
def listed(talepress, made):
    def rows(*options):
        content = talepress("review", "list", made, "--json", *options).json
        return {
            row["place"]: (row["standing"], [take["number"] for take in row["takes"] if take["in_use"]])
            for row in content["sentences"]
        }

    return rows


def test_a_book_is_judged_in_a_terminal(talepress, made, listed):
    assert list(listed()) == ["1:1", "1:3", "2:1", "2:3"]
    assert "take 3 is used: choose" in talepress("review", "choose", made, "1:1", 3, "--who", "Ann").err
    assert "approved" in talepress("review", "approve", made, "2:1").err
    assert "take 1 is used now" in talepress("review", "reject", made, "1:1", "--take", "3").err
    assert "speaks it again" in talepress("review", "reject", made, "1:1", "--all").err
    assert listed("--show", "all")["1:1"] == ("to be spoken", [])
    assert "undone: the rejection" in talepress("review", "undo", made).err
    assert list(listed()) == ["1:1", "1:3", "2:3"]  # the rejection of take 3 alone holds again
    talepress("review", "approve", made, "--chapter", 2)
    assert talepress("review", "list", made, "--json").json["approved"] == [2]
    talepress("review", "approve", made, "--all")
    assert talepress("review", "list", made, "--json").json["approved"] == [1, 2]


def test_a_decision_is_of_whoever_is_named_or_of_the_account(talepress, made):
    talepress("review", "choose", made, "1:1", 3, "--who", "Ann")
    talepress("review", "approve", made, "2:1")
    with open_services(read_settings()) as services, services.database.snapshot() as uow:
        words = uow.decisions.holding(hashlib.sha256(made.read_bytes()).hexdigest())
    assert [word.who for word in words][-2:] == ["Ann", getpass.getuser()]


def test_a_word_is_corrected_in_a_terminal(talepress, made, listed):
    done = talepress("review", "edit", made, "1:1", "OZ-mah came in.", "--reach", "book")
    assert done.err.splitlines()[:2] == [
        "'Ozma' is said 'OZ-mah'",
        f"2 to be spoken: `talepress retry {made} --reason rejected --hold` speaks them",
    ]
    assert talepress("review", "list", made, "--json").json["to_speak"] == 1
    assert listed("--words", "clock", "--show", "all") == {"2:1": ("doubtful", [1])}
    table = talepress("review", "list", made).out
    assert "mispronounced a" in table and "1*" in table


def test_a_book_in_the_making_is_not_to_be_spoken_again(talepress, made):
    talepress("review", "reject", made, "1:1", "--all")
    assert "1 to be spoken" in talepress("review", "list", made).err
    with open_services(read_settings()) as services, services.database.unit_of_work() as uow:
        source = hashlib.sha256(made.read_bytes()).hexdigest()
        run = uow.runs.start(source, "book_to_audio", {}, total=7)
        uow.commit()
    told = talepress("review", "list", made).err
    assert told == f"the book is in the making: `talepress status {made}` shows how far it is\n"
    with open_services(read_settings()) as services, services.database.unit_of_work() as uow:
        uow.runs.finish(run, RunState.FAILED)
        uow.commit()
    assert "1 to be spoken" in talepress("review", "list", made).err


def test_what_is_printed_to_be_pasted_has_the_book_as_a_shell_reads_it(talepress, made):
    spaced = made.with_name("my book's.md")
    made.rename(spaced)
    talepress("review", "reject", spaced, "1:1", "--all")
    assert f"`talepress retry {shlex.quote(str(spaced))} --reason" in talepress("review", "list", spaced).err


def test_a_long_list_is_cut_and_says_so_but_not_for_programs(talepress, made, listed, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    everything = listed("--show", "all")
    for most, cut in ((len(everything) - 1, True), (len(everything) + 1, False)):
        monkeypatch.setattr(review, "MOST_LISTED", most)
        shown = talepress("review", "list", made, "--show", "all")
        assert sum(place in shown.out for place in everything) == min(most, len(everything))
        assert (f"the first {most} are shown: --chapter and --words show others, --json all" in shown.err) is cut
        assert listed("--show", "all") == everything


@pytest.mark.parametrize("show", Show)
def test_a_list_of_nothing_says_what_was_looked_for(talepress, made, show):
    ended = talepress("review", "list", made, "--show", show.value, "--words", "no such words")
    assert (ended.code, ended.out, ended.err.splitlines()[0]) == (0, "", NONE_FOUND[show])


def test_a_list_of_nothing_says_so_and_where_the_rest_is(talepress, made):
    ended = talepress("review", "list", made, "--show", "rejected")
    assert (ended.code, ended.out) == (0, "")
    assert "no such sentence is rejected or corrected: --show all lists the others" in ended.err


def test_a_take_is_copied_or_played_wherever_the_store_is(talepress, made, tmp_path, monkeypatch):
    monkeypatch.setattr(ArtifactStore, "path", None)  # of files of this machine alone
    assert talepress("review", "play", made, "1:1", "--take", 2, "--out", "take.flac").code == 0
    assert (tmp_path / "take.flac").read_bytes() == tone(1)
    assert talepress("review", "play", made, "1:1", "--take", 2, "--out", "a new/folder/take.flac").code == 0
    assert (tmp_path / "a new" / "folder" / "take.flac").read_bytes() == tone(1)
    refused = talepress("review", "play", made, "1:1", "--out", "take.flac/take.flac")
    assert (refused.code, "take.flac: cannot be written" in refused.err) == (2, True), refused.err
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "install one of ffplay" in talepress("review", "play", made, "1:1").err
    player = tmp_path / "mpv"
    player.write_text(f"#!/bin/sh\n{shutil.which('cp', path=os.defpath)} $2 {tmp_path / 'heard.flac'}\n")
    player.chmod(0o755)
    assert talepress("review", "play", made, "1:1").code == 0
    assert (tmp_path / "heard.flac").read_bytes() == tone(0)


def test_a_page_for_other_machines_has_a_token(home, monkeypatch):
    settings = read_settings()
    own = make_keys(settings, "127.0.0.1", 4210, (), wants_token=False)
    wanted = make_keys(settings, "127.0.0.1", 4210, (), wants_token=True)
    other = make_keys(settings, "0.0.0.0", 4210, ["review.example.org"], wants_token=False)
    assert own.token == "" and len(other.token) == 32 and other.token == wanted.token  # the same after a restart
    assert "review.example.org" in other.hosts
    assert (home / "review" / "secret").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv(TOKEN_VARIABLE, "a-token-of-my-own-choice")
    assert make_keys(settings, "::", 4210, (), wants_token=False).token == "a-token-of-my-own-choice"
    monkeypatch.setenv(TOKEN_VARIABLE, "x" * 16)
    assert make_keys(settings, "127.0.0.1", 4210, (), wants_token=False).token == "x" * 16
    monkeypatch.setenv(TOKEN_VARIABLE, "x" * 15)
    with pytest.raises(BadInputError, match="could be guessed"):
        make_keys(settings, "127.0.0.1", 4210, (), wants_token=False)
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "box.example")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_a_port_that_is_taken_is_refused_with_the_remedy(talepress, home):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = talepress("review", "serve", "--port", taken.getsockname()[1])
    assert (ended.code, "name others by --host and --port" in ended.err) == (2, True)


@pytest.mark.parametrize(
    ("options", "settings", "served"),
    [
        ([], {}, ("127.0.0.1", 4210, [], False)),
        (["--host", "0.0.0.0", "--port", "0"], {}, ("0.0.0.0", 0, [], False)),
        (["--token", "--name", "a:80", "--name", "b"], {}, ("127.0.0.1", 4210, ["a:80", "b"], True)),
        (
            ["--name", "a"],
            {"HOST": "10.0.0.1", "PORT": "5000", "ADDRESS": "https://review.example.org"},
            ("10.0.0.1", 5000, ["a", "review.example.org"], False),
        ),
    ],
)
def test_the_page_is_served_where_options_and_settings_say(talepress, home, monkeypatch, options, settings, served):
    asked = []

    def serve(services, starter, host, port, names, *, wants_token):
        asked.append((host, port, names, wants_token))
        yield "http://page"

    for name, value in settings.items():
        monkeypatch.setenv(f"TALEPRESS_REVIEW__{name}", value)
    monkeypatch.setattr("flows.actions.review.serve", serve)
    ended = talepress("review", "serve", *options)
    assert (ended.code, ended.err) == (0, "review: http://page (Ctrl-C ends it)\n")
    assert asked == [served]


@pytest.mark.parametrize("options", [[], ["1:1", "--all"], ["1:1", "--chapter", "1"], ["--chapter", "1", "--all"]])
def test_one_thing_is_approved_at_a_time(talepress, made, options):
    ended = talepress("review", "approve", made, *options)
    assert (ended.code, "name one of a place, --chapter and --all" in ended.err) == (2, True)
