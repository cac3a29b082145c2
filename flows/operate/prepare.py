"""What `talepress up` does before workers start: deploys, and sweeps what the last one has left.

`python -m flows.operate.prepare DEVICES`, with `PREFECT_API_URL` set: a process of its own, whose memory is given back.
DEVICES is that of `deploy`.
Must not start anything.
"""

from __future__ import annotations

import logging
import sys

from flows.operate.deploy import deploy
from flows.operate.drain import paused_pools
from flows.operate.form import choices_of
from flows.operate.sweep import sweep
from flows.services import open_services, read_settings


def prepare(devices: int) -> None:
    """Deploys for so many devices, and sweeps. Prints lines for a person."""
    with open_services(read_settings()) as services:
        deploy(devices, choices_of(services))
        print(f"left by the last one: {sweep(services).sentence()}")
    if paused := paused_pools():
        print(f"paused: {', '.join(paused)}; `talepress drain --resume` lets runs begin again")


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    prepare(int(sys.argv[1]))
