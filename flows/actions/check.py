"""`talepress check`: measures audio files and holds them to a shop's numbers. Knows nothing of how that is shown."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from configs.publish_profiles import profile_kinds, publish_profile
from configs.settings import PackageSettings
from storage.records import Edition
from tasks.delivery.measure import Measured, measure_file
from tasks.delivery.pauses import known_pauses
from tasks.delivery.rules import Delivery, judge


def check_edition(edition: Edition, settings: PackageSettings) -> tuple[Delivery, ...]:
    """Checks the files of an edition that are made for a shop. Raises as `check_files`."""
    found: list[Delivery] = []
    for kind in dict.fromkeys(file.kind for file in edition.files):
        shop = publish_profile(kind, settings).shop if kind in profile_kinds() else ""
        if shop:
            paths = [Path(file.path) for file in edition.files if file.kind == kind]
            found += check_files(paths, shop, settings.ffmpeg)
    return tuple(found)


def check_files(paths: Sequence[Path], shop: str, ffmpeg: str = "") -> tuple[Delivery, ...]:
    """Measures files of one book, as many at a time as there are processors, and judges them.

    Raises `BadInputError` for a shop that is not known and for what is no audio file.
    """
    judge((), shop)  # refuses an unknown shop before anything is decoded

    def measure(path: Path) -> Measured:
        return measure_file(path, known_pauses(path.absolute()), ffmpeg=ffmpeg)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return judge(tuple(pool.map(measure, paths)), shop)
