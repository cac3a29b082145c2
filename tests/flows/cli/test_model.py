"""`talepress model` with a model of one tiny network."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import soundfile

from flows.actions.resynthesize import Resynthesized
from tests.flows.samples import write_clip
from tortoise_core.audio.load import load_audio
from tortoise_core.checkpoints import write_manifest, write_network
from tortoise_core.checkpoints.registry import RandomLatentConfig
from tortoise_core.inference.front_end import load_front_end
from tortoise_core.models.classifier import ClassifierConfig, TortoiseClassifier
from tortoise_core.models.random_latents import RandomLatentGenerator


@pytest.fixture
def tiny(home):
    """An imported model; returns its folder."""
    folder = home / "models" / "tiny"
    folder.mkdir(parents=True)
    network = RandomLatentGenerator(8)
    entry = write_network(folder, "rlg", RandomLatentConfig(8), network.state_dict())
    write_manifest(folder, "tiny", {"rlg": entry})
    return folder


def test_imported_models_are_listed_and_found_by_name(talepress, tiny):
    models = {model["name"]: model for model in talepress("model", "list", "--json").json["models"]}
    assert models["tiny"]["origin"] == "imported"
    assert models["tiny"]["path"] == str(tiny)
    assert models["tiny"]["parameters"] == sum(p.numel() for p in RandomLatentGenerator(8).parameters())
    assert models["tortoise_mini"]["presets"] == ["ultra_fast", "fast", "standard", "high_quality"]
    assert "ultra_fast" in talepress("model", "list").out


def test_a_sound_model_verifies_and_a_changed_one_does_not(talepress, tiny):
    ended = talepress("model", "verify", "tiny", "--json")
    assert (ended.code, ended.json["ok"]) == (0, True)
    assert ended.json["digest"] == load_front_end(tiny).digest  # which doctor shows and manifests name
    weights = tiny / "rlg.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    ended = talepress("model", "verify", "tiny")
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert "rlg.safetensors" in ended.err


def test_a_name_that_is_taken_is_refused_before_anything_is_read(talepress, tiny, tmp_path):
    ended = talepress("model", "import", tmp_path, "--name", "tiny")
    assert ended.code == 2
    assert "'tiny'" in ended.err


@pytest.fixture
def embedded(home, monkeypatch):
    """The embedded model instead of the fake engine."""
    monkeypatch.setenv("TALEPRESS_SYNTHESIZE__ENGINE", "tortoise")
    monkeypatch.setenv("TALEPRESS_SYNTHESIZE__MODEL", "tortoise_mini")
    monkeypatch.setenv("TALEPRESS_SYNTHESIZE__PRESET", "ultra_fast")
    monkeypatch.setenv("TALEPRESS_SYNTHESIZE__DEVICE", "cpu")
    return home


@pytest.mark.usefixtures("embedded")
def test_a_clip_is_spoken_again(talepress, tmp_path):
    clip = write_clip(tmp_path / "clip.wav")
    recorded = soundfile.info(clip)
    written = {}
    for name, *options in (
        ("vocoder", "--through", "vocoder"),
        ("own voice", "--steps", "2"),
        ("its clip", "--reference", clip, "--steps", "2"),
        ("slt", "--voice", "slt", "--steps", "2"),
        ("slt, more steps", "--voice", "slt", "--steps", "3"),
    ):
        ended = talepress("model", "resynthesize", clip, "--out", f"new/{name}.wav", "--json", *options)
        assert ended.code == 0, ended.err
        audio, rate = soundfile.read(tmp_path / "new" / f"{name}.wav")
        assert rate == 24_000
        assert ended.json["through"] == ("vocoder" if name == "vocoder" else "codes")
        assert ended.json["seconds"] == pytest.approx(len(audio) / rate, abs=1e-3)
        assert 0 <= len(audio) / rate - recorded.duration < 0.05
        written[name] = audio.tobytes()
    assert written["own voice"] == written["its clip"]
    assert len(set(written.values())) == 4


@pytest.mark.usefixtures("embedded")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--through", "vocoder", "--voice", "slt"], "leave --voice"),
        (["--voice", "slt", "--reference", "clip.wav"], "give one of them"),
        (["--voice", "nobody"], "unknown voice 'nobody'"),
        (["--reference", "nothing.wav"], "nothing.wav: no such file"),
    ],
)
def test_what_cannot_be_spoken_again_is_said_in_a_line(talepress, tmp_path, options, said):
    write_clip(tmp_path / "clip.wav")
    ended = talepress("model", "resynthesize", "clip.wav", "--out", "new.wav", *options)
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert said in ended.err
    assert not (tmp_path / "new.wav").exists()


@pytest.mark.usefixtures("home")
def test_the_fake_engine_speaks_nothing_again(talepress, tmp_path):
    write_clip(tmp_path / "clip.wav")
    ended = talepress("model", "resynthesize", "clip.wav", "--out", "new.wav")
    assert ended.code == 2
    assert "fake engine" in ended.err


def test_detect_needs_a_model_with_the_classifier(talepress, embedded, monkeypatch, tmp_path):
    clip = write_clip(tmp_path / "clip.wav")
    refused = talepress("detect", clip)
    assert refused.code == 2 and "tortoise_mini has no classifier" in refused.err and "classifier.pth" in refused.err
    folder = embedded / "models" / "hearing"
    folder.mkdir(parents=True)
    config = ClassifierConfig(channels=8, stages=2, embedding=16, attention_blocks=1, heads=2, res_blocks=1)
    network = TortoiseClassifier(config).eval()
    write_manifest(folder, "hearing", {"classifier": write_network(folder, "classifier", config, network.state_dict())})
    monkeypatch.setenv("TALEPRESS_SYNTHESIZE__MODEL", "hearing")
    (heard,) = talepress("detect", clip, "--json").json["clips"]
    assert heard["probability"] == pytest.approx(
        float(network.synthetic_probability(load_audio(clip, 24_000)[None])), abs=1e-4
    )
    assert "probably" in talepress("detect", clip).out
    assert talepress("detect", tmp_path / "none.wav").code == 2


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("command", ["import", "pull"])
def test_the_published_files_become_a_model_of_the_name_that_one_gives(talepress, home, monkeypatch, tmp_path, command):
    done = []
    monkeypatch.setattr("tortoise_core.checkpoints.import_published", lambda folder, out: done.append((folder, out)))
    monkeypatch.setattr("tortoise_core.checkpoints.pull", lambda out: done.append((None, out)))
    monkeypatch.setattr("tortoise_core.inference.front_end.load_front_end", lambda path: SimpleNamespace(digest="d"))
    arguments = ["model", command, *([tmp_path] if command == "import" else [])]
    folder = home / "models" / "tortoise_v2"
    told = f"installed tortoise_v2 in {folder}; set synthesize.model to 'tortoise_v2' to use it\n"
    assert talepress(*arguments).err == told
    mine = home / "models" / "mine"
    ended = talepress(*arguments, "--name", "mine", "--json")
    assert ended.json == {"name": "mine", "path": str(mine), "digest": "d"}
    source = tmp_path if command == "import" else None
    assert done == [(source, folder), (source, mine)]


@pytest.mark.usefixtures("home")
def test_the_options_of_resynthesizing_are_those_of_the_action(talepress, monkeypatch):
    asked = []

    def resynthesize(services, clip, out, chain, **options):
        asked.append((str(clip), str(out), chain, options))
        return Resynthesized(out, chain, 2.0, 0.5)

    monkeypatch.setattr("flows.actions.resynthesize.resynthesize", resynthesize)
    ended = talepress("model", "resynthesize", "a.wav", "--out", "b.wav")
    assert ended.err == "b.wav: 2.0 s of audio in 0.5 s\n"
    options = ["--through", "vocoder", "--voice", "joe", "--reference", "c.wav", "--reference", "d.wav", "--steps", "3"]
    assert talepress("model", "resynthesize", "a.wav", "--out", "b.wav", *options, "--json").json["seconds"] == 2.0
    assert asked == [
        ("a.wav", "b.wav", "codes", {"voice": None, "references": (), "steps": None}),
        ("a.wav", "b.wav", "vocoder", {"voice": "joe", "references": [Path("c.wav"), Path("d.wav")], "steps": 3}),
    ]


@pytest.mark.usefixtures("home")
def test_the_configured_model_is_marked_and_verified_where_none_is_named(talepress, monkeypatch):
    listed = talepress("model", "list", "--json").json["models"]
    assert [model["name"] for model in listed if model["configured"]] == ["tortoise_mini"]
    verified = []
    monkeypatch.setattr("tortoise_core.checkpoints.verify", verified.append)
    monkeypatch.setattr(
        "tortoise_core.inference.front_end.load_front_end", lambda path: SimpleNamespace(digest="d" * 64)
    )
    assert talepress("model", "verify").err == f"tortoise_mini is sound (digest {'d' * 12})\n"
    assert [path.name for path in verified] == ["tortoise_mini"]
