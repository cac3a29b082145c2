"""The harness itself: a golden set that cannot fail would prove nothing."""

import json

import pytest
import torch
from safetensors.torch import save_file

from tests.parity import harness


@pytest.fixture
def toy(tmp_path):
    tensors = {
        "in.x": torch.arange(3.0),
        "in.a.noise.001": torch.ones(1),
        "in.a.noise.000": torch.zeros(1),
        "out.y": torch.tensor([1.0, 2.0]),
        "out.ids": torch.tensor([1, 2]),
        "out.big.sample": torch.arange(0.0, 12.0, 5.0),
        "out.big.stats": harness.statistics(torch.arange(12.0)),
        "out.big.shape_stride": torch.tensor([3, 4, 5]),
    }
    save_file(tensors, tmp_path / "toy.safetensors")
    save_file({"w": torch.tensor([0.5], dtype=torch.float16)}, tmp_path / "toy.weights.safetensors")
    tolerances = {"y": 1e-3, "big.sample": 1e-6, "big.stats": 1e-6}
    meta = {
        "config": {},
        "weights_files": {"toy": "toy.weights.safetensors"},
        "outputs": {
            name.removeprefix("out."): {"suggested_atol": tolerances[name[4:]]} if name[4:] in tolerances else {}
            for name in tensors
            if name.startswith("out.")
        },
    }
    (tmp_path / "toy.json").write_text(json.dumps(meta))
    (tmp_path / "table.json").write_text(json.dumps({"fixture": "table", "cases": [{"a": 1}, {"a": 2}], "limit": 3}))
    return tmp_path


def fixture(folder, name):
    (found,) = harness.discover([folder]).named([name])
    return found


def test_compare_holds_floats_to_the_tolerance_and_integers_exactly(toy):
    golden = fixture(toy, "toy")
    assert golden.compare("y", [1.0005, 2.0]) == pytest.approx(5e-4, rel=1e-3)
    golden.compare("ids", [1, 2])
    for name, wrong in [("y", [1.01, 2.0]), ("y", [float("nan"), 2.0]), ("y", [1.0]), ("y", [1, 2]), ("ids", [1, 3])]:
        with pytest.raises(AssertionError):
            golden.compare(name, wrong)


def test_sampled_outputs_are_compared_through_shape_sample_and_statistics(toy):
    golden = fixture(toy, "toy")
    golden.compare("big", torch.arange(12.0).reshape(3, 4))
    between_samples = torch.arange(12.0)
    between_samples[1] += 0.5
    for wrong in [torch.arange(12.0), between_samples.reshape(3, 4)]:
        with pytest.raises(AssertionError):
            golden.compare("big", wrong)


def test_inputs_noises_and_weights(toy):
    golden = fixture(toy, "toy")
    golden["x"].zero_()
    assert golden["x"].tolist() == [0, 1, 2]
    assert [noise.item() for noise in golden.noises("a")] == [0, 1]
    assert golden.weights()["w"].dtype == torch.float32


def test_coverage_counts_outputs_and_json_entries(toy):
    golden = fixture(toy, "toy")
    table = fixture(toy, "table")
    assert golden.uncovered == ["big", "ids", "y"]
    golden.compare("ids", [1, 2])
    assert golden.uncovered == ["big", "y"]
    table.check(2, "cases", 1, "a")
    assert table.uncovered == ["cases[0]", "limit"]
    with pytest.raises(AssertionError):
        table.check(4, "limit")


def test_copies_run_once_and_missing_files_are_reported(toy, tmp_path):
    assert len(harness.discover([toy, toy]).goldens) == 2
    (toy / "toy.weights.safetensors").unlink()
    session = harness.discover([toy])
    assert [golden.name for golden in session.goldens] == ["table"]
    assert "toy.weights.safetensors" in session.incomplete[0]


def test_formula_fill_does_not_depend_on_the_chunk():
    entry = {"shape": [7, 11], "index": 3, "offset": 0.5, "scale": 0.1}
    whole = harness.formula_fill(entry, 1)
    assert (whole == harness.formula_fill(entry, 1, chunk=10)).all()
    assert abs(whole - 0.5).max() <= 0.1


@pytest.mark.golden("official_rlg_auto", "official_rlg_diffuser", "official_vocoder")
def test_formula_fill_is_the_recorded_one(golden):
    table = {entry["key"]: entry["shape"] for entry in golden.meta["weights_table"] if entry["kind"] != "keep"}
    weights = golden.official_weights()  # verifies weights_check
    assert {key: list(value.shape) for key, value in weights.items()} == table
