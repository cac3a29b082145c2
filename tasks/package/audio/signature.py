"""Signs finished audio files with what they are: made by a machine (C2PA, "content credentials"). Needs the extra c2pa.

A signature covers every byte of a file, so it comes last; it holds a time, so that no two of the same audio are alike.
Must not know what a file says or holds.
"""

from __future__ import annotations

import hashlib
import json
import struct
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from configs.settings import PackageSettings, SignatureSettings
from tasks.disk import publish
from tasks.errors import BadInputError, TalepressError

MEDIA_TYPES = {".m4b": "audio/mp4", ".mp3": "audio/mpeg", ".wav": "audio/wav"}
# IPTC's name for what a trained model has made, as C2PA's actions cite it.
MADE_BY_MODEL = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_CHUNK = b"C2PA"  # in which a WAV file has its signature
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_SET = "package.signature"


def require_signing(settings: PackageSettings) -> None:
    """Raises `BadInputError` where files are to be signed and the library, the certificate or the key is not there."""
    if settings.signature.certificate:
        if find_spec("c2pa") is None:
            raise BadInputError(
                f"{_SET}.certificate is set, but the library that signs is not installed: "
                "pip install 'talepress[c2pa]', or leave the setting empty"
            )
        _signer(settings.signature).close()


def signature_mark(settings: PackageSettings) -> str:
    """Returns the sha256 of the certificate that signs files; "" where none does. Raises `BadInputError`."""
    certificate = settings.signature.certificate
    return hashlib.sha256(_read(certificate, "certificate")).hexdigest() if certificate else ""


def sign(path: Path, settings: PackageSettings) -> None:
    """Signs a file in place, where a certificate is set and files of its format can be signed.

    Raises `BadInputError` as `require_signing`, `TalepressError` where the signed file does not read back as meant.
    """
    media_type = MEDIA_TYPES.get(path.suffix, "")
    if not settings.signature.certificate or not media_type:
        return
    import c2pa

    partial = path.with_name(f"{path.name}.partial")
    try:
        with (
            _signer(settings.signature) as signer,
            c2pa.Builder(json.dumps(_claim(path.name))) as builder,
            path.open("rb") as source,
            partial.open("w+b") as target,
        ):
            builder.sign(signer, media_type, source, target)
        if signed_source(partial, media_type) != MADE_BY_MODEL:
            raise TalepressError(
                f"{path}: its signature does not read back as it was written; run the same command again"
            )
        publish(partial, path)
    except c2pa.C2paError as error:
        raise TalepressError(f"{path} could not be signed with {settings.signature.certificate}: {error}") from error
    finally:
        partial.unlink(missing_ok=True)


def signed_source(path: Path, media_type: str) -> str:
    """Returns what a file's valid signature says that it comes from; "" where there is none that holds.

    Whether somebody trusts the certificate is not asked.
    """
    import c2pa

    try:
        with path.open("rb") as file, c2pa.Reader(media_type, file) as reader:
            if reader.get_validation_state() not in ("Valid", "Trusted"):
                return ""
            store = json.loads(reader.json())
    except c2pa.C2paError:
        return ""
    assertions = store["manifests"][store["active_manifest"]]["assertions"]
    actions = [action for one in assertions for action in one["data"].get("actions", ())]
    return next((action["digitalSourceType"] for action in actions if action["action"] == "c2pa.created"), "")


def copy_unsigned_wav(source: Path, target: Path) -> None:
    """Copies a WAV file without the signature that it may have, which other tags would break."""
    with source.open("rb") as old, target.open("wb") as new:
        new.write(old.read(12))
        while header := old.read(8):
            size = struct.unpack("<I", header[4:])[0]
            padded = size + size % 2
            if header[:4] == _CHUNK:
                old.seek(padded, 1)
                continue
            new.write(header)
            _copy(old, new, padded)
        length = new.tell() - 8
        new.seek(4)
        new.write(struct.pack("<I", length))


def _copy(source: BinaryIO, target: BinaryIO, length: int) -> None:
    while block := source.read(min(length, 1 << 20)):
        target.write(block)
        length -= len(block)


def _claim(name: str) -> dict[str, Any]:
    """Says of a file that a model has made it, with which program."""
    program = {"name": "Talepress", "version": metadata.version("talepress")}
    created = {"action": "c2pa.created", "digitalSourceType": MADE_BY_MODEL, "softwareAgent": program}
    return {
        "claim_generator_info": [program],
        "title": name,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }


def _signer(settings: SignatureSettings) -> Any:
    """Opens what signs. Raises `BadInputError` for a certificate and a key that cannot be used."""
    import c2pa

    chain = _read(settings.certificate, "certificate")
    if not settings.key:
        raise BadInputError(
            f"{_SET}.certificate is set without a key: set {_SET}.key, or TALEPRESS_PACKAGE__SIGNATURE__KEY"
        )
    key = _read(settings.key, "key")
    try:
        info = c2pa.C2paSignerInfo(alg=_algorithm(chain, key), sign_cert=chain, private_key=key, ta_url=None)
        return c2pa.Signer.from_info(info)
    except (c2pa.C2paError, ValueError, TypeError) as error:
        raise BadInputError(
            f"{_SET}: {settings.certificate} and {settings.key} cannot sign ({error}): a chain of certificates and its "
            "private key without a password are wanted, both as PEM"
        ) from error


def _algorithm(chain: bytes, private_key: bytes) -> str:
    """Returns the algorithm that goes with a certificate's key, as C2PA calls it.

    Raises `ValueError` for a key that is another certificate's or of another kind, `TypeError` for one with a password.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    public = x509.load_pem_x509_certificate(chain).public_key()
    if load_pem_private_key(private_key, None).public_key() != public:
        raise ValueError("the key is not that of the first certificate")
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in _CURVES:
        return _CURVES[public.curve.name]
    if isinstance(public, ed25519.Ed25519PublicKey):
        return "ed25519"
    if isinstance(public, rsa.RSAPublicKey):
        return "ps256"
    raise ValueError("its kind of key is none that C2PA knows")


def _read(path: str, what: str) -> bytes:
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as error:
        raise BadInputError(f"{_SET}.{what} names {path}, which cannot be read: {error.strerror}") from error
