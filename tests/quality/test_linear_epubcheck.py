"""The linear epubcheck finds what the original finds, doubled ids above all."""

import re
import shutil

import pytest

from tasks.package.readalong.check import judged
from tests.quality.linear_epubcheck import write_jar
from tests.tasks.package.readalong.spoken import made
from tests.tasks.package.readalong.test_build import SAMPLE, SHORT_LIVED, rewritten

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("java") is None, reason="needs Java")]
ID = re.compile(rb' id="([^"]*)"')
SPOILT = {"/chapter-2.xhtml": 'Duplicate ID "', "/text-002.smil": 'Duplicate "'}  # with what each one's rule says


def doubled(data):
    """A file in which the second id is the first one as well."""
    first, second = ID.findall(data)[:2]
    return data.replace(b' id="%s"' % second, b' id="%s"' % first, 1)


def test_it_finds_what_the_original_finds(tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", SHORT_LIVED)
    sound = tmp_path / "sound.m4a"
    sound.write_bytes(b"\0" * 64)
    made(SAMPLE, sound, "word")[0].write(tmp_path / "made.epub")

    def spoil(name, data):
        return doubled(data) if name.endswith(tuple(SPOILT)) else data

    book = rewritten(tmp_path / "made.epub", tmp_path / "spoilt.epub", spoil)
    found = judged(book, write_jar(tmp_path))
    assert found == judged(book)
    assert [words for words in SPOILT.values() if not any(words in line for line in found)] == [], found
