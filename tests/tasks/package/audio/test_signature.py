"""Audio files are signed as made by a machine where a certificate is set; one that cannot sign is refused in words."""

import datetime
import hashlib
import json
import struct
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from mutagen.id3 import ID3

from configs.settings import SignatureSettings
from tasks.errors import BadInputError, TalepressError
from tasks.package.audio import signature
from tasks.package.audio.signature import (
    MADE_BY_MODEL,
    MEDIA_TYPES,
    copy_unsigned_wav,
    require_signing,
    signature_mark,
    signed_source,
)
from tasks.package.edition import edition_key, publish_edition
from tests.tasks.package.conftest import PACKAGE, asking, files_of

KINDS = {"m4b": ".m4b", "mp3": ".mp3", "wav": ".wav"}
PEM = serialization.Encoding.PEM


def certificate(subject, key, signer, *, issues):
    """A certificate as C2PA wants them, for a test: the leaf signs e-mail and no others' certificates."""
    no = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
         "decipher_only"), False,
    )  # fmt: skip
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, subject)])
    issuer = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "A root for tests")])
    usage = x509.KeyUsage(digital_signature=not issues, key_cert_sign=issues, crl_sign=issues, **no)
    built = (
        x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2060, 1, 1))
        .add_extension(x509.BasicConstraints(ca=issues, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if not issues:
        built = built.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    return built.sign(signer, hashes.SHA256()).public_bytes(PEM)


def written_key(path, key):
    path.write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return str(path)


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    """The settings of somebody who signs."""
    folder = tmp_path_factory.mktemp("papers")
    root = ec.generate_private_key(ec.SECP256R1())
    leaf = ec.generate_private_key(ec.SECP256R1())
    chain = certificate("A publisher", leaf, root, issues=False)
    chain += certificate("A root for tests", root, root, issues=True)
    (folder / "chain.pem").write_bytes(chain)
    return SignatureSettings(certificate=str(folder / "chain.pem"), key=written_key(folder / "key.pem", leaf))


def signing(settings, papers, **changes):
    return settings.model_copy(update={"signature": papers.model_copy(update=changes)})


def test_nothing_is_signed_or_asked_for_by_default(tmp_path):
    require_signing(PACKAGE)
    assert signature_mark(PACKAGE) == ""
    (tmp_path / "a.mp3").write_bytes(b"audio")
    signature.sign(tmp_path / "a.mp3", PACKAGE)
    assert (tmp_path / "a.mp3").read_bytes() == b"audio"


def test_without_the_library_it_says_what_to_install(papers, monkeypatch):
    monkeypatch.setattr(signature, "find_spec", lambda name: None)
    with pytest.raises(BadInputError, match=r"is not installed: pip install 'talepress\[c2pa\]', or leave"):
        require_signing(signing(PACKAGE, papers))


def test_what_cannot_sign_is_refused_before_anything_is_spoken(papers, tmp_path):
    pytest.importorskip("c2pa")
    require_signing(signing(PACKAGE, papers))
    with pytest.raises(BadInputError, match=r"without a key: set package\.signature\.key"):
        require_signing(signing(PACKAGE, papers, key=""))
    with pytest.raises(BadInputError, match=r"key names .*none.pem, which cannot be read: No such file"):
        require_signing(signing(PACKAGE, papers, key=str(tmp_path / "none.pem")))
    with pytest.raises(BadInputError, match=r"cannot sign .*: a chain of certificates and its private key"):
        require_signing(signing(PACKAGE, papers, certificate=papers.key))
    other = written_key(tmp_path / "other.pem", ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(BadInputError, match="the key is not that of the first certificate"):
        require_signing(signing(PACKAGE, papers, key=other))


def source_of(path):
    return signed_source(path, MEDIA_TYPES[path.suffix])


@pytest.fixture(scope="module")
def signed(papers, content, store, tmp_path_factory):
    """A signed edition, and where it lies."""
    pytest.importorskip("c2pa")
    asked = asking(content, *KINDS, "manifest")
    out = tmp_path_factory.mktemp("signed")
    asked = replace(asked, settings=signing(asked.settings, papers))
    return publish_edition(out, store, asked).edition, out, asked


@pytest.mark.parametrize("kind", KINDS)
def test_files_say_that_a_model_has_made_them(signed, kind):
    edition, _, _ = signed
    path = Path(files_of(edition, kind)[0])
    assert source_of(path) == MADE_BY_MODEL
    assert mutagen.File(path) is not None
    changed = bytearray(path.read_bytes())
    changed[len(changed) // 2] ^= 1
    copy = path.with_name(f"changed{path.suffix}")
    copy.write_bytes(changed)
    assert source_of(copy) == ""
    copy.unlink()


def test_new_tags_are_signed_anew_and_without_a_certificate_the_signature_is_gone(signed, store):
    _, out, asked = signed
    renamed = replace(asked, settings=asked.settings.model_copy(update={"narrator": "Nora"}))
    again = publish_edition(out, store, renamed).edition
    assert all(source_of(Path(files_of(again, kind)[0])) == MADE_BY_MODEL for kind in KINDS)
    plain = replace(renamed, settings=renamed.settings.model_copy(update={"signature": PACKAGE.signature}))
    last = publish_edition(out, store, plain).edition
    assert not any(source_of(Path(path)) for kind in KINDS for path in files_of(last, kind))
    assert "C2PA" not in chunks(Path(files_of(last, "wav")[0]))
    assert not ID3(files_of(last, "mp3")[0]).getall("GEOB")


def chunks(path):
    data = path.read_bytes()
    at = 12
    found = []
    while at < len(data):
        found.append(data[at : at + 4].decode())
        size = struct.unpack("<I", data[at + 4 : at + 8])[0]
        at += 8 + size + size % 2
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    return found


def test_who_signs_is_part_of_an_editions_key(content, papers):
    asked = replace(content, settings=signing(content.settings, papers))
    assert edition_key(asked) != edition_key(content)


def self_signed(key):
    """A certificate of a key, and the key, as PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Somebody")])
    signing_hash = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2060, 1, 1))
    )
    private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return built.sign(key, signing_hash).public_bytes(PEM), private


KEYS = {
    "es256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "es384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "es512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ps256": lambda: rsa.generate_private_key(65_537, 2048),
}


@pytest.mark.parametrize("algorithm", KEYS)
def test_the_algorithm_goes_with_the_key(algorithm):
    assert signature._algorithm(*self_signed(KEYS[algorithm]())) == algorithm


def test_keys_that_c2pa_does_not_know_or_that_want_a_password_are_refused(tmp_path):
    pytest.importorskip("c2pa")
    for number, (key, encryption, message) in enumerate([
        (ec.generate_private_key(ec.SECP256K1()), serialization.NoEncryption(), "none that C2PA knows"),
        (KEYS["es256"](), serialization.BestAvailableEncryption(b"secret"), "private key without a password"),
    ]):  # fmt: skip
        (tmp_path / f"{number}.pem").write_bytes(self_signed(key)[0])
        (tmp_path / f"{number}.key").write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, encryption))
        own = SignatureSettings(certificate=str(tmp_path / f"{number}.pem"), key=str(tmp_path / f"{number}.key"))
        with pytest.raises(BadInputError, match=message):
            require_signing(PACKAGE.model_copy(update={"signature": own}))


def test_who_signs_is_known_by_the_bytes_of_the_certificate_also_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine.pem").write_bytes(b"certificate")
    mine = SignatureSettings(certificate="~/mine.pem", key="~/none.pem")
    settings = PACKAGE.model_copy(update={"signature": mine})
    assert signature_mark(settings) == hashlib.sha256(b"certificate").hexdigest()
    (tmp_path / "mine.pem").unlink()
    with pytest.raises(BadInputError, match=r"signature.certificate names ~/mine.pem, which cannot be read: No"):
        signature_mark(settings)


def test_a_file_is_claimed_to_be_made_by_a_trained_model_and_by_which_program():
    program = {"name": "Talepress", "version": metadata.version("talepress")}
    assert signature._claim("Oz.m4b") == {
        "claim_generator_info": [program],
        "title": "Oz.m4b",
        "assertions": [
            {
                "label": "c2pa.actions.v2",
                "data": {
                    "actions": [
                        {
                            "action": "c2pa.created",
                            "digitalSourceType": (
                                "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
                            ),
                            "softwareAgent": program,
                        }
                    ]
                },
            }
        ],
    }
    assert MEDIA_TYPES == {".m4b": "audio/mp4", ".mp3": "audio/mpeg", ".wav": "audio/wav"}


CREATED = {"action": "c2pa.created", "digitalSourceType": MADE_BY_MODEL}


@pytest.mark.parametrize(
    ("state", "actions", "source"),
    [
        ("Valid", [CREATED], MADE_BY_MODEL),
        ("Trusted", [CREATED], MADE_BY_MODEL),  # by somebody's list of authorities
        ("Invalid", [CREATED], ""),
        ("Valid", [{"action": "c2pa.edited", "digitalSourceType": "other"}, CREATED], MADE_BY_MODEL),
        ("Valid", [{"action": "c2pa.edited", "digitalSourceType": MADE_BY_MODEL}], ""),
        ("Valid", [], ""),
    ],
)
def test_a_source_is_believed_where_the_signature_holds_and_the_last_one_counts(
    tmp_path, monkeypatch, state, actions, source
):
    c2pa = pytest.importorskip("c2pa")

    class Reader:
        def __init__(self, media_type, file):
            self.read = (media_type, file.read())

        def __enter__(self):
            assert self.read == ("audio/wav", b"audio")
            return self

        def __exit__(self, *error):
            pass

        def get_validation_state(self):
            return state

        def json(self):
            older = {"assertions": [{"data": {"actions": [{**CREATED, "digitalSourceType": "older"}]}}]}
            newer = {"assertions": [{"data": {}}, {"data": {"actions": actions}}]}
            return json.dumps({"manifests": {"a": older, "b": newer, "c": older}, "active_manifest": "b"})

    monkeypatch.setattr(c2pa, "Reader", Reader)
    (tmp_path / "a.wav").write_bytes(b"audio")
    assert signed_source(tmp_path / "a.wav", "audio/wav") == source


def test_files_that_cannot_be_signed_stay_as_they_are(papers, tmp_path):
    for name in ("a.flac", "a.opus", "a.epub"):
        (tmp_path / name).write_bytes(b"audio")
        signature.sign(tmp_path / name, signing(PACKAGE, papers))
        assert (tmp_path / name).read_bytes() == b"audio"


def test_a_signature_that_does_not_read_back_leaves_the_file_as_it_was(papers, tmp_path, monkeypatch):
    pytest.importorskip("c2pa")
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 24_000)
    before = (tmp_path / "a.wav").read_bytes()
    monkeypatch.setattr(signature, "signed_source", lambda path, media_type: "")
    with pytest.raises(TalepressError, match="its signature does not read back as it was written"):
        signature.sign(tmp_path / "a.wav", signing(PACKAGE, papers))
    assert (tmp_path / "a.wav").read_bytes() == before and [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_a_signed_file_has_its_name_once_it_is_on_the_disk(papers, tmp_path, monkeypatch):
    pytest.importorskip("c2pa")
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 24_000)
    placed = []
    publish = signature.publish
    monkeypatch.setattr(
        signature, "publish", lambda partial, path: (placed.append((partial.name, path)), publish(partial, path))
    )
    signature.sign(tmp_path / "a.wav", signing(PACKAGE, papers))
    assert placed == [("a.wav.partial", tmp_path / "a.wav")]
    assert source_of(tmp_path / "a.wav") == MADE_BY_MODEL and len(list(tmp_path.iterdir())) == 1


def test_what_cannot_be_signed_though_its_name_says_so_is_told(papers, tmp_path):
    pytest.importorskip("c2pa")
    (tmp_path / "a.wav").write_bytes(b"no audio")
    with pytest.raises(TalepressError, match=r"a.wav could not be signed with .*chain.pem"):
        signature.sign(tmp_path / "a.wav", signing(PACKAGE, papers))
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
    assert source_of(tmp_path / "a.wav") == ""


def chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


@pytest.mark.parametrize("length", [0, 1, 7, 8, (1 << 20) + 5])
def test_a_wav_is_copied_without_its_signature_wherever_that_stands(tmp_path, length):
    kept = [chunk(b"fmt ", bytes(16)), chunk(b"data", bytes(range(256)) * (length // 256) + bytes(length % 256))]
    more = chunk(b"LIST", b"odd")

    def riff(*chunks):
        body = b"WAVE" + b"".join(chunks)
        return b"RIFF" + struct.pack("<I", len(body)) + body

    signed = chunk(b"C2PA", b"x" * length)
    for number, chunks in enumerate([(signed, *kept, more), (*kept, signed, more), (*kept, more, signed)]):
        (tmp_path / f"{number}.wav").write_bytes(riff(*chunks))
        copy_unsigned_wav(tmp_path / f"{number}.wav", tmp_path / "copy.wav")
        assert (tmp_path / "copy.wav").read_bytes() == riff(*kept, more)
