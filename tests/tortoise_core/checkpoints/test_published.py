"""Published files become a model folder, whole or not at all."""

import zipfile

import huggingface_hub
import huggingface_hub.constants
import pytest
import torch

from tortoise_core.checkpoints import import_published, pull, verify
from tortoise_core.checkpoints.published import PUBLISHED_FILES, PublishedFile, read_pickled_tensors
from tortoise_core.checkpoints.registry import NETWORK_TYPES, RandomLatentConfig, type_name
from tortoise_core.errors import CheckpointError
from tortoise_core.models.autoregressive import AutoregressiveConfig, AutoregressiveModel
from tortoise_core.models.random_latents import RandomLatentGenerator
from tortoise_core.models.univnet import UnivNet, UnivNetConfig

VOCODER = UnivNetConfig(noise_channels=4, channels=4, strides=(2, 2), predictor_channels=4, mel_bands=6)
AR = AutoregressiveConfig(
    layers=1, width=32, heads=2, max_text=6, max_codes=8, code_tokens=20, code_start=18, code_stop=19
)
MASKS = next(item for item in PUBLISHED_FILES if item.role == "autoregressive").dropped
FILES = [
    PublishedFile("autoregressive.pth", "autoregressive", AR, dropped=MASKS),
    PublishedFile("vocoder.pth", "vocoder", VOCODER, inside="model_g"),
    PublishedFile("rlg_auto.pth", "rlg_auto", RandomLatentConfig(8), required=False),
]


class Payload:
    """Unpickling it would run code."""

    def __reduce__(self):
        return (print, ("executed",))


@pytest.fixture
def published(tmp_path):
    folder = tmp_path / "published"
    folder.mkdir()
    masks = {
        "gpt.h.0.attn.bias": torch.ones(1, 1, 14, 14, dtype=torch.bool),
        "gpt.h.0.attn.masked_bias": torch.tensor(-1e4),
    }
    torch.save({**AutoregressiveModel(AR).state_dict(), **masks}, folder / "autoregressive.pth")
    torch.save({"model_g": UnivNet(VOCODER).state_dict(), "step": 3, "optim": {}}, folder / "vocoder.pth")
    torch.save(RandomLatentGenerator(8).state_dict(), folder / "rlg_auto.pth")
    return folder


def nothing_left(tmp_path):
    return sorted(path.name for path in tmp_path.iterdir()) == ["published"]


def test_published_files_become_a_model_folder(published, tmp_path):
    manifest = import_published(published, tmp_path / "out", FILES)
    assert sorted(manifest.networks) == ["autoregressive", "rlg_auto", "vocoder"]
    assert verify(tmp_path / "out").networks == manifest.networks
    original = torch.load(published / "vocoder.pth", weights_only=True)["model_g"]
    for key, value in manifest.load("vocoder").state_dict().items():
        assert torch.equal(value, original[key]), key
    manifest.load("autoregressive")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "published"]


def test_an_old_style_file_is_read_too(published, tmp_path):
    state = RandomLatentGenerator(8).state_dict()
    torch.save(state, published / "rlg_auto.pth", _use_new_zipfile_serialization=False)
    import_published(published, tmp_path / "out", FILES)


def test_optional_files_may_be_absent_and_required_ones_not(published, tmp_path):
    (published / "rlg_auto.pth").unlink()
    assert "rlg_auto" not in import_published(published, tmp_path / "out", FILES).networks
    (published / "vocoder.pth").unlink()
    with pytest.raises(CheckpointError, match=r"lacks vocoder\.pth"):
        import_published(published, tmp_path / "other", FILES)


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def compress(path, part=""):
    """Compresses every entry whose name has `part` in it."""
    with zipfile.ZipFile(path) as source:
        entries = {info.filename: source.read(info) for info in source.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as target:
        for name, data in entries.items():
            target.writestr(name, data, zipfile.ZIP_DEFLATED if part in name else None)


def rename_a_key(path):
    state = torch.load(path, weights_only=True)
    state["model_g"]["other"] = state["model_g"].pop("conv_pre.bias")
    torch.save(state, path)


def reshape_a_key(path):
    state = torch.load(path, weights_only=True)
    state["model_g"]["conv_pre.bias"] = torch.zeros(5)
    torch.save(state, path)


def make_integer(path):
    state = torch.load(path, weights_only=True)
    state["model_g"]["conv_pre.bias"] = torch.zeros(4, dtype=torch.int64)
    torch.save(state, path)


def quantize(path):
    state = torch.load(path, weights_only=True)
    state["model_g"]["conv_pre.bias"] = torch.quantize_per_tensor(torch.zeros(4), 0.1, 0, torch.qint8)
    torch.save(state, path)


@pytest.mark.filterwarnings("ignore:Sparse invariant checks")  # PyTorch's, while it reads the sparse file
@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")  # and this, while it reads the quantised one
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (truncate, "truncated"),
        (compress, "compressed"),
        (lambda path: compress(path, "data.pkl"), "data.pkl is compressed"),
        (lambda path: compress(path, "data/0"), "data/0 is compressed"),
        (lambda path: path.write_bytes(b"<html>not found</html>"), "truncated or not a PyTorch"),
        (lambda path: path.write_bytes(b""), "truncated or not a PyTorch"),
        (lambda path: torch.save({"model_g": Payload()}, path), "truncated or not a PyTorch"),
        (lambda path: torch.save({"generator": {}}, path), "no entry 'model_g'"),
        (lambda path: torch.save([1, 2], path), "no entry 'model_g'"),
        (lambda path: torch.save({"model_g": torch.zeros(2)}, path), "holds a Tensor"),
        (
            lambda path: torch.save({"model_g": {"conv_pre.bias": 3}}, path),
            r"'conv_pre\.bias' is not a plain named tensor \(int\)",
        ),
        (lambda path: torch.save({"model_g": {"conv_pre.bias": torch.eye(4).to_sparse()}}, path), "not a plain named"),
        (lambda path: torch.save({"model_g": {3: torch.zeros(2)}}, path), r"3 is not a plain named tensor \(Tensor\)"),
        (quantize, r"'conv_pre\.bias' is not a plain named tensor"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b"conv_pre", b"conv\xff\xffre")), "truncated or no"),
        (make_integer, r"'conv_pre\.bias' holds torch\.int64, expected torch\.float32"),
        (rename_a_key, r"'conv_pre\.bias' first"),
        (reshape_a_key, r"'conv_pre\.bias' has shape \[5\], expected \[4\]"),
    ],
)
def test_a_wrong_file_is_named_and_nothing_is_left(published, tmp_path, capsys, damage, message):
    damage(published / "vocoder.pth")
    with pytest.raises(CheckpointError, match=message) as caught:
        import_published(published, tmp_path / "out", FILES)
    assert "vocoder.pth" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert nothing_left(tmp_path)
    assert "executed" not in capsys.readouterr().out


def test_an_existing_folder_is_not_touched(published, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(CheckpointError, match="exists already"):
        import_published(published, tmp_path / "out", FILES)
    with pytest.raises(CheckpointError, match="exists already"):
        pull(tmp_path / "out", fetch=lambda repo, names: pytest.fail("fetched for nothing"))


def test_pull_imports_what_was_fetched(published, tmp_path):
    asked = []
    with pytest.raises(CheckpointError, match=r"lacks clvp2\.pth"):
        pull(tmp_path / "out", "some/repo", fetch=lambda repo, names: asked.append((repo, names)) or published)
    assert asked == [("some/repo", [item.file for item in PUBLISHED_FILES])]


@pytest.mark.parametrize("old", [False, True], ids=["zip", "plain pickle"])
def test_nothing_but_tensors_is_ever_unpickled(tmp_path, capsys, old):
    torch.save({"a": torch.zeros(1), "b": Payload()}, tmp_path / "a.pth", _use_new_zipfile_serialization=not old)
    with pytest.raises(CheckpointError, match=r"a\.pth is truncated or not a PyTorch weights file"):
        read_pickled_tensors(tmp_path / "a.pth")
    assert "executed" not in capsys.readouterr().out


def test_what_is_published_where():
    assert {item.file for item in PUBLISHED_FILES if item.required} == {
        *("autoregressive.pth", "clvp2.pth", "diffusion_decoder.pth", "vocoder.pth")
    }
    assert {item.role: item.file for item in PUBLISHED_FILES} == {
        "autoregressive": "autoregressive.pth",
        "clvp": "clvp2.pth",
        "diffusion": "diffusion_decoder.pth",
        "vocoder": "vocoder.pth",
        "rlg_auto": "rlg_auto.pth",
        "rlg_diffuser": "rlg_diffuser.pth",
        "cvvp": "cvvp.pth",
        "classifier": "classifier.pth",
        "hifi_decoder": "hifidecoder.pth",
        "dvae": "dvae.pth",
    }


@pytest.mark.parametrize("name", ["gpt.h.0.attn.bias.x", "x.gpt.h.0.attn.bias", "gpt.h.a.attn.bias", "gpt.h.0.attn.c"])
def test_no_more_is_dropped_than_the_masks(published, tmp_path, name):
    state = torch.load(published / "autoregressive.pth", weights_only=True)
    torch.save({**state, name: torch.zeros(1)}, published / "autoregressive.pth")
    with pytest.raises(CheckpointError, match="1 tensors do not belong here"):
        import_published(published, tmp_path / "out", FILES)


def test_a_model_has_the_name_that_it_is_imported_under(published, tmp_path):
    assert import_published(published, tmp_path / "out", FILES).name == "tortoise_v2"
    assert import_published(published, tmp_path / "own", FILES, "mine").name == "mine"
    with pytest.raises(CheckpointError, match=r"there is no folder .*gone to import from: check the name"):
        import_published(tmp_path / "gone", tmp_path / "other", FILES)


@pytest.mark.parametrize("error", [OSError("no route\nto host"), ValueError("no route\nto host")])
def test_the_files_alone_are_fetched_from_the_published_repository(monkeypatch, published, tmp_path, error):
    asked = []

    def snapshot(repo, **options):
        asked.append((repo, options))
        if len(asked) > 1:
            raise error
        return str(published)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    with pytest.raises(CheckpointError, match=r"lacks clvp2\.pth"):
        pull(tmp_path / "out")
    assert asked == [("Manmay/tortoise-tts", {"allow_patterns": [item.file for item in PUBLISHED_FILES]})]
    with pytest.raises(CheckpointError, match=r"cannot fetch some/repo from the model hub \(no route\); fetch the"):
        pull(tmp_path / "out", "some/repo")
    assert nothing_left(tmp_path)


def test_pull_without_a_network_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    with pytest.raises(CheckpointError, match="model import") as caught:
        pull(tmp_path / "out")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("item", PUBLISHED_FILES, ids=lambda item: item.file)
def test_every_published_network_can_be_built(item):
    with torch.device("meta"):
        assert NETWORK_TYPES[type_name(item.config)].build(item.config).state_dict()
