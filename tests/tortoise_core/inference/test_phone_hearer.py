"""What hears phones: a codec and a speller of one model, and how their steps lie in time."""

import numpy as np
import pytest
import torch

from tortoise_core.audio.mel import MelSpectrogram24k
from tortoise_core.checkpoints import read_manifest, write_manifest, write_network
from tortoise_core.errors import AudioError, ConfigError
from tortoise_core.inference.phone_hearer import PhoneHearer
from tortoise_core.models.code_speller import CodeSpeller, CodeSpellerConfig
from tortoise_core.models.dvae import DiscreteVAE, DiscreteVAEConfig

SPELLER = CodeSpellerConfig(text_tokens=9, silent=(0, 4), code_tokens=20, width=16, layers=2, per_code=3)
DVAE = DiscreteVAEConfig(channels=100, hidden=8, res_blocks=1, codes=20, code_dim=4)


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    networks = {"speller": (SPELLER, CodeSpeller(SPELLER)), "dvae": (DVAE, DiscreteVAE(DVAE))}
    entries = {
        role: write_network(tmp_path, role, config, net.state_dict()) for role, (config, net) in networks.items()
    }
    write_manifest(tmp_path, "small", entries)
    return tmp_path, entries


def test_what_is_heard_is_what_the_two_networks_say_one_after_the_other(folder):
    manifest = read_manifest(folder[0])
    hearer = PhoneHearer(manifest)
    assert (hearer.sample_rate, hearer.blank, hearer.silent) == (24_000, 9, {0, 4})
    assert hearer.step_s == pytest.approx(1024 / 24_000 / 3)
    audio = 0.1 * np.random.default_rng(0).standard_normal(5_000).astype(np.float32)
    found = hearer.log_probabilities(audio)
    assert found.shape == (1, 5 * 3, 10)
    padded = torch.nn.functional.pad(torch.from_numpy(audio)[None], (0, 120))
    with torch.no_grad():
        codes = manifest.load("dvae").encode(MelSpectrogram24k()(padded)[..., :-1])
        expected = manifest.load("speller")(codes, torch.tensor([5]))
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(hearer.log_probabilities(audio.astype(np.float64)), found)


@pytest.mark.parametrize("samples", [[], [0.1, np.nan, 0.1], [0.1, np.inf, 0.1]])
def test_what_is_no_recording_is_refused(folder, samples):
    hearer = PhoneHearer(read_manifest(folder[0]))
    with pytest.raises(AudioError, match="is empty or holds samples that are no numbers"):
        hearer.log_probabilities(np.array(samples * 1000, np.float32))


@pytest.mark.parametrize("missing", ["speller", "dvae"])
def test_a_model_without_one_of_them_hears_nothing(folder, missing):
    path, entries = folder
    write_manifest(path, "deaf", {role: entry for role, entry in entries.items() if role != missing})
    with pytest.raises(ConfigError, match="model deaf has no network that hears words"):
        PhoneHearer(read_manifest(path))


@pytest.mark.parametrize("wrong", [{"speller": "dvae"}, {"dvae": "speller"}])
def test_networks_in_each_others_roles_are_refused(folder, wrong):
    path, entries = folder
    write_manifest(path, "odd", {**entries, **{role: entries[other] for role, other in wrong.items()}})
    with pytest.raises(ConfigError, match="model odd has networks of the wrong kind"):
        PhoneHearer(read_manifest(path))
