"""A model folder is read back as it was written, and damage is named."""

import json

import pytest
import torch
from torch import nn

from tortoise_core.checkpoints import manifest as manifest_module
from tortoise_core.checkpoints import read_manifest, verify, write_manifest, write_network
from tortoise_core.errors import CheckpointError, DamagedWeightsError
from tortoise_core.models.code_speller import CodeSpeller, CodeSpellerConfig
from tortoise_core.models.univnet import UnivNet, UnivNetConfig

SMALL = UnivNetConfig(noise_channels=4, channels=4, strides=(2, 2), predictor_channels=4, mel_bands=6)

SPELLER = CodeSpellerConfig(text_tokens=5, silent=(0, 1), code_tokens=7, width=16, layers=1)


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    entry = write_network(tmp_path, "vocoder", SMALL, UnivNet(SMALL).state_dict())
    write_manifest(tmp_path, "test", {"vocoder": entry}, {"presets": {"fast": 1}})
    return tmp_path


def edit(folder, change):
    path = folder / "model.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_what_was_written_is_read_back(folder):
    manifest = read_manifest(folder)
    assert (manifest.name, manifest.extra) == ("test", {"presets": {"fast": 1}})
    assert manifest.entry("vocoder").config == SMALL
    network = manifest.load("vocoder")
    assert not network.training
    torch.manual_seed(0)
    for key, value in UnivNet(SMALL).state_dict().items():
        assert torch.equal(network.state_dict()[key], value), key


def test_loading_draws_no_random_numbers_and_keeps_what_is_computed(folder):
    entry = write_network(folder, "aligner", SPELLER, CodeSpeller(SPELLER).state_dict())
    manifest = write_manifest(folder, "test", {"aligner": entry})
    before = torch.random.get_rng_state()
    network = manifest.load("aligner")
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(network.silent, CodeSpeller(SPELLER).silent), "a buffer that no file holds"
    manifest.build("aligner")
    assert not torch.equal(torch.random.get_rng_state(), before), "building alone draws"


@pytest.mark.parametrize(
    "layer",
    [
        lambda: nn.Linear(3, 2),
        lambda: nn.Conv1d(3, 2, 3),
        lambda: nn.Embedding(3, 2),
        lambda: nn.init.trunc_normal_(torch.empty(3)),
        lambda: nn.init.kaiming_uniform_(tensor=torch.empty(3, 2)),
        lambda: torch.empty(3).normal_(0.0, 0.02),
    ],
)
def test_no_kind_of_layer_draws_while_it_is_loaded(layer):
    before = torch.random.get_rng_state()
    with manifest_module._WithoutDraws():
        layer()
    assert torch.equal(torch.random.get_rng_state(), before)
    layer()
    assert not torch.equal(torch.random.get_rng_state(), before)


def test_half_precision_files_load_as_float32(tmp_path):
    tensors = UnivNet(SMALL).state_dict()
    entry = write_network(tmp_path, "vocoder", SMALL, tensors, torch.float16)
    network = write_manifest(tmp_path, "test", {"vocoder": entry}).load("vocoder")
    value = network.state_dict()["conv_pre.bias"]
    assert value.dtype == torch.float32
    assert torch.equal(value, tensors["conv_pre.bias"].half().float())


def test_values_beyond_half_precision_are_refused(tmp_path):
    tensors = UnivNet(SMALL).state_dict()
    tensors["conv_pre.bias"] = torch.full_like(tensors["conv_pre.bias"], 1e6)
    with pytest.raises(CheckpointError, match=r"conv_pre\.bias"):
        write_network(tmp_path, "vocoder", SMALL, tensors, torch.float16)


def test_toml_manifest_with_defaults(folder):
    (folder / "model.json").unlink()
    (folder / "model.toml").write_text(
        'format = 1\nname = "test"\n[networks.vocoder]\ntype = "univnet"\nfile = "vocoder.safetensors"\n'
        "config = { noise_channels = 4, channels = 4, strides = [2, 2], predictor_channels = 4, mel_bands = 6 }\n"
    )
    manifest = read_manifest(folder)
    assert manifest.entry("vocoder").config == SMALL
    manifest.load("vocoder")
    with pytest.raises(CheckpointError, match="no sha256"):
        verify(folder)


def test_the_digest_does_not_depend_on_the_order_in_which_a_manifest_was_written(folder):
    """The keys of all takes rest on it, and programs that rewrite a manifest keep no order."""
    edit(folder, lambda content: content["networks"].update(other=dict(content["networks"]["vocoder"])))
    digest = read_manifest(folder).digest()

    def turned(value):
        return {key: turned(own) for key, own in reversed(value.items())} if isinstance(value, dict) else value

    def turn(content):
        content["networks"] = turned(content["networks"])

    edit(folder, turn)
    assert list(read_manifest(folder).networks) == ["other", "vocoder"]
    assert read_manifest(folder).digest() == digest


def test_digest_follows_weights_and_configuration(folder):
    digest = read_manifest(folder).digest()
    assert len(digest) == 64
    assert read_manifest(folder).digest() == digest
    edit(folder, lambda content: content["networks"]["vocoder"]["config"].update(slope=0.3))
    assert read_manifest(folder).digest() != digest
    edit(folder, lambda content: content["networks"]["vocoder"]["config"].update(slope=0.2))
    edit(folder, lambda content: content["networks"]["vocoder"].update(sha256=None))
    assert read_manifest(folder).digest() == digest  # taken from the file itself
    entry = write_network(folder, "vocoder", SMALL, UnivNet(SMALL).state_dict())
    assert write_manifest(folder, "test", {"vocoder": entry}).digest() != digest


def test_verify_accepts_a_whole_folder(folder):
    assert verify(folder).name == "test"


@pytest.mark.parametrize("use", [verify, lambda folder: read_manifest(folder).load("vocoder")], ids=["verify", "load"])
def test_a_flipped_bit_is_found(folder, use):
    path = folder / "vocoder.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedWeightsError, match=r"vocoder\.safetensors has changed"):
        use(folder)


def test_a_truncated_file_is_named(folder):
    path = folder / "vocoder.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    for use in (verify, lambda folder: read_manifest(folder).load("vocoder")):
        with pytest.raises(CheckpointError, match=r"vocoder\.safetensors is not a whole"):
            use(folder)


def test_a_missing_file_is_named(folder):
    (folder / "vocoder.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"no weights file .*vocoder\.safetensors"):
        read_manifest(folder).load("vocoder")


def test_weights_of_another_size_are_refused_with_their_key(folder):
    edit(folder, lambda content: content["networks"]["vocoder"]["config"].update(mel_bands=7))
    with pytest.raises(CheckpointError, match=r"res_stack\.0\.kernel_predictor\.input_conv\.0\.weight_v"):
        read_manifest(folder).load("vocoder")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.update(format=2), "format 1"),
        (lambda c: c.pop("name"), "needs a name"),
        (lambda c: c["networks"]["vocoder"].pop("file"), "networks.vocoder needs type and file"),
        (lambda c: c["networks"]["vocoder"].update(more=1), "networks.vocoder needs type and file"),
        (lambda c: c["networks"]["vocoder"].update(type="gan"), "unknown network type 'gan'"),
        (lambda c: c["networks"]["vocoder"].update(file="../vocoder.safetensors"), "plain name"),
        (lambda c: c["networks"]["vocoder"].update(file=".."), "plain name"),
        (lambda c: c["networks"]["vocoder"].update(file="a\\b"), "plain name"),
        (lambda c: c["networks"]["vocoder"].update(file=7), "plain name"),
        (lambda c: c["networks"]["vocoder"].update(sha256=7), "sha256 must be text"),
        (lambda c: c["networks"]["vocoder"]["config"].update(colour=1), "unknown field 'colour'"),
        (lambda c: c["networks"]["vocoder"]["config"].update(channels="many"), "channels"),
    ],
)
def test_a_malformed_manifest_says_where(folder, change, message):
    edit(folder, change)
    with pytest.raises(CheckpointError, match=message):
        read_manifest(folder)


def test_what_is_no_manifest_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="not a model folder"):
        read_manifest(tmp_path)
    with pytest.raises(CheckpointError, match="cannot read"):
        read_manifest(tmp_path / "absent.json")
    (tmp_path / "model.json").write_text("{")
    with pytest.raises(CheckpointError, match="not a valid JSON"):
        read_manifest(tmp_path)


def test_an_absent_role_is_named(folder):
    with pytest.raises(CheckpointError, match="has no clvp network"):
        read_manifest(folder).load("clvp")


@pytest.mark.parametrize("role", ["vocoder", "aligner"])
def test_every_network_of_a_model_is_verified_and_loaded_by_its_own_digest(folder, role):
    entry = write_network(folder, "aligner", SPELLER, CodeSpeller(SPELLER).state_dict())
    manifest = write_manifest(folder, "test", {**read_manifest(folder).networks, "aligner": entry})
    assert verify(folder) == manifest
    path = folder / f"{role}.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    for use in (verify, lambda folder: read_manifest(folder).load(role)):
        with pytest.raises(DamagedWeightsError, match=rf"{role}\.safetensors has changed"):
            use(folder)
    (other,) = set(manifest.networks) - {role}
    assert read_manifest(folder).load(other)
    edit(folder, lambda content: content["networks"][role].update(sha256=None))
    with pytest.raises(CheckpointError, match=rf"{role}\.safetensors cannot be verified"):
        verify(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: tensors.pop("conv_pre.bias"),
        lambda tensors: tensors.update(more=torch.zeros(2)),
        lambda tensors: tensors.update({"conv_pre.bias": torch.zeros(5)}),
    ],
    ids=["missing", "unexpected", "of another shape"],
)
def test_tensors_that_are_not_those_of_the_network_are_not_written(tmp_path, change):
    tensors = UnivNet(SMALL).state_dict()
    change(tensors)
    with pytest.raises(CheckpointError, match="vocoder"):
        write_network(tmp_path, "vocoder", SMALL, tensors)
    assert not list(tmp_path.iterdir())
