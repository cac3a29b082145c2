"""A teacher that costs nothing, for the corpus and the training."""

import stat
import sys

import pytest

TEACHER = """#!{python}
import sys, struct, wave
args = sys.argv[1:]
text, out = args[args.index("-t") + 1], args[args.index("-o") + 1]
n = 16000 * (len(text) + 8) // 20
with wave.open(out, "wb") as f:
    f.setnchannels(1); f.setsampwidth(2); f.setframerate(16000)
    f.writeframes(struct.pack("<%dh" % n, *[(i * 37) % 2000 for i in range(n)]))
end = n / 16000
print("pau:0.150 n:%.3f ow:%.3f pau:%.3f" % (end / 2, end - 0.2, end))
"""


@pytest.fixture
def teacher(tmp_path, monkeypatch):
    """A program with flite's command line that writes a saw-tooth: the corpus must not care who speaks."""
    program = tmp_path / "bin" / "flite"
    program.parent.mkdir()
    program.write_text(TEACHER.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent))
