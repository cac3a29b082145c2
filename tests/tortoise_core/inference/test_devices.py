"""Names of devices on machines of every kind, and how a GPU is set up."""

import pytest
import torch

from tortoise_core.errors import ConfigError
from tortoise_core.inference import devices
from tortoise_core.inference.devices import prepare, torch_device


@pytest.fixture
def machine(monkeypatch):
    """Makes this a machine on which torch sees so many GPUs, and the driver perhaps more."""

    def become(gpus, driver=None):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
        seen = gpus if driver is None else driver
        monkeypatch.setattr(devices, "gpu_capability", lambda n: 9 if n < seen else 0)

    return become


@pytest.mark.parametrize(
    ("gpus", "name", "expected"),
    [(0, "auto", "cpu"), (1, "auto", "cuda"), (1, "cpu", "cpu"), (1, "cuda:0", "cuda:0"), (2, "cuda:1", "cuda:1")],
)
def test_names_mean_what_is_there(machine, gpus, name, expected):
    machine(gpus)
    assert torch_device(name) == torch.device(expected)


@pytest.mark.parametrize(
    ("gpus", "name", "message"),
    [
        (0, "cuda", "sees no GPU here: use auto or cpu"),
        (1, "cuda:1", "sees 1 GPU here, from cuda:0 on: use auto"),
        (1, "cuda:7", "sees 1 GPU here, from cuda:0 on: use auto"),
        (0, "mps", "mps devices are not supported"),
        (0, "xpu:0", "xpu devices are not supported"),
        (0, "gpu", "unknown device 'gpu': use auto, cpu or cuda"),
    ],
)
def test_what_is_not_there_is_refused_in_words(machine, gpus, name, message):
    machine(gpus)
    with pytest.raises(ConfigError, match=message):
        torch_device(name)


def test_a_gpu_that_torch_cannot_use_is_not_passed_over_in_silence(machine):
    machine(0, driver=1)
    with pytest.raises(ConfigError, match="update its driver, or set the device to cpu"):
        torch_device("auto")
    assert torch_device("cpu").type == "cpu"


def test_amd_gpus_are_refused(machine, monkeypatch):
    machine(1)
    monkeypatch.setattr(torch.version, "hip", "6.0")
    with pytest.raises(ConfigError, match="AMD"):
        torch_device("auto")


@pytest.mark.parametrize(("precision", "tf32"), [("float32", False), ("bfloat16", True)])
def test_a_gpu_computes_alike_every_time(precision, tf32):
    cudnn = torch.backends.cudnn
    products = torch.backends.cuda.matmul
    before = cudnn.allow_tf32, cudnn.deterministic, cudnn.benchmark, products.allow_tf32
    attention = torch.backends.cuda.cudnn_sdp_enabled()
    try:
        prepare(torch.device("cuda"), precision)
        assert cudnn.deterministic and not cudnn.benchmark
        assert cudnn.allow_tf32 == products.allow_tf32 == tf32
        assert not torch.backends.cuda.cudnn_sdp_enabled()
    finally:
        cudnn.allow_tf32, cudnn.deterministic, cudnn.benchmark, products.allow_tf32 = before
        torch.backends.cuda.enable_cudnn_sdp(attention)


def test_a_cpu_is_left_as_it_is():
    cudnn = torch.backends.cudnn
    products = torch.backends.cuda.matmul

    def settings():
        return cudnn.allow_tf32, cudnn.deterministic, products.allow_tf32, torch.backends.cuda.cudnn_sdp_enabled()

    before = settings()
    prepare(torch.device("cpu"), "bfloat16")
    assert settings() == before
