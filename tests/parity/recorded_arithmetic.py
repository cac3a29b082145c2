"""Owns the one float32 function whose rounding depends on the processor and that the recordings show: MKL's exp.

On newer Intel processors MKL rounds about one in sixty of its results to the other neighbour than on the machine of the
recordings. The diffusion network multiplies such results by timesteps up to 3,999, so that a frequency's last bit
becomes a phase of 1e-4. Knows nothing of goldens.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys

import torch

_PROGRAM = """
import json, sys
from tortoise_core.models.diffusion_decoder import timestep_frequencies
print(json.dumps(timestep_frequencies(int(sys.argv[1])).tolist()))
"""


@functools.cache
def recorded_frequencies(count: int) -> torch.Tensor:
    """Computes `timestep_frequencies(count)` in a process in which MKL takes the same path on every processor."""
    path = os.pathsep.join(sys.path)
    environment = {**os.environ, "MKL_CBWR": "COMPATIBLE", "PYTHONPATH": path}
    command = [sys.executable, "-c", _PROGRAM, str(count)]
    printed = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    return torch.tensor(json.loads(printed))
