"""What one short sentence costs from a cold start, in CPU seconds, and how soon a stream can be heard.

`python -m tests.bench.start` prints both. Each try is a process of its own; what it prints is `_try`'s JSON. CPU
seconds, because a start waits for nothing: other programs on the machine change them little.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPEATS = 5
PYTORCH = "PyTorch, imported"  # the step whose cost is not ours
SENTENCE = "The lamp was lit, and the door stood open."
PARAGRAPH = (
    "The lamp was lit, and the door stood open. Nobody had come up the stairs since the bells had rung, and the "
    "old man, who had listened for a step all evening, put down his book and went to look at the rain."
)


def costs(repeats: int = REPEATS) -> dict[str, dict[str, float]]:
    """Medians over fresh processes: CPU seconds of each step of `talepress say`, and seconds to the first audio."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "TALEPRESS_HOME": home, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "tests.bench.start", "--try"]
        tries = [
            json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
            for _ in range(repeats)
        ]
    return {
        kind: {name: statistics.median(one[kind][name] for one in tries) for name in tries[0][kind]}
        for kind in tries[0]
    }


def _try() -> dict[str, dict[str, float]]:
    """Does in this process what `talepress say` does, step by step, and then streams."""
    steps: dict[str, float] = {}

    def done(name: str) -> None:
        steps[name] = time.process_time() - sum(steps.values())

    done("Python")
    from flows.cli import entry

    entry.collect_rarely()
    importlib.import_module("flows.cli.main")
    done("the command line")
    from flows.actions.say import plan_speech, speak_lines
    from flows.actions.stream import plan_stream, stream_text
    from flows.services import Services, read_settings

    done("settings and the rules for text, imported")
    importlib.import_module("torch")
    done(PYTORCH)
    services = Services(read_settings())
    with tempfile.TemporaryDirectory() as folder:
        plan = plan_speech(SENTENCE, None, Path(folder) / "line.wav")
        services.reader()
        done("the voice, and the model's description")
        importlib.import_module("tortoise_core.inference.engine")
        done("networks, imported")
        _ = services.engine
        done("weights")
        speak_lines(services, plan, lambda _: None, seed=0, candidates=None, force=False)
        done("the text and speaking")
        streams = {
            "a sentence": plan_stream(services, SENTENCE, seed=0, candidates=None, force=False),
            "a paragraph": plan_stream(services, PARAGRAPH, seed=0, candidates=None, force=False),
        }
        with Path(os.devnull).open("wb") as sink:
            first = {name: stream_text(services, planned, sink).first_audio_s for name, planned in streams.items()}
    return {"cpu_s": steps, "first_audio_s": first}


if __name__ == "__main__":
    if sys.argv[1:] == ["--try"]:
        print(json.dumps(_try()))
    else:
        print(json.dumps(costs(), indent=1))
