"""Runs last: a golden that no test looked at is a failure, not a skip."""

SHOWN = 6


def test_every_golden_output_is_compared(parity_session):
    uncovered = [
        f"{golden}: {len(golden.uncovered)} outputs: {', '.join(golden.uncovered[:SHOWN])} ..."
        for golden in parity_session.goldens
        if golden.uncovered
    ]
    assert not uncovered, "no test compared\n  " + "\n  ".join(uncovered)
    assert not parity_session.incomplete
    assert parity_session.goldens, "no golden fixture was found at all"
