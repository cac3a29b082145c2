"""A chosen ffmpeg is tried before a book is spoken: what it writes must read back as it was meant."""

import shutil

import imageio_ffmpeg
import pytest

from tasks.errors import BadInputError, TalepressError
from tasks.package import trial
from tasks.package.outputs import OUTPUTS
from tasks.package.trial import try_ffmpeg
from tests.tasks.package.conftest import PACKAGE

PACKAGED = imageio_ffmpeg.get_ffmpeg_exe()
STEREO = """
arguments=()
for argument in "$@"; do
  arguments+=("$argument")
  if [ "$argument" = aac ]; then arguments+=(-ac 2); fi
done
"""


def choose(program, *kinds):
    return PACKAGE.model_copy(update={"ffmpeg": str(program), "outputs": kinds or ("m4b", "manifest")})


@pytest.fixture
def ffmpeg(tmp_path):
    """A program that calls the packaged ffmpeg with other arguments, by its path."""

    def write(change):
        path = tmp_path / "ffmpeg"
        path.write_text(f'#!/bin/bash\narguments=("$@")\n{change}\nexec "{PACKAGED}" "${{arguments[@]}}"\n')
        path.chmod(0o755)
        return path

    return write


def test_the_packaged_one_passes_for_every_output():
    try_ffmpeg(choose(PACKAGED, *(output.kind for output in OUTPUTS)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (STEREO, "says 2 channels"),
        ('for i in "$@"; do [ "$i" = aac ] && exit 1; done', "failed with status 1"),  # it has no such encoder
        ('[ "$1" = -version ] || exit 0', "No such file"),  # it writes nothing, and says that all is well
    ],
)
def test_one_that_writes_otherwise_is_refused_by_name(ffmpeg, change, words):
    with pytest.raises(BadInputError, match=f"package.ffmpeg: a trial of .*/ffmpeg, version .*{words}"):
        try_ffmpeg(choose(ffmpeg(change)))


def test_what_is_on_the_path_is_not_used_unless_it_is_chosen(ffmpeg, monkeypatch):
    broken = ffmpeg("exit 1")
    monkeypatch.setenv("PATH", str(broken.parent), prepend=":")
    assert shutil.which("ffmpeg") == str(broken)
    try_ffmpeg(PACKAGE)
    with pytest.raises(BadInputError, match="does not run as ffmpeg does"):
        try_ffmpeg(choose("ffmpeg"))


def test_it_is_tried_once_for_the_same_settings_and_without_outputs_of_a_books_file(monkeypatch):
    tried = []
    monkeypatch.setattr(trial, "publish_edition", lambda out, store, content: tried.append(content.settings.outputs))
    trial._try.cache_clear()
    for kinds in (("m4b", "readalong", "manifest"), ("manifest", "m4b"), ("mp3", "manifest")):
        try_ffmpeg(PACKAGE.model_copy(update={"outputs": kinds}))
    trial._try.cache_clear()
    assert tried == [("m4b", "manifest"), ("mp3", "manifest")]


@pytest.mark.parametrize("error", [TalepressError, OSError])
def test_what_went_wrong_is_told_without_the_trials_own_folder(monkeypatch, error):
    def fail(out, store, content):
        raise error(f"{out}/Trial.m4b is odd")

    monkeypatch.setattr(trial, "publish_edition", fail)
    trial._try.cache_clear()
    with pytest.raises(BadInputError, match=r"package.ffmpeg: a trial of .*, failed: out/Trial\.m4b is odd$"):
        try_ffmpeg(PACKAGE)
    trial._try.cache_clear()


def test_a_setting_that_is_wrong_is_told_as_such(monkeypatch):
    def fail(out, store, content):
        raise BadInputError("no such thing")

    monkeypatch.setattr(trial, "publish_edition", fail)
    trial._try.cache_clear()
    with pytest.raises(BadInputError, match=r"^no such thing$"):
        try_ffmpeg(PACKAGE)
    trial._try.cache_clear()
