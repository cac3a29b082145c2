"""Repairing rows of codes. The recorded cases are in tests/parity; these are the edges they leave out."""

import pytest
import torch

from tortoise_core.inference.codes import PUBLISHED_FORMAT, CodeFormat, clean_codes, pad_codes, spoken_length

PLAIN = CodeFormat(stop=9)


def test_published_rows_end_in_calm_and_tail():
    row = pad_codes(torch.tensor([5, 6, 7]), 10, 8193)
    before = row.clone()
    assert clean_codes(row, PUBLISHED_FORMAT).tolist() == [5, 6, 7, 83, 83, 83, 83, 45, 45, 248]
    assert torch.equal(row, before)


@pytest.mark.parametrize(
    ("row", "cleaned"), [([5, 9, 9], [5]), ([5, 6, 7], [5, 6, 7]), ([9], []), ([], []), ([5, 9, 6, 9], [5])]
)
def test_other_codecs_end_at_the_stop(row, cleaned):
    assert clean_codes(torch.tensor(row, dtype=torch.long), PLAIN).tolist() == cleaned
    assert spoken_length(torch.tensor(cleaned, dtype=torch.long), PLAIN) == len(cleaned)


@pytest.mark.parametrize(
    ("calm_at", "length"), [((4, 12), 20), ((4, 13), 12), ((0, 9), 8), ((2, 10), 20), ((11, 20), 19), ((12, 20), 20)]
)
def test_decoding_stops_at_the_ninth_calm_code(calm_at, length):
    row = torch.arange(100, 120)
    row[slice(*calm_at)] = 83
    assert spoken_length(row, PUBLISHED_FORMAT) == length


def test_short_rows_are_spoken_whole():
    assert spoken_length(torch.full((8,), 83), PUBLISHED_FORMAT) == 8
    assert spoken_length(torch.full((9,), 83), PUBLISHED_FORMAT) == 8


@pytest.mark.parametrize(
    ("row", "cleaned"),
    [([5, 8193], [45, 248]), ([8193], [248]), ([8193, 7, 7, 7], [83, 45, 45, 248]), ([5, 6], [5, 6])],
)
def test_rows_that_are_hardly_longer_than_the_tail(row, cleaned):
    assert clean_codes(torch.tensor(row), PUBLISHED_FORMAT).tolist() == cleaned
    assert pad_codes(torch.tensor(row), len(row) + 2, 9).tolist() == [*row, 9, 9]
