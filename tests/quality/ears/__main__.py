"""`python -m tests.quality.ears`: learns the listeners' policy from planted faults, tests it, and writes both.

Renders what is not there yet (an hour of one core and more); has every listener hear the takes, the slow ones a part of
them; writes `policy.json` and the figures of docs/quality.md.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from flows.services import Services, read_settings
from tasks.align.words import SpellerTimer
from tasks.qa.listeners.policy import POLICY
from tests.quality.ears.fit import Listened, doubts, learn, policy_json, threshold
from tests.quality.ears.gathering import ears, gather
from tests.quality.ears.material import Material
from tests.quality.ears.rendering import Studio
from tests.quality.ears.takes import NATURAL, known_takes

FIGURES = Path(__file__).resolve().parents[3] / "docs" / "quality" / "figures.json"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.ears", description=__doc__)
    parser.add_argument("--sentences", type=Path, required=True, help="the training text, one sentence a line")
    parser.add_argument("--books", type=Path, required=True, help="a folder of the books")
    parser.add_argument("--whisper", required=True, help="a CTranslate2 model, by name or folder")
    parser.add_argument("--out", type=Path, default=Path("~/.cache/talepress/quality/ears"))
    given = parser.parse_args()
    torch.set_num_threads(1)
    out = given.out.expanduser()
    services = Services(read_settings())
    model = Path(services.synthesize.model)
    material = Material(services, given.books, given.sentences)
    takes = list(known_takes(material.cases, Studio(services, out / "takes"), SpellerTimer(model)))
    policies: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    for ear in ears(model, given.whisper, out / "opinions"):
        heard = list(gather(ear, takes))
        fitted = [take for take in heard if take.known.case.is_fitted]
        weighings = learn(fitted)
        most = [float(doubts(take, weighings).max()) for take in fitted]
        least = threshold(most, [take.known.is_faulty for take in fitted], ear.false_alarms)
        policies[ear.kind] = policy_json(weighings, least)
        tested = [take for take in heard if not take.known.case.is_fitted]
        doubted = [float(doubts(take, weighings).max()) >= least for take in tested]
        rows.append({"listener": ear.kind, "takes": len(heard), **rates(tested, doubted)})
        print(rows[-1], flush=True)
    POLICY.write_text(json.dumps(policies, indent=1) + "\n", "utf-8")
    figures = json.loads(FIGURES.read_text("utf-8"))
    figures["ears"] = rows
    figures["dates"]["ears"] = time.strftime("%Y-%m-%d")
    FIGURES.write_text(json.dumps(figures, indent=1), "utf-8")


def rates(takes: Sequence[Listened], doubted: Sequence[bool]) -> dict[str, Any]:
    """Precision, recall and false alarms, and the recall of each kind of fault; in percent."""
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for take, doubt in zip(takes, doubted, strict=True):
        by_kind[take.known.kind].append(doubt)
    good = by_kind.pop(NATURAL)
    faulty = [doubt for own in by_kind.values() for doubt in own]
    caught = sum(faulty)
    return {
        "tested": len(takes),
        "recall": round(100 * caught / len(faulty), 1),
        "false alarms": round(100 * sum(good) / len(good), 1),
        "precision": round(100 * caught / max(1, caught + sum(good)), 1),
        **{kind: round(100 * sum(own) / len(own)) for kind, own in sorted(by_kind.items())},
    }


if __name__ == "__main__":
    main()
