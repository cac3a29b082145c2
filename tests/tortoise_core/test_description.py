"""A manifest of a model is read without its networks: strangers write some, and all takes' keys rest on its digest."""

import hashlib
import json
from dataclasses import dataclass

import pytest

from tortoise_core.description import file_sha256, read_config, read_description
from tortoise_core.errors import CheckpointError

NETWORK = {"type": "univnet", "file": "vocoder.safetensors", "sha256": "a" * 64, "config": {"channels": 4, "list": [1]}}
OTHER = {"type": "clvp", "file": "clvp.safetensors"}


def write(folder, networks, **changes):
    content = {"format": 1, "name": "mini", "networks": networks, **changes}
    (folder / "model.json").write_text(json.dumps(content))
    return read_description(folder)


def test_all_of_a_manifest_is_read(tmp_path):
    described = write(tmp_path, {"vocoder": NETWORK, "clvp": OTHER}, presets={"fast": 1}, note="x")
    assert (described.name, described.folder) == ("mini", tmp_path)
    assert described.extra == {"presets": {"fast": 1}, "note": "x"}
    vocoder = described.networks["vocoder"]
    assert (vocoder.type, vocoder.file, vocoder.config, vocoder.sha256) == tuple(
        NETWORK[name] for name in ("type", "file", "config", "sha256")
    )
    assert (described.networks["clvp"].config, described.networks["clvp"].sha256) == ({}, None)
    assert read_description(tmp_path / "model.json") == described


def test_the_digest_is_that_of_format_configurations_and_weights(tmp_path):
    """Written down with format 1. Another digest has every book spoken again."""
    (tmp_path / "clvp.safetensors").write_bytes(b"weights")
    described = write(tmp_path, {"vocoder": NETWORK, "clvp": OTHER}, presets={"fast": 1})
    weights = hashlib.sha256(b"weights").hexdigest()
    networks = {
        "clvp": ["clvp", {}, weights],
        "vocoder": ["univnet", {"channels": 4, "list": [1]}, "a" * 64],
    }
    assert described.digest() == hashlib.sha256(json.dumps([1, networks], sort_keys=True).encode()).hexdigest()
    assert write(tmp_path, {"vocoder": NETWORK, "clvp": {**OTHER, "sha256": weights}}).digest() == described.digest()


@pytest.mark.parametrize(
    "changed",
    [
        {"vocoder": {**NETWORK, "type": "other"}},
        {"vocoder": {**NETWORK, "sha256": "b" * 64}},
        {"vocoder": {**NETWORK, "config": {"channels": 5, "list": [1]}}},
        {"vocoder": {**NETWORK, "config": {}}},
        {"other": NETWORK},
        {"vocoder": NETWORK, "more": NETWORK},
        {},
    ],
)
def test_whatever_a_network_is_is_in_the_digest(tmp_path, changed):
    assert write(tmp_path, {"vocoder": NETWORK}).digest() != write(tmp_path, changed).digest()


def test_names_of_model_and_files_are_not_in_the_digest(tmp_path):
    digest = write(tmp_path, {"vocoder": NETWORK}).digest()
    assert (
        write(tmp_path, {"vocoder": {**NETWORK, "file": "other.safetensors"}}, name="other", more=1).digest() == digest
    )


def test_a_weights_file_that_is_not_there_has_no_digest(tmp_path):
    with pytest.raises(CheckpointError, match=r"cannot read .*clvp\.safetensors: No such file"):
        write(tmp_path, {"clvp": OTHER}).digest()


@pytest.mark.parametrize(
    "file", ["", ".", "..", "/etc/passwd", "../a", "a/b", "./a", "a/", "a\\b", "\\a", "..\\a", None, 7, ["a"]]
)
def test_a_weights_file_lies_in_the_folder_itself(tmp_path, file):
    with pytest.raises(CheckpointError, match=r"networks\.clvp: file must be a plain name in the manifest's folder"):
        write(tmp_path, {"vocoder": NETWORK, "clvp": {**OTHER, "file": file}})


@pytest.mark.parametrize("file", ["a", "..a", "a..b.safetensors", ".a"])
def test_a_plain_name_may_have_dots(tmp_path, file):
    assert write(tmp_path, {"clvp": {**OTHER, "file": file}}).networks["clvp"].file == file


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"type": "clvp"}, "needs type and file, and may have sha256 and config"),
        ({"file": "a"}, "needs type and file"),
        ({**OTHER, "more": 1}, "needs type and file"),
        ("clvp", "needs type and file"),
        ([], "needs type and file"),
        ({**OTHER, "sha256": 7}, "sha256 must be text"),
        ({**OTHER, "type": 7}, "type must be text and config a table"),
        ({**OTHER, "config": []}, "type must be text and config a table"),
    ],
)
def test_a_network_that_makes_no_sense_is_named(tmp_path, network, message):
    with pytest.raises(CheckpointError, match=rf"model\.json: networks\.odd:? {message}"):
        write(tmp_path, {"odd": network})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not a valid JSON file"),
        ("[" * 100_000, "is not a valid JSON file: it is nested too deeply"),
        ("[]", "is not a model manifest of format 1"),
        ('{"format": 2, "name": "a", "networks": {}}', "is not a model manifest of format 1"),
        ('{"name": "a", "networks": {}}', "is not a model manifest of format 1"),
        ('{"format": 1, "networks": {}}', "is incomplete"),
        ('{"format": 1, "name": 7, "networks": {}}', "is incomplete"),
        ('{"format": 1, "name": "a"}', "is incomplete"),
        ('{"format": 1, "name": "a", "networks": []}', "is incomplete"),
        ("\udcff", "is not a valid JSON file"),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path, content, message):
    (tmp_path / "model.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(CheckpointError, match=message):
        read_description(tmp_path)


def test_json_is_read_before_toml_and_a_file_by_its_suffix(tmp_path):
    with pytest.raises(CheckpointError, match=r"is not a model folder: it holds neither model\.json nor model\.toml$"):
        read_description(tmp_path)
    (tmp_path / "model.toml").write_text('format = 1\nname = "toml"\n[networks]\n')
    assert read_description(tmp_path).name == "toml"
    write(tmp_path, {})
    assert read_description(tmp_path).name == "mini"
    assert read_description(tmp_path / "model.toml").name == "toml"
    (tmp_path / "model.toml").write_text("name = ")
    with pytest.raises(CheckpointError, match="is not a valid TOML file"):
        read_description(tmp_path / "model.toml")
    with pytest.raises(CheckpointError, match=r"cannot read .*gone\.json: No such file"):
        read_description(tmp_path / "gone.json")


@dataclass(frozen=True)
class Sizes:
    """A configuration."""

    width: int
    rate: float = 0.5
    strides: tuple[int, ...] = (1, 2)


def test_a_configuration_is_made_of_a_table():
    assert read_config(Sizes, {"width": 3, "strides": [4]}, "x") == Sizes(3, 0.5, (4,))
    for values, message in (
        ([], r"^x: \[\] must be a table$"),
        ({"width": 3, "wide": 1, "deep": 2}, "^x: unknown field 'deep' of Sizes: use rate, strides, width$"),
        ({"width": "many"}, "^x: width: "),
        ({"width": 1, "strides": [1, "a"]}, r"^x: strides\.1: "),
        ({}, "^x: width: "),
    ):
        with pytest.raises(CheckpointError, match=message):
            read_config(Sizes, values, "x")


@pytest.mark.parametrize("size", [0, 5, 1 << 20, (1 << 20) + 1])
def test_the_digest_of_a_file_is_that_of_all_its_bytes(tmp_path, size):
    data = bytes(range(256)) * (size // 256 + 1)
    (tmp_path / "a").write_bytes(data[:size])
    assert file_sha256(tmp_path / "a") == hashlib.sha256(data[:size]).hexdigest()
