"""Makes file names of titles. Titles come from strangers: no name may leave its folder or trouble a file system.

It must not know what lies in a folder already.
"""

from __future__ import annotations

import re
import unicodedata

MAX_NAME_BYTES = 150  # room for suffixes under the usual limit of 255
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")  # names of devices on Windows


def safe_name(title: str) -> str:
    """Makes a file name, without suffix, that every common file system takes; "book" if nothing of the title is left.

    It has at most `MAX_NAME_BYTES` bytes in UTF-8, or one more where a Windows device has that name.
    """
    printable = "".join(
        char for char in unicodedata.normalize("NFC", title) if unicodedata.category(char) not in ("Cf", "Cs")
    )
    name = re.sub(r"\s+", " ", _FORBIDDEN.sub(" ", printable)).strip(" .-")
    name = name.encode()[:MAX_NAME_BYTES].decode(errors="ignore").rstrip(" .-")
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    return name or "book"
