"""Weights on disk: model folders (manifest + safetensors), import of the published files, digests.

Knows nothing of what networks compute.
"""

from tortoise_core.checkpoints.manifest import (
    ModelManifest,
    NetworkEntry,
    read_manifest,
    verify,
    write_manifest,
    write_network,
)
from tortoise_core.checkpoints.published import import_published, pull

__all__ = [
    "ModelManifest",
    "NetworkEntry",
    "import_published",
    "pull",
    "read_manifest",
    "verify",
    "write_manifest",
    "write_network",
]
