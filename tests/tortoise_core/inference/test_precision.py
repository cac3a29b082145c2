"""Which precision an engine is loaded with, on machines of every kind."""

import subprocess
import sys

import pytest

from tortoise_core.errors import ConfigError
from tortoise_core.inference import precision
from tortoise_core.inference.precision import choose_precision, gpu_capability


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Makes this a machine with such processor flags and such GPUs (their capabilities)."""

    def become(flags, gpus=()):
        info = tmp_path / "cpuinfo"
        info.write_text(f"processor\t: 0\nflags\t\t: fpu {flags}\n\nprocessor\t: 1\nflags\t\t: fpu {flags}\n")
        monkeypatch.setattr(precision, "_CPU_INFO", info)
        monkeypatch.setattr(precision, "gpu_capability", lambda n: gpus[n] if n < len(gpus) else 0)

    return become


@pytest.mark.parametrize(
    ("flags", "gpus", "device", "expected"),
    [
        ("avx2", (), "auto", "float32"),
        ("avx2 avx512f avx512_bf16", (), "auto", "bfloat16"),
        ("avx2 amx_bf16", (), "cpu", "bfloat16"),
        ("avx2", (9,), "auto", "bfloat16"),
        ("avx2", (9,), "cpu", "float32"),
        ("avx512_bf16", (7,), "auto", "float32"),  # the GPU will be used, and it is too old
        ("avx2", (7, 8), "cuda:1", "bfloat16"),
        ("avx2", (7, 8), "cuda", "float32"),
        ("avx512_bf16", (), "cuda:3", "float32"),
        ("avx512_bf16", (), "mps", "float32"),
    ],
)
def test_auto_is_bfloat16_where_the_device_multiplies_it(machine, flags, gpus, device, expected):
    machine(flags, gpus)
    assert choose_precision("auto", device) == expected


@pytest.mark.parametrize("name", precision.PRECISIONS)
def test_a_named_precision_is_taken_at_its_word(machine, monkeypatch, name):
    machine("avx2")
    monkeypatch.setattr(precision.platform, "machine", lambda: "x86_64")
    assert choose_precision(name, "cpu") == name


def test_an_unknown_precision_is_refused():
    with pytest.raises(ConfigError, match=r"float16.*use auto, float32, bfloat16, int8, w8a8"):
        choose_precision("float16", "cpu")


@pytest.mark.parametrize("name", ["int8", "w8a8"])
@pytest.mark.parametrize(("device", "gpus"), [("cuda", (9,)), ("cuda:1", ()), ("auto", (9,))])
def test_eight_bits_are_refused_on_a_gpu(machine, device, gpus, name):
    machine("avx512_bf16", gpus)
    with pytest.raises(ConfigError, match=rf"{name} is for the CPU.*use auto or bfloat16"):
        choose_precision(name, device)


@pytest.mark.parametrize("name", ["int8", "w8a8"])
def test_eight_bits_are_refused_on_a_processor_whose_libraries_lack_them(machine, monkeypatch, name):
    machine("")
    monkeypatch.setattr(precision.platform, "machine", lambda: "aarch64")
    with pytest.raises(ConfigError, match=rf"{name} is for x86-64 processors, not aarch64: use auto or bfloat16"):
        choose_precision(name, "cpu")
    assert choose_precision("bfloat16", "cpu") == "bfloat16"


def test_a_machine_without_processor_information_computes_in_float32(monkeypatch, tmp_path):
    monkeypatch.setattr(precision, "_CPU_INFO", tmp_path / "nothing")
    assert choose_precision("auto", "cpu") == "float32"


def test_the_driver_tells_what_torch_tells():
    import torch

    expected = torch.cuda.get_device_capability(0)[0] if torch.cuda.is_available() else 0
    assert gpu_capability(0) == expected
    assert gpu_capability(99) == 0


class Driver:
    """The driver of a machine with two GPUs; each call may fail."""

    def __init__(self, failing=""):
        self.failing = failing
        self.asked = []

    def cuInit(self, flags):
        assert flags == 0
        return int(self.failing == "init")

    def cuDeviceGet(self, handle, ordinal):
        handle._obj.value = 40 + ordinal
        return 0 if ordinal < 2 and self.failing != "get" else 101

    def cuDeviceGetAttribute(self, found, attribute, handle):
        self.asked.append((attribute, handle.value))
        found._obj.value = handle.value - 32
        return int(self.failing == "attribute")


@pytest.mark.parametrize(
    ("failing", "capabilities"), [("", [8, 9, 0]), ("init", [0] * 3), ("get", [0] * 3), ("attribute", [0] * 3)]
)
def test_the_driver_is_asked_for_each_gpus_capability(monkeypatch, failing, capabilities):
    driver = Driver(failing)
    loaded = []
    monkeypatch.setattr(precision.ctypes, "CDLL", lambda name: loaded.append(name) or driver)
    assert [gpu_capability.__wrapped__(number) for number in range(3)] == capabilities
    assert set(loaded) == {"libcuda.so.1"}
    assert set(driver.asked) <= {(75, 40), (75, 41)}  # 75: the major capability, in NVIDIA's cuda.h
    monkeypatch.setattr(precision.sys, "platform", "win32")
    gpu_capability.__wrapped__(0)
    assert loaded[-1] == "nvcuda.dll"


def test_a_machine_without_a_driver_has_no_gpu(monkeypatch):
    def missing(name):
        raise OSError(name)

    monkeypatch.setattr(precision.ctypes, "CDLL", missing)
    assert gpu_capability.__wrapped__(0) == 0


@pytest.mark.parametrize(("device", "expected"), [("cuda:x", "bfloat16"), ("cuda:1", "float32"), ("auto", "bfloat16")])
def test_a_gpu_without_a_number_is_the_first(machine, device, expected):
    machine("avx2", (8, 7))
    assert choose_precision("auto", device) == expected


def test_the_choice_needs_no_torch():
    check = "import sys; from tortoise_core.inference.precision import choose_precision as c; c('auto', 'auto')"
    subprocess.run([sys.executable, "-c", f"{check}; assert 'torch' not in sys.modules"], check=True)
