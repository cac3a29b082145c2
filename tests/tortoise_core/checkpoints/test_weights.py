"""Weights files are read and written whole, and belong to their network or are refused by the tensor's name."""

import pytest
import torch
from torch import nn

from tortoise_core.checkpoints.weights import (
    check_shapes,
    check_tensors,
    load_weights,
    read_shapes,
    read_tensors,
    write_tensors,
)
from tortoise_core.errors import CheckpointError, DamagedWeightsError


class Small(nn.Module):
    """A network with fractions and an integer."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 2)
        self.register_buffer("count", torch.tensor([7]))


def tensors():
    torch.manual_seed(3)
    return Small().state_dict()


def shapes(**changed):
    return {**{name: value.shape for name, value in tensors().items()}, **changed}


def test_tensors_come_back_as_they_were_written(tmp_path):
    path = tmp_path / "a.safetensors"
    shared = tensors()
    shared["again"] = shared["linear.weight"].T  # one memory, turned: the format takes neither
    write_tensors(path, shared)
    read = read_tensors(path)
    assert read.keys() == shared.keys()
    assert all(torch.equal(read[name], shared[name]) and read[name].dtype == shared[name].dtype for name in shared)
    assert read_shapes(path) == {name: value.shape for name, value in shared.items()}


def test_half_precision_is_for_fractions_alone(tmp_path):
    path = tmp_path / "a.safetensors"
    write_tensors(path, tensors(), torch.float16)
    read = read_tensors(path)
    assert {name: value.dtype for name, value in read.items()} == {
        "linear.weight": torch.float16,
        "linear.bias": torch.float16,
        "count": torch.int64,
    }


def test_what_a_type_cannot_hold_is_refused_and_what_is_no_number_already_is_kept(tmp_path):
    path = tmp_path / "a.safetensors"
    with pytest.raises(CheckpointError, match=r"^a\.safetensors: x holds values too large for torch\.float16; store"):
        write_tensors(path, {"x": torch.tensor([1.0, 7e4])}, torch.float16)
    assert not path.exists()
    write_tensors(path, {"x": torch.tensor([1.0, 7e4])})
    write_tensors(path, {"x": torch.tensor([1.0, 6e4])}, torch.float16)
    write_tensors(path, {"x": torch.tensor([1.0, torch.inf])}, torch.float16)
    assert torch.equal(read_tensors(path)["x"], torch.tensor([1.0, torch.inf]).half())


def test_where_nothing_can_be_written_the_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"^cannot write .*gone/a\.safetensors: "):
        write_tensors(tmp_path / "gone" / "a.safetensors", tensors())


@pytest.mark.parametrize("read", [read_tensors, read_shapes, lambda path: load_weights(Small(), path)])
def test_a_file_that_is_gone_or_not_whole_is_named(tmp_path, read):
    path = tmp_path / "a.safetensors"
    with pytest.raises(DamagedWeightsError, match=r"there is no weights file .*a\.safetensors: fetch or make"):
        read(path)
    write_tensors(path, tensors())
    whole = path.read_bytes()
    for data in (whole[:-1], whole[:20], b"", b"text", whole + b"x"):
        path.write_bytes(data)
        with pytest.raises(DamagedWeightsError, match=r"a\.safetensors is not a whole safetensors file \(.+\); fetch"):
            read(path)


REMEDY = ": these are the weights of another network; import or fetch the model again$"


def test_tensors_that_do_not_fit_are_named():
    check_shapes(Small(), shapes(), "file")
    lacking = shapes()
    del lacking["linear.bias"], lacking["count"]
    more = shapes(zebra=torch.Size([1]), ant=torch.Size([1]))
    for given, message in (
        (lacking, "^file: 2 tensors are missing, 'count' first"),
        (more, "^file: 2 tensors do not belong here, 'ant' first"),
        (
            shapes(**{"linear.weight": torch.Size([2, 4])}),
            r"^file: 'linear\.weight' has shape \[2, 4\], expected \[2, 3\]",
        ),
        (
            shapes(**{"linear.weight": torch.Size([3, 2])}),
            r"^file: 'linear\.weight' has shape \[3, 2\], expected \[2, 3\]",
        ),
    ):
        with pytest.raises(CheckpointError, match=message + REMEDY):
            check_shapes(Small(), given, "file")
        with pytest.raises(CheckpointError, match=message + REMEDY):
            check_tensors(Small(), {name: torch.zeros(shape) for name, shape in given.items()}, "file")


@pytest.mark.parametrize(("name", "found"), [("count", torch.float32), ("linear.bias", torch.int64)])
def test_the_wrong_kind_of_numbers_is_named(name, found):
    given = {**tensors(), name: tensors()[name].to(found)}
    with pytest.raises(
        CheckpointError, match=rf"^file: '{name}' holds {found}, expected {tensors()[name].dtype}{REMEDY}"
    ):
        check_tensors(Small(), given, "file")


def test_a_network_is_filled_with_float32(tmp_path):
    path = tmp_path / "a.safetensors"
    wanted = {**tensors(), "count": torch.tensor([9])}
    write_tensors(path, wanted, torch.float16)
    network = Small()
    load_weights(network, path)
    assert torch.equal(network.linear.weight, wanted["linear.weight"].half().float())
    assert network.linear.bias.dtype == torch.float32
    assert torch.equal(network.count, torch.tensor([9]))
    write_tensors(path, {**wanted, "more": torch.zeros(1)})
    with pytest.raises(CheckpointError, match=r"^/.*a\.safetensors: 1 tensors do not belong here, 'more' first"):
        load_weights(network, path)
