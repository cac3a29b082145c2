"""Our networks at the published sizes have the published tensors: same keys, same shapes, same types (spec 11.1).

The listings in `published_keys/` are facts about the published files: key, shape, type. Knows no weights.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tortoise_core.checkpoints.published import PUBLISHED_FILES, PublishedFile
from tortoise_core.checkpoints.registry import network_type, type_name

LISTINGS = Path(__file__).parent / "published_keys"


def listed(item: PublishedFile) -> dict[str, tuple[str, str]]:
    """Shape (`axbxc`, `scalar`) and type of each tensor of a published file that is the network's own."""
    prefix = f"{item.inside}." if item.inside else ""
    lines = (LISTINGS / item.file).with_suffix(".tsv").read_text("ascii").splitlines()
    rows = [line.split("\t") for line in lines if line.startswith(prefix)]
    return {key.removeprefix(prefix): (shape, kind) for key, shape, kind in rows}


def test_every_published_file_has_its_listing():
    assert {path.stem for path in LISTINGS.iterdir()} == {Path(item.file).stem for item in PUBLISHED_FILES}


@pytest.mark.parametrize("item", PUBLISHED_FILES, ids=lambda item: item.role)
def test_a_network_of_published_size_has_the_published_tensors(item):
    with torch.device("meta"):
        state = network_type(type_name(item.config)).build(item.config).state_dict()
    ours = {
        key: ("x".join(map(str, value.shape)) or "scalar", str(value.dtype).removeprefix("torch."))
        for key, value in state.items()
    }
    assert ours == listed(item)
