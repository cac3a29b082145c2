"""The cost model: what it says of known sizes, and that the engine keeps to it."""

import pytest
import torch

from tortoise_core.inference import memory
from tortoise_core.inference.memory import (
    MOST_ROWS,
    Budget,
    Capacity,
    capacity,
    frame_bytes,
    free_memory,
    is_memory_error,
    row_bytes,
)
from tortoise_core.inference.precision import PRECISIONS
from tortoise_core.models.autoregressive import AutoregressiveConfig
from tortoise_core.models.diffusion_decoder import DiffusionDecoderConfig

GIB = 1 << 30
CPU = torch.device("cpu")
GPU = torch.device("cuda")
PUBLISHED = AutoregressiveConfig(), DiffusionDecoderConfig()


def test_a_published_row_holds_keys_and_values_of_every_layer():
    cache = 30 * 2 * 1024 * (128 + 500)
    logits = 4 * 8194 * 4
    assert row_bytes(PUBLISHED[0], "float32", 500) == 4 * cache + logits
    assert row_bytes(PUBLISHED[0], "bfloat16", 500) == 2 * cache + logits


@pytest.mark.parametrize(("free", "rows"), [(0, 1), (GIB, 6), (4 * GIB, 27), (1024 * GIB, MOST_ROWS["cpu"])])
def test_rows_follow_free_memory(free, rows):
    assert capacity(*PUBLISHED, "bfloat16", 500, CPU, free).rows == rows


def test_a_gpu_takes_more_at_once_than_a_cpu():
    there, here = (capacity(*PUBLISHED, "bfloat16", 500, device, 80 * GIB) for device in (GPU, CPU))
    assert there.rows > 500 > here.rows
    assert there.frames > here.frames


@pytest.mark.parametrize("free", [0, GIB, 8 * GIB, 64 * GIB])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_what_is_taken_on_fits_into_half_of_what_is_free(free, precision):
    fits = capacity(*PUBLISHED, precision, 500, GPU, free)
    assert fits.rows == 1 or fits.rows * row_bytes(PUBLISHED[0], precision, 500) <= free / 2
    assert fits.frames == memory.FRAMES_EACH or fits.frames * frame_bytes(PUBLISHED[1]) <= free / 2


def test_free_memory_is_that_of_the_machine_or_of_the_container(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_available", lambda: 5 * GIB)
    for name, text in {"memory.max": str(3 * GIB), "memory.current": str(GIB)}.items():
        (tmp_path / name).write_text(text + "\n")
    assert memory._group_limit(tmp_path) == 2 * GIB
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._group_limit(tmp_path) > 1024 * GIB
    assert memory._group_limit(tmp_path / "none") > 1024 * GIB
    assert 0 < free_memory(CPU) <= 5 * GIB


@pytest.mark.parametrize(("available", "limit", "free"), [(5, 3, 3), (3, 5, 3)])
def test_free_memory_is_the_smaller_of_both(monkeypatch, available, limit, free):
    monkeypatch.setattr(memory, "_available", lambda: available)
    monkeypatch.setattr(memory, "_group_limit", lambda: limit)
    assert free_memory(CPU) == free


@pytest.mark.parametrize(
    ("content", "free"),
    [
        ("MemTotal:  9000 kB\nMemFree:  10 kB\nMemAvailable:  4000 kB\nBuffers:  5 kB\n", 4000 * 1024),
        ("MemTotal:  9000 kB\n", 5 * 4096 // 2),
        (None, 5 * 4096 // 2),
    ],
)
def test_what_linux_calls_available_counts_in_kibibytes(monkeypatch, tmp_path, content, free):
    """Half of all memory where the system does not say, or not so."""
    names = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 5}
    if content is not None:
        (tmp_path / "meminfo").write_text(content)
    monkeypatch.setattr(memory, "Path", lambda path: tmp_path / path.removeprefix("/proc/"))
    monkeypatch.setattr(memory.os, "sysconf", names.__getitem__)
    assert memory._available() == free


def test_a_gpu_is_asked_what_is_free_once_freed_weights_are_given_back(monkeypatch):
    done = []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: done.append("emptied"))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: done.append(device) or (7, 100))
    assert free_memory(torch.device("cuda", 1)) == 7
    assert done == ["emptied", torch.device("cuda", 1)]


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8"])
def test_rows_take_as_many_bytes_as_their_numbers(precision):
    bytes_each = {"float32": 4, "bfloat16": 2, "int8": 2}[precision]  # int8 are the weights alone
    sizes = AutoregressiveConfig(layers=3, width=8, heads=2, code_tokens=10, code_start=8, code_stop=9)
    assert row_bytes(sizes, precision, 72) == 2 * 3 * 8 * 200 * bytes_each + 4 * 10 * 4


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_memory_that_cannot_be_had_is_recognised(error):
    assert is_memory_error(error)


@pytest.mark.parametrize("error", [RuntimeError("shapes do not match"), ValueError("out of memory"), OSError()])
def test_other_errors_are_not_taken_for_it(error):
    assert not is_memory_error(error)


def test_a_budget_is_halved_down_to_one_row_and_grows_again():
    budget = Budget(Capacity(rows=100, frames=4_000, vocoded_frames=1_536))
    assert budget.ran_out()
    assert budget.now == Capacity(50, 2_000, 768)
    halved = 1
    while budget.ran_out():
        halved += 1
    assert budget.now == Capacity(1, memory.FRAMES_EACH, 1)
    for _ in range(memory._GROWS_AFTER * (halved + 1)):
        budget.went_well()
    assert budget.now == Capacity(100, 4_000, 1_536)


def test_the_sizes_of_the_published_networks():
    assert frame_bytes(PUBLISHED[1]) == 2 * 4 * ((16 + PUBLISHED[1].ff_mult) * 1024 + 2 * 16 * 1_000)
    assert capacity(*PUBLISHED, "bfloat16", 500, CPU, 1024 * GIB) == Capacity(128, 8_192, 1_536)
    assert capacity(*PUBLISHED, "bfloat16", 500, CPU, 0) == Capacity(1, 1_000, 1_536)
    assert capacity(*PUBLISHED, "bfloat16", 500, GPU, 1024 * GIB) == Capacity(1_024, 131_072, 24_576)
    assert capacity(*PUBLISHED, "bfloat16", 500, GPU, 4 * GIB).vocoded_frames == 2 * GIB // 524_288
    assert capacity(*PUBLISHED, "bfloat16", 500, GPU, 0) == Capacity(1, 1_000, 1_000)


def test_a_budget_grows_after_twenty_batches_since_memory_ran_out():
    budget = Budget(Capacity(8, 8_000, 8))
    budget.ran_out()
    for _ in range(19):
        budget.went_well()
    assert budget.ran_out() and budget.now.rows == 2  # the count begins again
    rows = []
    for _ in range(61):
        budget.went_well()
        rows.append(budget.now.rows)
    assert rows == [2] * 19 + [4] * 20 + [8] * 22


def test_a_container_that_is_full_has_nothing_left(tmp_path):
    (tmp_path / "memory.max").write_text("5\n")
    (tmp_path / "memory.current").write_text("9\n")
    assert memory._group_limit(tmp_path) == 0
    assert is_memory_error(RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"))
