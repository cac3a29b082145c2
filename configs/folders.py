"""Says where Talepress keeps what it remembers, where nobody chose a place. Must not know settings."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def default_data_folder() -> Path:
    """Returns TALEPRESS_HOME, or the platform's folder for user data."""
    if home := os.environ.get("TALEPRESS_HOME"):
        return Path(home).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "talepress"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "talepress"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "talepress"
