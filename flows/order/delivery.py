"""Says of an edition which of its files meet the technical numbers of the shop that they are made for.

Knows nothing of what is measured.
"""

from __future__ import annotations

from pathlib import Path

from configs.publish_profiles import profile_kinds, publish_profile
from configs.settings import PackageSettings
from storage.records import Edition
from tasks.delivery.check import check_files
from tasks.delivery.rules import Delivery


def check_edition(edition: Edition, settings: PackageSettings) -> tuple[Delivery, ...]:
    """Checks the files of an edition that are made for a shop. It decodes them all. Raises as `check_files`."""
    found: list[Delivery] = []
    for kind in dict.fromkeys(file.kind for file in edition.files):
        shop = publish_profile(kind, settings).shop if kind in profile_kinds() else ""
        if shop:
            paths = [Path(file.path) for file in edition.files if file.kind == kind]
            found += check_files(paths, shop, settings.ffmpeg)
    return tuple(found)
