"""Which ffmpeg is used, and what is said when it fails."""

import errno
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import imageio_ffmpeg
import numpy as np
import pytest

from tasks.errors import BadInputError, OutputError, TalepressError
from tasks.package.audio.ffmpeg import _feed, ffmpeg_path, ffmpeg_version, run_ffmpeg

PCM = ["-f", "f32le", "-ar", "24000", "-ac", "1", "-i", "pipe:0"]


@pytest.fixture
def program(tmp_path):
    """A program of one's own, called ffmpeg, by its path."""

    def write(script):
        path = tmp_path / "ffmpeg"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return write


def test_the_packaged_binary_is_used_unless_another_is_named(program, monkeypatch, tmp_path):
    own = program("echo ffmpeg version 9.9-mine Copyright")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ffmpeg_path() == imageio_ffmpeg.get_ffmpeg_exe() != own
    assert ffmpeg_path("ffmpeg") == ffmpeg_path(own) == own
    assert ffmpeg_version(own) == "9.9-mine"
    assert ffmpeg_version() in run_ffmpeg(["-version"])
    assert run_ffmpeg([], chosen=own).startswith("ffmpeg version 9.9")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo sox", "is no ffmpeg"),
        ("echo; echo ffmpeg version 7", "is no ffmpeg"),
        ("exit 3", "does not run as ffmpeg does"),
        ("printf 'ffmpeg version \\377'", "does not run as ffmpeg does"),  # no text
    ],
)
def test_what_is_no_ffmpeg_is_refused(program, script, message):
    with pytest.raises(BadInputError, match=message):
        ffmpeg_version(program(script))
    ffmpeg_version.cache_clear()
    with pytest.raises(BadInputError, match="there is no program 'nothing'"):
        ffmpeg_path("nothing")


def test_its_own_words_are_in_the_error(tmp_path):
    with pytest.raises(TalepressError, match="No such file"):
        run_ffmpeg(["-i", str(tmp_path / "missing.wav"), "-f", "null", "-"])


def test_ffmpeg_giving_up_early_is_told_by_its_status(tmp_path):
    blocks = (np.zeros(1 << 16, dtype=np.float32) for _ in range(200))
    with pytest.raises(TalepressError, match="status"):
        run_ffmpeg([*PCM, "-c:a", "nonsense", str(tmp_path / "x.wav")], blocks)


def test_trouble_in_the_source_passes_through(tmp_path):
    def blocks():
        yield np.zeros(1000, dtype=np.float32)
        raise ValueError("source")

    with pytest.raises(ValueError, match="source"):
        run_ffmpeg([*PCM, str(tmp_path / "x.wav")], blocks())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
def test_a_full_disk():
    blocks = (np.zeros(1 << 16, dtype=np.float32) for _ in range(20))
    with pytest.raises(OutputError, match="disk is full"):
        run_ffmpeg([*PCM, "-f", "wav", "file:/dev/full"], blocks)


def test_a_file_that_cannot_be_run_is_no_ffmpeg(tmp_path):
    path = tmp_path / "ffmpeg"
    path.write_bytes(b"\x7fELF but broken")
    path.chmod(0o755)
    with pytest.raises(BadInputError, match="does not run as ffmpeg does"):
        ffmpeg_version(str(path))


def test_it_asks_nothing_says_errors_alone_and_writes_over_what_is_there(program):
    assert run_ffmpeg(["-i", "a b.wav"], chosen=program('printf "%s|" "$@"')) == (
        "-hide_banner|-nostdin|-loglevel|error|-y|-i|a b.wav|"
    )


def test_of_many_words_the_last_are_in_the_error_with_the_status(program):
    with pytest.raises(TalepressError, match=rf"ffmpeg failed with status 7: {'y' * 298}!\.; try another version"):
        run_ffmpeg([], chosen=program(f"echo {'x' * 300}{'y' * 298}!. >&2; exit 7"))


@pytest.mark.parametrize(("number", "raised"), [(errno.EPIPE, False), (errno.EINVAL, False), (errno.EIO, True)])
def test_a_pipe_that_was_closed_early_is_no_error_and_any_other_trouble_is(number, raised):
    class Pipe(BytesIO):
        def write(self, data):
            raise OSError(number, "trouble")

    process = SimpleNamespace(stdin=Pipe())
    with pytest.raises(OSError, match="trouble") if raised else nullcontext():
        _feed(process, [np.zeros(4)])
    assert process.stdin.closed


def test_samples_are_sent_as_float32_of_little_end():
    class Pipe(BytesIO):
        sent = b""

        def write(self, data):
            self.sent += bytes(data)

    process = SimpleNamespace(stdin=Pipe())
    _feed(process, [np.arange(4.0)[::2], np.ones(1, ">f4")])
    assert process.stdin.sent == np.array([0, 2, 1], "<f4").tobytes()
