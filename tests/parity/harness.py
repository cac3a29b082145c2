"""Golden fixtures: finding them, loading them, comparing with them, and knowing which were never compared.

Knows the file formats of the golden folders (their README.md) and nothing of the modules under test.

How to write a parity test
--------------------------
A test that takes `golden` and is marked with a fixture's name runs once for every golden folder that holds it::

    pytestmark = pytest.mark.golden("clvp")  # or on one function, in modules with several fixtures

    @pytest.fixture(scope="module")
    def model(golden):  # `golden` is module-scoped: build the network once per folder
        model = CLVP(config_from(golden.config["ctor"])).eval()
        model.load_state_dict(golden.weights("clvp"))  # a key of `weights_files`, needed if it has several
        return model

    def test_scores(golden, model):
        golden.compare("scores", model(golden["text"], golden["speech"]))  # in.text, in.speech -> out.scores

* `golden["x"]` is a copy of the tensor `in.x`, `golden.out("x")` is `out.x`. `golden.noises("a")` is the list
  `in.a.noise.000, ...`, and `golden.noises()` the list `in.noise.000, ...`. `golden.meta` is the whole json,
  `golden.config` its `config`.
* `golden.compare(name, value)` holds `value` (tensor, number or nested list) against `out.NAME`: integers exactly,
  floats within the json's `suggested_atol`. Where the file holds `NAME.sample/.stats/.shape_stride`, give the full
  tensor under NAME. `atol=` overrides the tolerance (say why in a comment).
* Fixtures without tensors (tokenizer, presets ...): `golden.check(value, "cases", 3, "ids")` holds `value` against
  that place of the json.
* `official_*`: `golden.official_weights()` fills the state dict from the formula and verifies `weights_check`; load it
  with `load_state_dict(..., assign=True)` to hold it in memory once. Entries of kind `keep` (constant buffers, named
  by `golden.kept_weights()`) are left out.
* `official_seeded` (golden.npz) is a fixture of that name, with the same `[...]`, `out` and `compare`;
  `seeded_weights(shapes)` fills a state dict by its recipe.
* No autograd unless the test says `with torch.enable_grad()`.

Every output of every fixture found must be compared by some test: the last test of a whole run, test_coverage.py,
fails with the list of what was not. A table at the end of the session shows the largest error of each fixture.
"""

from __future__ import annotations

import functools
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from tests.beside import golden_sets

SMALL_SET = Path(__file__).resolve().parent / "goldens"
SEEDED_FILE = "golden.npz"
NOT_A_FIXTURE = {"MANIFEST"}


@dataclass
class Comparison:
    """Largest difference seen for one output. `tolerance` 0 means that it had to be equal."""

    output: str
    error: float
    tolerance: float

    @property
    def severity(self) -> float:
        """Error as a share of the tolerance; 0 where equality was wanted and found."""
        if self.tolerance:
            return self.error / self.tolerance
        return float("inf") if self.error else 0.0


@dataclass(eq=False)
class Golden:
    """One fixture of one folder: configuration, inputs and recorded outputs."""

    name: str
    folder: Path
    meta: dict[str, Any]
    comparisons: list[Comparison] = field(default_factory=list)
    covered: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return f"{self.name}@{self.folder.name}"

    @property
    def config(self) -> dict[str, Any]:
        return self.meta.get("config", {})

    @functools.cached_property
    def tensors(self) -> dict[str, torch.Tensor]:
        """All tensors of the fixture, with their `in.` and `out.` prefixes."""
        return load_file(self.folder / f"{self.name}.safetensors")

    @property
    def required(self) -> set[str]:
        """Names of everything that tests have to compare."""
        if "outputs" in self.meta:
            return {base_name(name) for name in self.meta["outputs"]}
        places = ((key, value) for key, value in self.meta.items() if key not in ("fixture", "set"))
        return {
            place
            for key, value in places
            for place in ([f"{key}[{i}]" for i in range(len(value))] if isinstance(value, list) else [key])
        }

    @property
    def uncovered(self) -> list[str]:
        return sorted(self.required - self.covered)

    def __getitem__(self, name: str) -> torch.Tensor:
        return self.tensors[f"in.{name}"].clone()  # a copy: some code under test writes into its arguments

    def out(self, name: str) -> torch.Tensor:
        return self.tensors[f"out.{name}"]

    def noises(self, case: str = "") -> list[torch.Tensor]:
        """The normal draws of a case, in the order in which they were drawn."""
        prefix = f"in.{case}.noise." if case else "in.noise."
        return [self.tensors[key].clone() for key in sorted(self.tensors) if key.startswith(prefix)]

    def weights(self, model: str | None = None) -> dict[str, torch.Tensor]:
        """The small model's state dict, float32. `model` names one of `weights_files` where there are several."""
        files: dict[str, str] = self.meta["weights_files"]
        if model is None:
            (model,) = files
        return {
            key: value.float() if value.is_floating_point() else value
            for key, value in load_file(self.folder / files[model]).items()
        }

    def official_weights(self) -> dict[str, torch.Tensor]:
        """The official-size state dict by the formula of the goldens' README, without the entries of kind `keep`."""
        salt = self.config["salt"]
        weights = {
            entry["key"]: torch.from_numpy(formula_fill(entry, salt)).reshape(entry["shape"])
            for entry in self.meta["weights_table"]
            if entry["kind"] != "keep"
        }
        for check in self.meta["weights_check"]:
            values = weights[check["key"]].flatten()
            found = [*values[: len(check["first"])].tolist(), values[-1].item()]
            assert found == [*check["first"], check["last"]], f"{self}: the fill of {check['key']} is wrong: {found}"
        return weights

    def kept_weights(self) -> set[str]:
        """Names of the official entries that keep the value they are constructed with."""
        return {entry["key"] for entry in self.meta["weights_table"] if entry["kind"] == "keep"}

    def tolerance(self, output: str) -> float:
        return float(self.meta["outputs"][output].get("suggested_atol", 0.0))

    def compare(self, name: str, value: Any, atol: float | None = None) -> float:
        """Asserts that `value` is the recorded output `name`; returns the largest absolute difference."""
        value = torch.as_tensor(value).detach().cpu()
        if f"out.{name}" in self.tensors:
            return self._compare(name, self.out(name), value, atol)
        *shape, stride = self.out(f"{name}.shape_stride").tolist()
        assert list(value.shape) == shape, f"{self}: {name} has shape {list(value.shape)}, recorded {shape}"
        self._compare(f"{name}.stats", self.out(f"{name}.stats"), statistics(value), atol)
        return self._compare(f"{name}.sample", self.out(f"{name}.sample"), value.flatten()[::stride], atol)

    def check(self, value: Any, *place: str | int) -> None:
        """Asserts that `value` equals what the json holds at `place`, e.g. `"cases", 3, "ids"`."""
        expected: Any = self.meta
        for step in place:
            expected = expected[step]
        within_list = len(place) > 1 and isinstance(place[1], int)
        self._record(f"{place[0]}[{place[1]}]" if within_list else str(place[0]), float(value != expected), 0.0)
        assert value == expected, f"{self}: {place}: got {value!r}, recorded {expected!r}"

    def _compare(self, name: str, expected: torch.Tensor, value: torch.Tensor, atol: float | None) -> float:
        shapes = f"shape {list(value.shape)}, recorded {list(expected.shape)}"
        assert value.shape == expected.shape, f"{self}: {name}: {shapes}"
        exact = not expected.is_floating_point()
        assert exact == (not value.is_floating_point()), f"{self}: {name} is {value.dtype}, recorded {expected.dtype}"
        tolerance = atol if atol is not None else 0.0 if exact else self.tolerance(name)
        difference = (value.double() - expected.double()).abs()
        error = difference.max().item() if difference.numel() else 0.0
        self._record(name, error, tolerance)
        assert error <= tolerance, f"{self}: {name} is off by {error:.3g}, tolerance {tolerance:.3g}"
        return error

    def _record(self, name: str, error: float, tolerance: float) -> None:
        self.covered.add(base_name(name))
        self.comparisons.append(Comparison(name, error, tolerance))


class SeededGolden(Golden):
    """The `official_seeded` set: one npz, no json, a fixed tolerance (its README)."""

    # Inputs that are stored without the prefix.
    INPUTS = frozenset(
        ["ar.text", "ar.codes", "clvp.text", "clvp.codes", "cvvp.mel", "cvvp.codes", "diff.codes", "voc.mel", "voc.z"]
    )

    @functools.cached_property
    def tensors(self) -> dict[str, torch.Tensor]:
        with np.load(self.folder / SEEDED_FILE, allow_pickle=False) as archive:
            arrays = {key: torch.from_numpy(archive[key]) for key in archive.files}
        return {self._full_name(key): value for key, value in arrays.items()}

    @property
    def required(self) -> set[str]:
        return {key.removeprefix("out.") for key in self.tensors if key.startswith("out.")}

    def tolerance(self, output: str) -> float:
        return 5e-4 if "_N5_" in output else 1e-4

    def _full_name(self, key: str) -> str:
        if key.startswith("in."):
            return key
        return f"in.{key}" if key in self.INPUTS else f"out.{key}"


def base_name(output: str) -> str:
    """`x.sample`, `x.stats` and `x.shape_stride` are one output, `x`."""
    for suffix in (".sample", ".stats", ".shape_stride"):
        output = output.removesuffix(suffix)
    return output


def statistics(value: torch.Tensor) -> torch.Tensor:
    """Mean, mean magnitude, mean square, smallest and largest, float64."""
    value = value.double()
    return torch.stack([value.mean(), value.abs().mean(), value.square().mean(), value.min(), value.max()])


def formula_fill(entry: Mapping[str, Any], salt: int, chunk: int = 1 << 22) -> np.ndarray:
    """One flat float32 tensor of the official-size recipe. In chunks, so that the temporaries stay small."""
    size = int(np.prod(entry["shape"], dtype=np.int64))
    start = np.uint32(((entry["index"] + 1) * 0x85EBCA77 + salt * 0xC2B2AE3D) & 0xFFFFFFFF)
    filled = np.empty(size, np.float32)
    for begin in range(0, size, chunk):
        x = np.arange(
            begin + 1, min(begin + chunk, size) + 1, dtype=np.uint32
        )  # uint32 products wrap, as the recipe wants
        x *= np.uint32(0x9E3779B1)
        x += start
        x ^= x >> np.uint32(15)
        x *= np.uint32(0x2C1B3C6D)
        x ^= x >> np.uint32(12)
        x *= np.uint32(0x297A2D39)
        x ^= x >> np.uint32(15)
        unit = (x + 0.5) / 2.0**31 - 1  # float64
        filled[begin : begin + chunk] = entry["offset"] + entry["scale"] * unit
    return filled


def seeded_weights(shapes: Mapping[str, Iterable[int]], vocoder: bool = False) -> dict[str, torch.Tensor]:
    """A state dict by the recipe of `official_seeded`, which seeds each tensor with its name.

    Entries that keep their initial value there (`inv_freq`, `temperature`, `cluster_size`) are left out.
    """
    weights = {}
    for key, shape in shapes.items():
        if "inv_freq" in key or key == "temperature" or "cluster_size" in key:
            continue
        value = torch.randn(tuple(shape), generator=torch.Generator().manual_seed(zlib.crc32(key.encode())))
        if key.endswith("weight_g"):
            damped = vocoder and ("kernel_conv" in key or "bias_conv" in key)
            value = (0.8 + 0.1 * value) * (0.1 if damped else 1.0)
        elif value.dim() >= 2:
            value *= 0.7 / value[0].numel() ** 0.5
        else:
            value = 0.05 * value if key.endswith("bias") else 1 + 0.1 * value
        weights[key] = value
    return weights


@dataclass
class Session:
    """All fixtures of a test session."""

    goldens: list[Golden]
    incomplete: list[str]  # fixtures whose files are not all there

    def named(self, names: Iterable[str]) -> list[Golden]:
        wanted = set(names)
        return [golden for golden in self.goldens if golden.name in wanted]


def discover(folders: Iterable[Path]) -> Session:
    """Finds the fixtures of all folders. One that is byte for byte in an earlier folder, too, is taken once."""
    session = Session([], [])
    seen: set[tuple[str, str]] = set()
    for folder in folders:
        if (folder / SEEDED_FILE).is_file():
            session.goldens.append(SeededGolden("official_seeded", folder, {}))
        for path in sorted(folder.glob("*.json")):
            identity = (path.name, hashlib.sha256(path.read_bytes()).hexdigest())
            if path.stem in NOT_A_FIXTURE or identity in seen:
                continue
            seen.add(identity)
            golden = Golden(path.stem, folder, json.loads(path.read_text(encoding="utf-8")))
            missing = [name for name in companions(golden) if not (folder / name).is_file()]
            if missing:
                session.incomplete.append(f"{golden}: missing {', '.join(missing)}")
            else:
                session.goldens.append(golden)
    return session


def companions(golden: Golden) -> list[str]:
    """Files that a fixture needs besides its json."""
    tensors = [f"{golden.name}.safetensors"] if "outputs" in golden.meta else []
    return tensors + list(golden.meta.get("weights_files", {}).values())


def default_folders() -> list[Path]:
    """The committed small set, then the full sets where this checkout has them beside it."""
    return [SMALL_SET, *golden_sets()]


def report_lines(session: Session) -> list[str]:
    """The table for the end of the session: each fixture with its largest error, as a share of the tolerance."""
    lines = [f"{'fixture':<36} {'compared':>8}  largest error (of tolerance) at"]
    for golden in session.goldens:
        if golden.comparisons:
            done = f"{len(golden.required & golden.covered)}/{len(golden.required)}"
            lines.append(f"{golden!s:<36} {done:>8}  {worst_of(golden)}")
    untouched = [str(golden) for golden in session.goldens if not golden.comparisons]
    whole = sum(not golden.uncovered for golden in session.goldens)
    lines.append(f"fixtures found: {len(session.goldens)}; every output compared: {whole}; none: {len(untouched)}")
    lines += [f"NOT COMPARED {name}" for name in untouched]
    return lines + [f"INCOMPLETE {problem}" for problem in session.incomplete]


def worst_of(golden: Golden) -> str:
    """Largest error of a fixture, where it was, and what it may be."""
    worst = max(golden.comparisons, key=lambda comparison: comparison.severity)
    if worst.tolerance:
        return f"{worst.error:.1e} ({worst.tolerance:.1e}) {worst.output}"
    return f"DIFFERS {worst.output}" if worst.error else "exact"
