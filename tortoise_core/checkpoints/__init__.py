"""Owns weights on disk: model folders (manifest and safetensors), import of the published files, digests.

Must not know how the networks are used.
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
