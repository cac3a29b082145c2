"""The console script: answers signals from its first moment, then runs the command.

Must not import anything heavy: what is imported before signals are answered is where Ctrl-C shows a traceback.
"""

from __future__ import annotations

import sys

from tasks import stopping


def main() -> None:
    """Runs `talepress`. Exit code 130 when the user stopped it, otherwise those of `flows.cli.main`."""
    stopping.heed_signals()
    try:
        from flows.cli.main import main as run

        run()
    except stopping.Stopped as stopped:
        stopping.say(str(stopped))
        sys.exit(stopping.EXIT_CODE)
    finally:
        stopping.wind_up()


if __name__ == "__main__":  # by `flows/run/tied.py`
    main()
