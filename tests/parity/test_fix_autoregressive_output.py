"""The clean-up of sampled code rows against the recorded one."""

import pytest
import torch

from tortoise_core.inference.codes import PUBLISHED_FORMAT, CodeFormat, clean_codes

pytestmark = pytest.mark.golden("fix_autoregressive_output")


def test_cleaned_rows(golden):
    for index, case in enumerate(golden.meta["cases"]):
        code_format = CodeFormat(case["stop_token"], PUBLISHED_FORMAT.calm, PUBLISHED_FORMAT.tail)
        row = torch.tensor(case["codes"])
        golden.check(clean_codes(row, code_format).tolist(), "cases", index, "output")
        assert row.tolist() == case["codes"]  # the original wrote into its argument; ours must not


def test_published_codes(golden):
    golden.check(PUBLISHED_FORMAT.stop, "stop_token")
    golden.check(PUBLISHED_FORMAT.calm, "calm_token")
    for index, code in enumerate(PUBLISHED_FORMAT.tail):
        golden.check(code, "tail", index)
