"""Measures files of one book, several at a time, and holds them to a shop's numbers. Must not know who made them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tasks.delivery.measure import Measured, measure_file
from tasks.delivery.pauses import known_pauses
from tasks.delivery.rules import Delivery, judge


def check_files(paths: Sequence[Path], shop: str, ffmpeg: str = "") -> tuple[Delivery, ...]:
    """Measures files of one book, as many at a time as there are processors, and judges them.

    Raises `BadInputError` for a shop that is not known and for what is no audio file.
    """
    judge((), shop)  # refuses an unknown shop before anything is decoded

    def measure(path: Path) -> Measured:
        return measure_file(path, known_pauses(path.absolute()), ffmpeg=ffmpeg)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return judge(tuple(pool.map(measure, paths)), shop)
