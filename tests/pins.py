"""`make pins`: do the pins of constraints.txt resolve on every supported Python, and is all that is installed pinned?

Asks the package index, so it is no part of the suite. Must not install anything.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
SOURCES_ONLY = ("docopt", "srt")  # of num2words, and of tests: pure Python, and there is no wheel of them
COMPILED = ("pocketsphinx",)  # by who wants the extra `align` on 3.12 or 3.14, for which it has no wheels
_PIN = re.compile(r"(?m)^([\w.-]+)==(\S+)")


def supported() -> list[str]:
    """The versions of Python that the project says it runs on, as "3.11"."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = SpecifierSet(project["requires-python"])
    return [f"3.{minor}" for minor in range(100) if asked.contains(f"3.{minor}")]


def pins(text: str) -> dict[str, str]:
    """The versions in lines such as `name==1.0`, by canonical name."""
    return {canonicalize_name(name): version for name, version in _PIN.findall(text)}


def resolve(python: str) -> str:
    """Lets uv choose the packages of all extras under the constraints. Raises `SystemExit` where there is no choice."""
    command = ["uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--python-version", python]
    command += ["--only-binary", ":all:", *(f"--no-binary={name}" for name in (*SOURCES_ONLY, *COMPILED))]
    command += ["--constraints", "constraints.txt", "--all-extras", "pyproject.toml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"Python {python}: the pins do not resolve\n{done.stderr}")
    return done.stdout


def main() -> int:
    """Resolves for each version. Returns the exit status."""
    if shutil.which("uv") is None:
        print("Nothing was checked: uv is not installed (pip install uv)")
        return 0
    pinned = pins((ROOT / "constraints.txt").read_text("utf-8"))
    loose = {}
    for python in supported():
        chosen = pins(resolve(python))
        found = sorted(f"{name}=={version}" for name, version in chosen.items() if pinned.get(name) != version)
        print(f"Python {python}: {len(chosen)} packages, not pinned: {', '.join(found) or 'none'}", flush=True)
        loose[python] = found
    return int(any(loose.values()))


if __name__ == "__main__":
    sys.exit(main())
