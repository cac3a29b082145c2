"""Opens the place of an artifact store by its URL, whatever its kind. Knows nothing of what is kept there."""

from __future__ import annotations

import re

import fsspec.core
from fsspec import AbstractFileSystem

from storage.errors import StoreUnavailableError

_EXTRAS = ("s3",)  # kinds of places that are an extra of this project
# Of the place itself where there is one with its end, else of all that may belong to it: it should not be shown.
_PASSWORD = re.compile(r"(?<=://)([^/:@]*):(?:[^/]*|.*)@")


def shown(url: str) -> str:
    """Returns what messages call a place: its URL without a password, a path as it is."""
    return _PASSWORD.sub(r"\1:***@", url)


def connect(url: str) -> tuple[AbstractFileSystem, str]:
    """Returns the file system of a URL, and the store's path there. Raises `StoreUnavailableError`."""
    try:
        # Without a cache of listings: it would not know what other processes write.
        file_system, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
    except ImportError as error:
        kind = url.partition("://")[0]
        remedy = f"pip install 'talepress[{kind}]'" if kind in _EXTRAS else "install it"
        raise StoreUnavailableError(
            f"the artifact store {shown(url)} cannot be opened, a package is missing ({error}): `{remedy}`, or correct "
            "storage.artifacts_url"
        ) from error
    except (ValueError, OSError) as error:
        raise StoreUnavailableError(
            f"the artifact store {shown(url)} cannot be opened ({shown(str(error))}): correct storage.artifacts_url"
        ) from error
    return file_system, str(root)
