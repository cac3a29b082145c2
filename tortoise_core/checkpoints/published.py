"""Owns the import of the published checkpoint files (spec 1): the network in each file, and the tensors to drop.

These tensors are dropped, all others must fit exactly:
* autoregressive.pth: causal masks `gpt.h.N.attn.bias` and `.masked_bias`, left over from an older library (spec 3.1);
* vocoder.pth: a whole training checkpoint, of which `model_g` is the generator (spec 3.5).

Files are untrusted: read with `weights_only`, refused where compressed (a small file must not unpack to a huge one).
Must not know how the networks work.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from tortoise_core.checkpoints.manifest import (
    ModelManifest,
    NetworkEntry,
    read_manifest,
    write_manifest,
    write_network,
)
from tortoise_core.checkpoints.registry import RandomLatentConfig
from tortoise_core.checkpoints.staging import staged_folder
from tortoise_core.errors import CheckpointError
from tortoise_core.models.autoregressive import AutoregressiveConfig
from tortoise_core.models.classifier import ClassifierConfig
from tortoise_core.models.clvp import ClvpConfig
from tortoise_core.models.cvvp import CvvpConfig
from tortoise_core.models.diffusion_decoder import DiffusionDecoderConfig
from tortoise_core.models.dvae import DiscreteVAEConfig
from tortoise_core.models.hifi_decoder import HifiDecoderConfig
from tortoise_core.models.univnet import UnivNetConfig

DEFAULT_REPO = "Manmay/tortoise-tts"
MODEL_NAME = "tortoise_v2"


@dataclass(frozen=True)
class PublishedFile:
    """One published file and the network in it."""

    file: str
    role: str
    config: object
    required: bool = True  # without it nothing can be spoken
    inside: str | None = None  # top-level entry that holds the network's tensors
    dropped: str | None = None  # pattern of the whole names of tensors to drop


PUBLISHED_FILES = (
    PublishedFile(
        "autoregressive.pth",
        "autoregressive",
        AutoregressiveConfig(),
        dropped=r"gpt\.h\.\d+\.attn\.(bias|masked_bias)",
    ),
    PublishedFile("clvp2.pth", "clvp", ClvpConfig()),
    PublishedFile("diffusion_decoder.pth", "diffusion", DiffusionDecoderConfig()),
    PublishedFile("vocoder.pth", "vocoder", UnivNetConfig(), inside="model_g"),
    PublishedFile("rlg_auto.pth", "rlg_auto", RandomLatentConfig(1024), required=False),
    PublishedFile("rlg_diffuser.pth", "rlg_diffuser", RandomLatentConfig(2048), required=False),
    PublishedFile("cvvp.pth", "cvvp", CvvpConfig(), required=False),
    PublishedFile("classifier.pth", "classifier", ClassifierConfig(), required=False),
    PublishedFile("hifidecoder.pth", "hifi_decoder", HifiDecoderConfig(), required=False),
    PublishedFile("dvae.pth", "dvae", DiscreteVAEConfig(), required=False),
)


def import_published(
    directory: Path, out: Path, files: Sequence[PublishedFile] = PUBLISHED_FILES, name: str = MODEL_NAME
) -> ModelManifest:
    """Converts a folder of published `.pth` files to a model folder, completely or not at all.

    Optional files may be missing.
    Raises `CheckpointError` naming file and tensor for a missing, truncated or foreign file, and where `out` exists.
    """
    if not directory.is_dir():
        raise CheckpointError(f"there is no folder {directory} to import from: check the name")
    missing = [item.file for item in files if item.required and not (directory / item.file).is_file()]
    if missing:
        raise CheckpointError(
            f"{directory} lacks {', '.join(missing)}: put the published files there under these names"
        )
    with staged_folder(out) as staging:
        entries: dict[str, NetworkEntry] = {}
        for item in files:
            path = directory / item.file
            if path.is_file():
                entries[item.role] = _import_file(path, item, staging)
        write_manifest(staging, name, entries)
    return read_manifest(out)


def pull(
    out: Path, repo: str = DEFAULT_REPO, fetch: Callable[[str, Iterable[str]], Path] | None = None
) -> ModelManifest:
    """Fetches the published files from the model hub and imports them; `fetch` (repo, file names) returns their folder.

    Raises `CheckpointError` where the hub cannot be reached, and as `import_published`.
    """
    if out.exists():  # before gigabytes are fetched for nothing
        raise CheckpointError(f"{out} exists already: remove it or choose another folder")
    return import_published((fetch or fetch_from_hub)(repo, [item.file for item in PUBLISHED_FILES]), out)


def fetch_from_hub(repo: str, names: Iterable[str]) -> Path:
    """Fetches files of a hub repository that are not in the local cache, and returns their folder.

    Raises `CheckpointError` where the hub or the repository cannot be reached.
    """
    from huggingface_hub import snapshot_download  # here: slow to import, and needed by this command alone

    try:
        return Path(snapshot_download(repo, allow_patterns=list(names)))
    except (OSError, ValueError) as error:  # the hub's own errors are among these
        reason = str(error).partition("\n")[0]
        raise CheckpointError(
            f"cannot fetch {repo} from the model hub ({reason}); "
            "fetch the .pth files elsewhere and use `talepress model import DIR`"
        ) from error


def _import_file(path: Path, item: PublishedFile, out: Path) -> NetworkEntry:
    """Writes the network of one published file to `out`."""
    tensors = read_pickled_tensors(path, item.inside)
    if item.dropped:
        tensors = {key: value for key, value in tensors.items() if not re.fullmatch(item.dropped, key)}
    try:
        return write_network(out, item.role, item.config, tensors)
    except CheckpointError as error:
        raise CheckpointError(f"{path} is not the published {item.file}: {error}") from error


def read_pickled_tensors(path: Path, inside: str | None = None) -> dict[str, torch.Tensor]:
    """Reads the tensors of a `.pth` file, or of its top-level entry `inside`; nothing but tensors is ever unpickled.

    Raises `CheckpointError` naming the file, and the entry that is not a tensor.
    """
    try:
        content = _unpickle(path)
    except CheckpointError:
        raise
    except Exception as error:  # a damaged file can make the readers below raise anything
        reason = str(error).strip().partition("\n")[0].partition(". ")[0] or "it ends too early"
        raise CheckpointError(
            f"{path} is truncated or not a PyTorch weights file ({reason}); fetch it again"
        ) from error
    if inside is not None:
        if not isinstance(content, Mapping) or inside not in content:
            raise CheckpointError(f"{path} has no entry {inside!r}: it is another file; fetch the published one")
        content = content[inside]
    if not isinstance(content, Mapping):
        raise CheckpointError(
            f"{path} holds a {type(content).__name__}, not named tensors: it is another file; fetch the published one"
        )
    for key, value in content.items():
        plain = isinstance(value, torch.Tensor) and value.layout == torch.strided and not value.is_quantized
        if not isinstance(key, str) or not plain:
            raise CheckpointError(
                f"{path}: {key!r} is not a plain named tensor ({type(value).__name__}): it is another file"
            )
    return dict(content)


def _unpickle(path: Path) -> object:
    """Reads a `.pth` file of tensors; refuses compressed archives."""
    zipped = zipfile.is_zipfile(path)
    if zipped:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.compress_type != zipfile.ZIP_STORED:
                    raise CheckpointError(
                        f"{path}: {entry.filename} is compressed, as PyTorch never writes it: fetch the file again"
                    )
    return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
