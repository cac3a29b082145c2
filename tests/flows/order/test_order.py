"""What a run costs before anything is spoken, and what the keys of its utterances are made of."""

import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from configs.settings import SettingsError
from flows.order import order as ordering
from flows.order.heeded import Heeded
from flows.order.order import prepare
from flows.order.request import Request
from flows.services import open_services, read_settings
from storage.records import Coverage
from tasks.errors import BadInputError, CoverageError
from tasks.segment.script import write_script
from tasks.synthesize.batches import speech_seconds
from tasks.synthesize.keys import utterance_key
from tests.flows.samples import add_voice


def test_an_order_with_all_its_keys_loads_no_network(tmp_path):
    """So a command that finds everything done answers at once."""
    book = tmp_path / "book.txt"
    book.write_text("It was late in the evening when he came home, and nobody was there.\n\nThe end.\n")
    script = (
        "import sys\n"
        "from flows.order.order import prepare\n"
        "from flows.order.request import Request\n"
        "from flows.order.existing import find_finished\n"
        "from flows.services import open_services, read_settings\n"
        "with open_services(read_settings(synthesize={'voice': 'slt'})) as services:\n"
        f"    order = prepare(services, Request(book={str(book)!r}, out={str(tmp_path / 'out')!r}))\n"
        "    services.database\n"
        "    assert len(order.keyed) == 2\n"
        "    assert find_finished(order) is None\n"
        "print(sorted({'torch', 'prefect'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={"TALEPRESS_HOME": str(tmp_path / "home"), "PYTHONPATH": ":".join(sys.path), "HOME": str(tmp_path)},
        timeout=120,
        check=False,
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


def test_the_key_of_an_utterance_has_the_voice_that_speaks_it(voiced_home, book, tmp_path):
    add_voice(voiced_home, "low", pitch_hz=80)
    book.write_text("# One\n\n“Stop at once!” said Tom, and the men at the gate stood still.\n", "utf-8")
    cast = tmp_path / "cast.toml"
    cast.write_text('[characters.Tom]\nvoice = "low"\n', "utf-8")
    with open_services(read_settings()) as services:
        order = prepare(services, Request(book=str(book), out=str(tmp_path / "out"), cast=str(cast)))
        voices = [item.utterance.voice for item in order.keyed]
        assert sorted(set(voices)) == ["", "low"]
        for item, voice in zip(order.keyed, voices, strict=True):
            digest = services.voice(voice or "tone").digest
            model = services.front_end.digest
            assert item.key == utterance_key(
                item.utterance.spoken, digest, model, order.sampling, services.precision
            ), item.utterance.text


@pytest.fixture
def services(voiced_home):
    with open_services(read_settings()) as services:
        yield services


def ask(services, book, **values):
    return prepare(services, Request(book=str(book), out=str(book.parent / "out"), **values))


@pytest.mark.parametrize(
    ("chapters", "indices", "selection"),
    [("", (0, 1, 2), ""), ("1-3", (0, 1, 2), ""), ("2", (1,), "2"), ("1,3", (0, 2), "1,3"), ("3,1", (0, 2), "1,3")],
)
def test_chosen_chapters_are_made_in_the_order_of_the_book(services, book, chapters, indices, selection):
    order = ask(services, book, chapters=chapters)
    assert (order.chapters, order.selection) == (indices, selection)
    assert tuple(dict.fromkeys(item.utterance.chapter_index for item in order.keyed)) == indices


def test_keys_are_of_all_that_is_said_and_of_nothing_else(services, book, monkeypatch):
    whole = {item.key for item in ask(services, book).keyed}
    assert {item.key for item in ask(services, book, chapters="2").keyed} < whole
    assert {item.key for item in ask(services, book, review="all", overwrite=True).keyed} == whole
    for preset in services.front_end.presets:
        if preset != services.settings.synthesize.preset:
            with open_services(read_settings(synthesize={"preset": preset})) as others:
                assert not whole & {item.key for item in ask(others, book).keyed}
    monkeypatch.setattr("flows.services.Services.precision", "bfloat16")
    assert not whole & {item.key for item in ask(services, book).keyed}


def test_the_row_of_a_run_names_voice_and_preset_though_nobody_did(services, book):
    order = ask(services, book)
    assert order.request.voice == order.request.preset == ""
    assert (order.record["voice"], order.record["preset"]) == ("tone", services.settings.synthesize.preset)
    assert Request.from_record(order.record).book == str(book)
    assert (order.source, order.out) == (order.book.source_sha256, book.parent / "out")


def test_encoded_audio_has_one_place_and_files_in_the_making_one_for_each_order(services, book):
    one = ask(services, book)
    other = ask(services, book)
    home = services.settings.storage.folder
    assert one.encoded_folder == other.encoded_folder == home / "encoded" / one.source[:16]
    assert one.working_folder.parent == other.working_folder.parent == home / "work" / one.source[:16]
    assert one.working_folder != other.working_folder


def test_what_reads_the_book_is_told_what_the_text_is_cut_by(services, book):
    """The Prefect shells of ingest and segment are called in the place of what they wrap."""
    asked = []

    def segment(read, settings, most_tokens, max_text_tokens, narrator):
        asked.append((settings, narrator))
        return write_script(read, settings, most_tokens, max_text_tokens, narrator)

    request = Request(book=str(book), out=str(book.parent / "out"), voice="tone")
    prepare(services, request, segment=segment)
    assert asked == [(services.settings.segment, "tone")]


def test_a_script_that_loses_text_is_refused(services, book):
    def segment(*asked):
        script = write_script(*asked)
        return replace(script, coverage=Coverage(10, 5, 2, 3))

    with pytest.raises(CoverageError, match="3 characters are neither spoken nor skipped"):
        prepare(services, Request(book=str(book), out=str(book.parent / "out")), segment=segment)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"chapters": "7"}, "7"),
        ({"voice": "nobody"}, "unknown voice 'nobody'"),
        ({"plan": "/none.toml"}, "none.toml"),
        ({"cast": "/none.toml"}, "none.toml"),
        ({"lexicon": "/none.toml"}, "none.toml"),
    ],
)
def test_each_mistake_is_named_before_anything_is_written(services, book, values, words):
    with pytest.raises(BadInputError, match=words):
        ask(services, book, **values)
    assert not (book.parent / "out").exists()


def test_a_book_in_a_language_that_nobody_speaks_is_read_only_where_that_is_asked_for(services, tmp_path):
    book = tmp_path / "livre.md"
    book.write_text("---\ntitle: Un livre\nlanguage: fr\n---\n# Un\n\nIl était tard quand il est rentré.\n", "utf-8")
    with pytest.raises(BadInputError, match="--force"):
        ask(services, book)
    assert ask(services, book, force=True).keyed


@pytest.fixture
def outputs(monkeypatch):
    """Two outputs that note what they are asked, of which each second of audio takes so many bytes."""
    asked = []

    def output(bytes_per_second):
        return SimpleNamespace(
            require=lambda package: asked.append((bytes_per_second, package)),
            forecast_bytes=lambda seconds, package: seconds * bytes_per_second,
        )

    monkeypatch.setattr(ordering, "find_outputs", lambda kinds: (output(1000), output(0.5)))
    monkeypatch.setattr(ordering, "check_needs", lambda settings, path: asked.append(("needs", settings, path)))
    return asked


def test_room_is_needed_for_what_is_published_and_for_what_is_kept(services, book, monkeypatch, outputs):
    asked = []
    monkeypatch.setattr(
        ordering, "require_writable", lambda folder, needed_bytes=0: asked.append((folder, needed_bytes))
    )
    order = ask(services, book, chapters="2")
    seconds = sum(speech_seconds(item.utterance.spoken) for item in order.keyed)
    home = services.settings.storage.folder
    assert asked == [(order.out, 0), (home, 0), (order.out, round(seconds * 1000.5)), (home, round(seconds * 120_000))]


def test_everything_that_may_be_wrong_with_the_settings_is_asked_before_the_book_is_read(
    voiced_home, book, monkeypatch, outputs
):
    for name in ("check_template", "check_profiles", "require_signing", "try_ffmpeg"):
        monkeypatch.setattr(ordering, name, lambda given, name=name: outputs.append((name, given)))

    def read(*_):
        outputs.append("read")
        raise BadInputError("no book")

    for ffmpeg in ("", "/usr/bin/ffmpeg"):
        outputs.clear()
        with open_services(read_settings(package={"ffmpeg": ffmpeg})) as services:
            package = services.settings.package
            with pytest.raises(BadInputError, match="no book"):
                prepare(services, Request(book=str(book), out=str(book.parent / "out")), read)
        assert outputs == [
            ("check_template", package.name),
            ("check_profiles", package),
            ("require_signing", package),
            (1000, package),
            (0.5, package),
            *([("try_ffmpeg", package)] if ffmpeg else []),
            "read",
        ]


def test_what_outputs_and_listeners_need_is_asked_of_the_book(services, book, outputs):
    ask(services, book)
    assert outputs[-1] == ("needs", services.settings, book)


def test_a_profile_that_cannot_be_used_is_bad_input(services, book, monkeypatch):
    def fail(_):
        raise SettingsError("package.profiles.acx: no")

    monkeypatch.setattr(ordering, "check_profiles", fail)
    with pytest.raises(BadInputError, match=r"package\.profiles\.acx: no"):
        ask(services, book)


def test_a_chapter_in_which_nothing_is_said_is_none_of_the_edition(services, book):
    def silent_second(*asked):
        script = write_script(*asked)
        return replace(script, utterances=tuple(u for u in script.utterances if u.chapter_index != 1))

    def ask_for(chapters):
        request = Request(book=str(book), out=str(book.parent / "out"), chapters=chapters)
        return prepare(services, request, segment=silent_second)

    for chapters, indices, selection in (("", (0, 2), ""), ("1-2", (0,), "1"), ("2-3", (2,), "3")):
        order = ask_for(chapters)
        assert (order.chapters, order.selection) == (indices, selection)
    with pytest.raises(BadInputError, match=r"book\.md: nothing in the chosen chapters is spoken: choose others"):
        ask_for("2")


def test_voices_are_named_once_in_the_order_of_their_first_words(services, voiced_home, book, tmp_path):
    add_voice(voiced_home, "low", pitch_hz=80)
    book.write_text("# One\n\n[[voice low]]It was late.[[/voice]]\n\nNobody came.\n\n# Two\n\nThe end.\n", "utf-8")
    order = ask(services, book)
    assert list(order.voices) == ["low"]
    assert sorted(credit.name for credit in order.voice_credits) == ["low", "tone"]
    first = order.voice_of(order.keyed[0].utterance).name
    assert order.voice_credits[0].name == first
    assert [credit.name for credit in ask(services, book, chapters="2").voice_credits] == ["tone"]


def test_the_newest_decision_that_a_script_heeds_is_known(services, book, monkeypatch):
    heeded = Heeded(newest=7)
    monkeypatch.setattr(ordering, "read_heeded", lambda asked, path: heeded if (asked, path) == (services, book) else 0)
    assert ask(services, book).heeded == 7
