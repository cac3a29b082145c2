"""Tokenizer, splitter and redaction of the published model against the recorded ones."""

import pytest
import torch

from tortoise_core.errors import TextError
from tortoise_core.text.cleaners import clean_basic, clean_english
from tortoise_core.text.redaction import max_alignment, redact
from tortoise_core.text.splitter import split_text
from tortoise_core.text.tokenizer import Tokenizer


@pytest.mark.golden("tokenizer")
def test_encoding(golden):
    english = Tokenizer(clean_english)
    basic = Tokenizer(clean_basic)
    for index, case in enumerate(golden.meta["cases"]):
        tokenizer = basic if case["use_basic_cleaners"] else english
        golden.check(tokenizer.clean(case["text"]), "cases", index, "cleaned")
        golden.check(tokenizer.encode(case["text"]), "cases", index, "ids")
        golden.check(tokenizer.decode(case["ids"]), "cases", index, "decoded")


@pytest.mark.golden("tokenizer")
def test_decoding(golden):
    for index, case in enumerate(golden.meta["decode_only"]):
        golden.check(Tokenizer().decode(case["ids"]), "decode_only", index, "decoded")


@pytest.mark.golden("tokenizer")
def test_unreadable_numbers_raise(golden):
    for index, case in enumerate(golden.meta["raises"]):
        with pytest.raises(TextError) as caught:
            Tokenizer().encode(case["text"])
        golden.check(type(caught.value.__cause__).__name__, "raises", index, "raises")


@pytest.mark.golden("text_split")
def test_splitter(golden):
    for index, case in enumerate(golden.meta["cases"]):
        golden.check(split_text(case["text"], **case["kwargs"]), "cases", index, "output")


@pytest.mark.golden("text_split")
def test_splitter_defaults(golden):
    desired_length, max_length = split_text.__defaults__
    golden.check({"desired_length": desired_length, "max_length": max_length}, "defaults")


@pytest.mark.golden("alignment")
def test_max_alignment(golden):
    for index, case in enumerate(golden.meta["max_alignment"]):
        golden.check(max_alignment(case["s1"], case["s2"]), "max_alignment", index, "output")


@pytest.mark.golden("alignment")
def test_redaction(golden):
    for index, case in enumerate(golden.meta["redact"]):
        asked = []

        def align(audio, text, case=case, asked=asked):
            asked.append(text)
            return case["alignment"]

        result = redact(torch.arange(case["n_samples"])[None], case["text"], align)
        golden.check(bool(asked), "redact", index, "align_called")
        golden.check(asked[0] if asked else None, "redact", index, "align_text")
        golden.check(result.shape[-1], "redact", index, "out_len")
        kept = [sample for start, stop in case["kept_runs"] for sample in range(start, stop)]
        assert result[0].tolist() == kept
