"""The console script: answers signals from its first moment, then runs the command.

Must not import anything heavy: what is imported before signals are answered is where Ctrl-C shows a traceback.
"""

from __future__ import annotations

import gc
import sys

from tasks import stopping

_YOUNG_OBJECTS = 20_000  # that Python lets gather before it looks for garbage among them; its own number is 700


def collect_rarely() -> None:
    """Has Python look for garbage less often.

    Imports make a million objects that stay: looking through them again and again takes a tenth of a command's start.
    """
    gc.set_threshold(_YOUNG_OBJECTS)


def main() -> None:
    """Runs `talepress`. Exit code 130 when the user stopped it, otherwise those of `flows.cli.main`."""
    stopping.heed_signals()
    collect_rarely()
    try:
        from flows.cli.main import main as run

        run()
    except stopping.Stopped as stopped:
        stopping.say(str(stopped))
        sys.exit(stopping.EXIT_CODE)
    finally:
        stopping.wind_up()
        gc.freeze()  # or Python looks through all objects once more as it ends: a tenth of a short command


if __name__ == "__main__":  # by `flows/run/tied.py`
    main()
