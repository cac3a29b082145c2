"""Processes of PID namespaces of their own, as in a container. Knows nothing of what they do."""

import shutil
import subprocess

COMMAND = ("unshare", "--pid", "--fork")
OWN_PROC = "--mount-proc"


def can_contain(*options: str) -> bool:
    """Tells whether this machine has such processes: it takes the program, the right, and a root that is mounted."""
    if shutil.which(COMMAND[0]) is None:
        return False
    return subprocess.run([*COMMAND, *options, "true"], capture_output=True, check=False).returncode == 0
