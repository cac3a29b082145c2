"""Makes file names of titles. Titles come from strangers: no name may leave its folder or trouble a file system.

It must not know what lies in a folder already.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import PurePath

from tasks.errors import BadInputError

MAX_NAME_BYTES = 150  # room for suffixes under the usual limit of 255
NAME_FIELDS = ("author", "series", "title", "voice", "chapters", "language")
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")  # names of devices on Windows
_FIELD = re.compile(r"\{(\w*)\}")
_BRACKETS = re.compile(r"\([^()]*\)")


def safe_name(title: str, max_bytes: int = MAX_NAME_BYTES) -> str:
    """Makes a file name, without suffix, that every common file system takes; "book" if nothing of the title is left.

    It has at most `max_bytes` bytes in UTF-8, or one more where a Windows device has that name.
    """
    printable = "".join(
        char for char in unicodedata.normalize("NFC", title) if unicodedata.category(char) not in ("Cf", "Cs")
    )
    name = re.sub(r"\s+", " ", _FORBIDDEN.sub(" ", printable)).strip(" .-")
    name = name.encode()[:max_bytes].decode(errors="ignore").rstrip(" .-")
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    return name or "book"


def with_reason(name: str, reason: str) -> str:
    """Puts a reason in round brackets behind a safe name, which is cut where both together are too long."""
    if not reason:
        return name
    reason = f" ({safe_name(reason, MAX_NAME_BYTES // 2)})"
    return safe_name(name, MAX_NAME_BYTES - len(reason.encode())) + reason


def check_template(template: str) -> None:
    """Raises `BadInputError` for a template of names (`package.name`) that cannot be used."""
    unknown = [name for name in _FIELD.findall(template) if name not in NAME_FIELDS]
    if unknown or set(_FIELD.sub("", template)) & set("{}"):
        named = f"{{{unknown[0]}}} is unknown" if unknown else "there is a brace without its other half"
        fields = ", ".join(f"{{{name}}}" for name in NAME_FIELDS)
        raise BadInputError(f"package.name = {template!r}: {named}; what can stand in it is {fields}")
    if "{title}" not in template:
        raise BadInputError(f"package.name = {template!r}: books would get one name; put {{title}} into it")


def fill_template(template: str, fields: Mapping[str, str]) -> PurePath:
    """Makes a relative path of a template such as `{author}/{title} (read by {voice})`.

    Round brackets around a field that is empty are left out with all that is in them, and so is a folder of which
    nothing is left. What a field holds makes no folders.
    """
    kept = _BRACKETS.sub(
        lambda found: found[0] if all(fields[name] for name in _FIELD.findall(found[0])) else "", template
    )
    *folders, name = kept.split("/")
    filled = [_filled(part, fields) for part in folders]
    names = [safe_name(part) for part in filled if part.strip(" .-/\\")]
    too_long = len(_filled(name, fields).encode(errors="replace")) - MAX_NAME_BYTES
    if too_long > 0:  # it is the title that is cut, not what comes after it
        title = fields["title"].encode(errors="replace")
        fields = {**fields, "title": title[: max(len(title) - too_long, 1)].decode(errors="ignore")}
    return PurePath(*names, safe_name(_filled(name, fields)))


def _filled(part: str, fields: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda found: fields[found[1]], part)
