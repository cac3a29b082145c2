"""The score of codes against a text is the likelihood of all ways to spell it."""

import pytest
import torch

from tortoise_core.models.code_speller import CodeSpeller, CodeSpellerConfig

TINY = CodeSpellerConfig(text_tokens=6, silent=(0, 1), code_tokens=8, width=16, layers=2)


@pytest.fixture
def speller():
    torch.manual_seed(0)
    return CodeSpeller(TINY).eval()


def test_a_score_is_the_likelihood_of_all_ways_to_spell(speller):
    """Two phones in four guesses, counted by hand."""
    codes = torch.tensor([[3, 5]])
    text = torch.tensor([[2, 1, 4]])
    with torch.no_grad():
        p = speller(codes, torch.tensor([2]))[0].exp()
        found = speller.scores(text, codes, torch.tensor([3]), torch.tensor([2]))
    blank = 6
    total = 0.0
    for path in torch.cartesian_prod(*[torch.arange(7)] * 4).tolist():
        merged = [a for n, a in enumerate(path) if n == 0 or path[n - 1] != a]
        if [a for a in merged if a != blank] == [2, 4]:
            total += float(torch.stack([p[n, a] for n, a in enumerate(path)]).prod())
    assert float(found.exp()) == pytest.approx(total, rel=1e-4)


def test_silent_ids_and_padding_count_nothing(speller):
    codes = torch.tensor([[3, 5, 1, 7], [2, 2, 6, 0]])
    lengths = torch.tensor([4, 3])
    with torch.no_grad():
        marked = speller.scores(torch.tensor([[0, 2, 1, 4, 1], [3, 0, 0, 5, 5]]), codes, torch.tensor([5, 4]), lengths)
        plain = speller.scores(torch.tensor([[2, 4], [3, 5]]), codes, torch.tensor([2, 2]), lengths)
        alone = speller.scores(torch.tensor([[3, 5]]), codes[1:, :3], torch.tensor([2]), torch.tensor([3]))
    torch.testing.assert_close(marked, plain)
    torch.testing.assert_close(plain[1:], alone)
    counts = speller.phone_counts(torch.tensor([[0, 2, 1, 4, 1], [3, 0, 0, 5, 5]]), torch.tensor([5, 4]))
    assert counts.tolist() == [2, 2]


def test_rows_may_share_a_text(speller):
    text = torch.tensor([[2, 4, 3], [5, 3, 0]])
    lengths = torch.tensor([3, 2])
    codes = torch.randint(8, (3, 4))
    code_lengths = torch.tensor([4, 3, 4])
    rows = torch.tensor([1, 0, 1])
    with torch.no_grad():
        shared = speller.scores(text, codes, lengths, code_lengths, rows)
        paired = speller.scores(text[rows], codes, lengths[rows], code_lengths)
    torch.testing.assert_close(shared, paired)


def test_a_text_that_does_not_fit_is_impossible(speller):
    score = speller.scores(torch.tensor([[2, 3, 4]]), torch.tensor([[1]]), torch.tensor([3]), torch.tensor([1]))
    assert score.item() == float("-inf")


def test_it_learns_which_codes_spell_a_text():
    torch.manual_seed(0)
    speller = CodeSpeller(TINY)
    optimizer = torch.optim.AdamW(speller.parameters(), lr=1e-2)
    text = torch.tensor([[2, 3, 4], [5, 4, 2]])
    codes = torch.tensor([[1, 1, 2, 3], [6, 3, 3, 1]])
    lengths = torch.tensor([3, 3])
    code_lengths = torch.tensor([4, 4])
    for _ in range(60):
        optimizer.zero_grad()
        (-speller.scores(text, codes, lengths, code_lengths).mean()).backward()
        optimizer.step()
    with torch.no_grad():
        own = speller.scores(text, codes, lengths, code_lengths)
        other = speller.scores(text.flip(0), codes, lengths, code_lengths)
    assert (own > -1).all() and (other < -5).all()
