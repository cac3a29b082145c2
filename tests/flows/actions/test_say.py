"""Texts become files: which is which, in what parts, spoken how, and each part followed by its own silence."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from flows.actions import say
from flows.actions.say import SayLine, SayPart, SpokenFile, _Reader, _write, cut_lines, plan_speech, say_line
from flows.services import open_services, read_settings
from tasks.errors import BadInputError, OutputError
from tortoise_core.inference.fake import FakeEngine
from tortoise_core.inference.interface import SpeechResult

RATE = 1000
FRENCH = "Il était une fois une petite fille qui vivait avec sa mère dans une maison au bord de la forêt. " * 4
LONG = "It was a very long sentence, and it went on, and on, and it was not over yet. " * 6


@pytest.fixture
def services(home):
    with open_services(read_settings(synthesize={"voice": "slt"})) as services:
        yield services


@pytest.fixture
def asked(monkeypatch):
    """Every call of the engine, which takes two seconds for each request, on a clock of its own."""
    calls = []
    now = [0.0]
    speak = FakeEngine.speak

    def slowly(engine, requests):
        calls.append(list(requests))
        now[0] += 2.0 * len(requests)
        return speak(engine, requests)

    monkeypatch.setattr(FakeEngine, "speak", slowly)
    monkeypatch.setattr(say, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    return calls


def speak(services, plan, listener=lambda progress: None, **options):
    return say.speak_lines(services, plan, listener, **{"seed": 5, "candidates": None, "force": False, **options})


def test_between_two_parts_lies_the_silence_after_the_first(tmp_path):
    line = SayLine("One, two. Three.", tmp_path / "line.wav")
    parts = [SayPart("one", 0.1, "joe", 4), SayPart("two", 0.3, "joe", 9), SayPart("three", 0.7, "joe", 16)]
    results = [SpeechResult(np.full(samples, 0.5, np.float32), RATE) for samples in (10, 20, 30)]
    made = _write(line, parts, results, 1.0, {"joe": _Reader(None, "")})
    audio, rate = soundfile.read(line.path)
    silence = [list(run) for run in np.split(audio == 0, np.flatnonzero(np.diff(audio == 0)) + 1)]
    assert rate == RATE
    assert [(len(run), bool(run[0])) for run in silence] == [
        (10, False), (100, True), (20, False), (300, True), (30, False)
    ]  # fmt: skip
    assert made.seconds == 0.46


@pytest.mark.parametrize(("sure", "capped"), [((True, True), (False, True)), ((True, False), (False, False))])
def test_a_file_is_as_doubtful_as_its_worst_part(tmp_path, monkeypatch, sure, capped):
    cuts = []

    def cut(audio, rate, direction, spoken):
        cuts.append((rate, direction, spoken))
        return SimpleNamespace(audio=audio[1:], is_sure=sure[len(cuts) - 1])

    monkeypatch.setattr(say, "cut_direction", cut)
    parts = [SayPart("one", 0.0, "joe", 4), SayPart("two", 0.0, "ann", 9)]
    results = [SpeechResult(np.full(6, 0.5, np.float32), RATE, hit_length_cap=hit) for hit in capped]
    readers = {"joe": _Reader(None, ""), "ann": _Reader(None, "sad,")}
    made = _write(SayLine("One, two.", tmp_path / "line.wav"), parts, results, 0.02, readers)
    assert cuts == [(RATE, "", "one"), (RATE, "sad,", "two")]
    assert made == SpokenFile(
        tmp_path / "line.wav", "One, two.", 0.01, 2.0, any(capped), may_hold_direction=not all(sure)
    )


@pytest.mark.parametrize(
    ("text", "lines", "out", "message"),
    [
        (None, None, "x.wav", "either a text or --lines"),
        ("Hello.", "lines.txt", "x.wav", "either a text or --lines"),
        ("Hello.", None, None, "give --out"),
        (" \n", None, "x.wav", "is empty"),
        ("Hello.", None, "x.mp3", "ends in .wav"),
        ("Hello.", None, "folder.wav", "ends in .wav"),
        (None, "nothing.txt", "out", "nothing.txt cannot be read: No such file"),
        (None, "latin1.txt", "out", "is not a UTF-8 text file"),
        (None, "blank.txt", "out", "has no line to speak"),
        (None, "large.txt", "out", "has more than 14 bytes"),
    ],
)
def test_what_cannot_become_a_file_is_refused(tmp_path, monkeypatch, text, lines, out, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(say, "MAX_LINES_BYTES", 14)
    Path("folder.wav").mkdir()
    Path("lines.txt").write_text("One.\n")
    Path("latin1.txt").write_bytes(b"caf\xe9")
    Path("blank.txt").write_text("\n  \n")
    Path("large.txt").write_text("x" * 15)
    with pytest.raises(BadInputError, match=message):
        plan_speech(text, lines and Path(lines), out and Path(out))


@pytest.mark.parametrize(("text", "out"), [("Hello.", "file/x.wav"), (None, "file")])
def test_a_place_that_cannot_be_written_is_refused_first(tmp_path, text, out):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises((BadInputError, OutputError), match="file"):
        plan_speech(text, None if text else tmp_path / "no lines.txt", tmp_path / out)


def test_files_bear_the_numbers_of_their_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(say, "MAX_LINES_BYTES", 25)
    lines = tmp_path / "lines.txt"
    lines.write_bytes("\ufeff One. \n\n[sad] Three.\r\n".encode())
    assert lines.stat().st_size == 25
    out = tmp_path / "out"
    assert plan_speech(None, lines, out) == (
        SayLine("One.", out / "0001.wav"),
        SayLine("Three.", out / "0003.wav", "sad"),
    )
    assert plan_speech(" [a, b]  Two. ", None, out / "x.WAV") == (SayLine("Two.", out / "x.WAV", "a, b"),)


def test_a_direction_stands_at_the_beginning_alone():
    path = Path("x.wav")
    assert say_line(" He said [softly] no. ", path) == SayLine("He said [softly] no.", path)
    assert say_line("[]He went.", path) == SayLine("He went.", path)
    with pytest.raises(BadInputError, match="no text follows"):
        say_line("[I am sad,] ", path)
    with pytest.raises(BadInputError, match=r"^'\[x{39}' is a direction"):
        say_line(f"[{'x' * 5000}]", path)


def test_a_line_is_one_utterance_where_it_can_be_and_is_cut_as_a_book_where_not(services, asked, tmp_path):
    plan = [SayLine("It was late. He rose.", tmp_path / "a.wav"), SayLine(LONG, tmp_path / "b.wav")]
    reports = []
    speech = speak(services, plan, reports.append)
    requests = [request for call in asked for request in call]
    assert requests[0].text == "It was late. He rose."
    assert " ".join(request.text for request in requests[1:]) == LONG.strip()
    assert {(request.seed, request.keep, request.settings) for request in requests} == {(5, 1, services.sampling)}
    parts = len(requests)
    assert parts > 3
    assert [len(call) for call in asked][:2] == [1, 2]
    assert [(report.stage, report.total) for report in reports] == [("speak", parts)] * (len(asked) + 1)
    assert [report.done for report in reports] == [0, *np.cumsum([len(call) for call in asked])]
    assert [report.detail for report in reports] == ["a.wav", *["b.wav"] * len(asked)]
    assert [report.pace.seconds for report in reports] == [2.0 * report.done for report in reports]
    first = len(requests[0].text) / sum(len(request.text) for request in requests)
    assert [report.pace.share for report in reports][:2] == [0.0, first] and reports[-1].pace.share == 1.0
    assert [(file.path.name, file.text, file.candidate) for file in speech.files] == [
        ("a.wav", plan[0].text, 1),
        ("b.wav", LONG, 1),
    ]
    lengths = [soundfile.info(line.path).duration for line in plan]
    assert speech.audio_seconds == pytest.approx(sum(lengths))
    assert speech.files[0].rtf == pytest.approx(2.0 / lengths[0])
    assert speech.files[1].rtf == pytest.approx(2.0 * (parts - 1) / lengths[1])
    assert (speech.voice, speech.preset, speech.seed, speech.sample_rate) == ("slt", "fast", 5, 24_000)
    assert speech.wall_seconds == 2.0 * parts


def test_batches_grow_to_the_configured_size(services, asked, tmp_path, monkeypatch):
    small = services.settings.synthesize.model_copy(update={"batch_size": 3})
    monkeypatch.setattr(services, "settings", services.settings.model_copy(update={"synthesize": small}))
    speak(services, [SayLine("Yes.", tmp_path / f"{number}.wav") for number in range(8)])
    assert [len(call) for call in asked] == [1, 2, 3, 2]


def test_the_time_of_a_batch_is_shared_by_length(services, asked, tmp_path):
    plan = [SayLine(text, tmp_path / f"{len(text)}.wav") for text in ("Yes.", "No.", "That is a longer sentence.")]
    _, short, longer = speak(services, plan).files
    assert longer.seconds > 2 * short.seconds
    assert short.rtf == pytest.approx(longer.rtf) == pytest.approx(4.0 / (short.seconds + longer.seconds))


def test_candidates_that_are_kept_lie_beside_the_best(services, asked, tmp_path):
    (line,) = plan_speech("Hello there.", None, tmp_path / "line.wav")
    files = speak(services, [line], candidates=4, keep=3).files
    assert [(file.path.name, file.candidate) for file in files] == [
        ("line.wav", 1),
        ("line-2.wav", 2),
        ("line-3.wav", 3),
    ]
    ((request,),) = asked
    assert (request.settings.candidates, request.keep) == (4, 3)
    for number, file in enumerate(files):  # the fake engine's others are of the seeds that follow
        (alone,) = speak(services, [replace(line, path=tmp_path / "alone.wav")], candidates=4, seed=5 + number).files
        assert file.path.read_bytes() == alone.path.read_bytes()


def test_more_to_keep_than_candidates_is_refused_before_anything_is_spoken(services, asked, tmp_path):
    (line,) = plan_speech("Hello.", None, tmp_path / "line.wav")
    with pytest.raises(BadInputError, match="of each text 2 candidates are made; give --candidates 3 or more"):
        speak(services, [line], keep=3)
    assert asked == []
    assert len(speak(services, [line], keep=2).files) == 2


def test_lines_with_directions_are_spoken_by_voices_with_them(services, asked, tmp_path, monkeypatch):
    monkeypatch.setattr(say, "cut_direction", lambda audio, *_: SimpleNamespace(audio=audio, is_sure=True))
    plan = [say_line("[I am sad,] Please go.", tmp_path / "a.wav"), say_line("Please stay.", tmp_path / "b.wav")]
    assert speak(services, plan).voice == "slt"
    assert [request.text for call in asked for request in call] == ["I am sad, Please go.", "Please stay."]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("***", r"2.wav: '\*\*\*' leaves nothing to say"),
        ("*" * 5000, r"2.wav: '\*{40}' leaves nothing to say"),
        (FRENCH, "the text is in French"),
    ],
)
def test_what_cannot_be_spoken_is_refused_with_its_file(services, text, message):
    plan = [SayLine("Hello.", Path("1.wav")), SayLine(text, Path("2.wav"))]
    lengths = services.settings.segment
    with pytest.raises(BadInputError, match=message):
        cut_lines(services, plan[1:] if text == FRENCH else plan, lengths, force=False)
    if text == FRENCH:
        assert cut_lines(services, plan, lengths, force=True)[1]


def test_a_part_knows_its_voice_its_end_and_the_silence_after_it(services):
    lengths = services.settings.segment.model_copy(update={"max_chars": 30, "min_chars": 5})
    text = "It was late in the evening. He came home and went to bed."
    plan = [say_line(f"[sad,] {text}", Path("1.wav")), SayLine("Yes.", Path("2.wav"))]
    first, second = cut_lines(services, plan, lengths, force=False)
    pauses = services.settings.stitch.pauses
    assert (first[0].end, first[0].voice, first[0].pause_s) == (27, "slt [sad,]", pauses.sentence)
    assert [(part.spoken, part.voice) for part in second] == [("Yes.", "slt")]


def test_what_is_printed_as_json():
    files = (
        SpokenFile(Path("a.wav"), "One.", 1.23456, 0.51234, False),
        SpokenFile(Path("a-2.wav"), "One.", 2.0, 0.5, True, 2, True),
    )
    shown = say.speech_json(say.Speech(files, "slt", "fast", 7, 24_000, 1.61728))
    assert shown == {
        "voice": "slt",
        "preset": "fast",
        "seed": 7,
        "sample_rate": 24_000,
        "audio_seconds": 3.235,
        "wall_seconds": 1.617,
        "rtf": 0.5,
        "files": [
            {"path": "a.wav", "text": "One.", "seconds": 1.235, "rtf": 0.512}
            | {"hit_length_cap": False, "candidate": 1, "may_hold_direction": False},
            {"path": "a-2.wav", "text": "One.", "seconds": 2.0, "rtf": 0.5}
            | {"hit_length_cap": True, "candidate": 2, "may_hold_direction": True},
        ],
    }
