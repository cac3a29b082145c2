"""A field that is added to a request is an option of the command, without another line."""

from pathlib import Path

import pytest
import typer
from pydantic import Field
from typer.testing import CliRunner

from flows.cli.options import Options, with_options_of
from flows.order.request import Request, form_hints


class WiderRequest(Request):
    """A request of a later version."""

    only: tuple[str, ...] = Field((), description="Utterances to speak.", json_schema_extra=form_hints(20))
    also_read: bool = Field(False, description="Read notes.", json_schema_extra=form_hints(21))
    book_cover: str = Field("", description="A picture.", json_schema_extra=form_hints(22, path=True))


@pytest.fixture
def run():
    """Runs a command with a request's options; returns the options that it got, or the text of its help."""
    seen: list[Options] = []
    app = typer.Typer(rich_markup_mode=None)

    @app.command()
    @with_options_of(WiderRequest, defaults={"out": "audiobooks"})
    def command(options: Options, json: bool = False):
        """Makes."""
        seen.append(options)

    def invoke(*arguments):
        ended = CliRunner().invoke(app, arguments, env={"COLUMNS": "100"})
        assert ended.exit_code == 0, ended.output
        return seen.pop() if seen else ended.output

    return invoke


def test_only_what_is_given_is_asked(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("a.epub") == {
        "book": str(tmp_path / "a.epub"),
        "out": str(tmp_path / "audiobooks"),
        "force": False,
        "overwrite": False,
        "also_read": False,
    }


def test_every_kind_of_field_is_an_option(run):
    options = run("/a.epub", "--only", "1:2", "--only", "3", "--also-read", "--book-cover", "/c.png", "--voice", "slt")
    request = WiderRequest.from_values(options)
    assert (request.only, request.also_read, request.book_cover, request.voice) == (("1:2", "3"), True, "/c.png", "slt")


def test_the_help_shows_them_in_the_order_of_the_form(run):
    text = run("--help")
    options = ["--out", "--voice", "--preset", "--chapters", "--plan", "--force", "--only", "--also-read", "--json"]
    places = [text.index(f"  {option} ") for option in options]
    assert places == sorted(places)
    assert "Who reads; see `talepress voice list`." in text
    assert "[default: audiobooks]" in text
    assert "--no-force" not in text


def test_a_command_may_take_a_few_of_them():
    app = typer.Typer(rich_markup_mode=None)
    seen: list[Options] = []

    @app.command()
    @with_options_of(Request, only=("book", "out"), defaults={"out": None})
    def command(options: Options):
        """Retries."""
        seen.append(options)

    assert CliRunner().invoke(app, ["/a.epub"]).exit_code == 0
    assert CliRunner().invoke(app, ["/a.epub", "--voice", "slt"]).exit_code == 2
    assert seen == [{"book": str(Path("/a.epub"))}]
