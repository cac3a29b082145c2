"""The batched sampler against the plain one, and what it promises about batches, stops and kept states."""

import copy
import statistics
import weakref
from dataclasses import replace

import pytest
import torch

from tests.tortoise_core.models.test_autoregressive import LEARNED, ROTARY, build
from tortoise_core.errors import ConfigError
from tortoise_core.inference import flight, sampling
from tortoise_core.inference.code_stage import AUTOREGRESSIVE_KINDS
from tortoise_core.inference.flight import CodeRow, Keep, Prompt
from tortoise_core.inference.logits import (
    UPSTREAM_UNCACHED,
    DecodingSettings,
    UpstreamQuirks,
    draw_codes,
    keep_top,
    next_codes,
    process_logits,
    uniform_draws,
)
from tortoise_core.inference.sampling import sample_codes, sample_each
from tortoise_core.inference.sampling_reference import choose, sample_row
from tortoise_core.nn import int8, key_value_cache, static_cache
from tortoise_core.nn.static_cache import StaticCache

SETTINGS = DecodingSettings(max_codes=20)
SEEDS = [[1, 2, 3], [4], [5, 6]]


@pytest.fixture(scope="module", params=[LEARNED, ROTARY], ids=["learned", "rotary"])
def model(request):
    model = build(request.param)
    model.mel_head.bias.data[model.config.code_stop] += 2  # rows should stop at different times
    return model


def prompts(model) -> list[Prompt]:
    generator = torch.Generator().manual_seed(9)
    return [
        Prompt(
            torch.randn(model.config.width, generator=generator),
            torch.randint(1, 39, (length,), generator=generator),
            codes,
        )
        for length, codes in [(6, None), (3, torch.tensor([7, 7, 8])), (9, None)]
    ]


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        replace(SETTINGS, greedy=True),
        replace(SETTINGS, top_k=0, temperature=1.3, repetition_penalty=1.2),
        replace(SETTINGS, typical_mass=0.6, quirks=UPSTREAM_UNCACHED),
    ],
    ids=["presets", "greedy", "top_p", "typical"],
)
def test_batch_equals_plain_rows(model, settings):
    batched = sample_codes(model, prompts(model), settings, SEEDS)
    for prompt, seeds, rows in zip(prompts(model), SEEDS, batched, strict=True):
        for seed, row in zip(seeds, rows, strict=True):
            plain = sample_row(model, prompt, settings, seed)
            assert row.codes.tolist() == plain
            assert row.stopped == (len(plain) < settings.max_codes)


def test_rows_do_not_depend_on_their_neighbours(model, monkeypatch):
    together = sample_codes(model, prompts(model), SETTINGS, SEEDS)
    alone = sample_codes(model, prompts(model)[2:], SETTINGS, SEEDS[2:])
    assert [row.codes.tolist() for row in together[2]] == [row.codes.tolist() for row in alone[0]]
    assert len({row.stopped for group in together for row in group} | {len(r.codes) for g in together for r in g}) > 2
    monkeypatch.setattr(key_value_cache, "_GROWTH", 3)  # grow often, never compact
    monkeypatch.setattr(flight, "_FIRST_SLOTS", 1)
    monkeypatch.setattr(sampling, "_COMPACT_AT", {"cpu": 0.0})
    again = sample_codes(model, prompts(model), SETTINGS, SEEDS)
    assert [r.codes.tolist() for g in again for r in g] == [r.codes.tolist() for g in together for r in g]


def as_on_a_gpu(monkeypatch):
    """Has the CPU sample as a GPU does: a static cache, a look at what has ended now and then."""
    monkeypatch.setattr(
        flight, "make_cache", lambda prompts, rows, slots, most_slots: StaticCache(prompts, rows, most_slots)
    )
    monkeypatch.setitem(flight.STEPS_PER_LOOK, "cpu", 8)
    monkeypatch.setattr(static_cache, "_VIEW", 8)


@pytest.mark.parametrize("gpu", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_waiting_rows_join_and_give_what_they_give_alone(model, seed, gpu, monkeypatch):
    """Rows of many lengths, few places, a cache that runs out of slots all the time."""
    if gpu:
        as_on_a_gpu(monkeypatch)
    monkeypatch.setattr(key_value_cache, "_GROWTH", 1 + 5 * seed)
    monkeypatch.setattr(flight, "_FIRST_SLOTS", seed)
    monkeypatch.setattr(flight, "_PROMPTS_AT_ONCE", 1 + seed)
    generator = torch.Generator().manual_seed(seed)
    many = []
    for length in torch.randint(1, 25, (6,), generator=generator).tolist():
        given = torch.randint(0, 64, (length % 4,), generator=generator)
        text = torch.randint(1, 39, (length,), generator=generator)
        many.append(Prompt(torch.randn(model.config.width, generator=generator), text, given if length % 3 else None))
    seeds = [[10 * number + c for c in range(number % 4)] for number in range(6)]
    settings = replace(SETTINGS, max_codes=30, temperature=1.2)
    rows = sample_codes(model, many, settings, seeds, Keep(latents=True), in_flight=2 + seed)
    assert [len(group) for group in rows] == [0, 1, 2, 3, 0, 1]
    assert len({len(row.codes) for group in rows for row in group}) > 3
    for prompt, group, own in zip(many, rows, seeds, strict=True):
        for row, row_seed in zip(group, own, strict=True):
            assert row.codes.tolist() == sample_row(model, prompt, settings, row_seed)
            if len(row.codes):
                latents = model.latents(prompt.voice[None], prompt.text[None], row.codes[None])[0]
                assert torch.allclose(row.latents, latents, atol=1e-4)


def test_no_more_rows_are_in_flight_than_allowed(model, monkeypatch):
    seen = []
    prefilled = []
    decode_step = model.decode_step
    prefill = model.prefill
    monkeypatch.setattr(model, "decode_step", lambda *a: seen.append(len(a[0])) or decode_step(*a))
    monkeypatch.setattr(model, "prefill", lambda *a: prefilled.append(len(a[0])) or prefill(*a))
    sample_codes(model, prompts(model), SETTINGS, SEEDS, in_flight=2)
    assert max(seen) == 2
    assert sum(prefilled) == 3, "a prompt is run once, whenever its candidates are admitted"


def test_a_prompt_leaves_when_its_last_row_has_ended_and_the_others_go_on(model, monkeypatch):
    steps = []
    decode_step = model.decode_step
    monkeypatch.setattr(model, "decode_step", lambda *a: steps.append(len(a[0])) or decode_step(*a))
    left = [(number, rows, len(steps)) for number, rows in sample_each(model, prompts(model), SETTINGS, SEEDS)]
    assert sorted(number for number, _, _ in left) == [0, 1, 2]
    longest = [max(len(row.codes) + row.stopped for row in rows) for _, rows, _ in left]
    assert [when for _, _, when in left] == longest and len(set(longest)) > 1, "all rows fit in at once"
    whole = sample_codes(model, prompts(model), SETTINGS, SEEDS)
    for number, rows, _ in left:
        assert [row.codes.tolist() for row in rows] == [row.codes.tolist() for row in whole[number]]


@pytest.mark.parametrize("gpu", [False, True])
@pytest.mark.parametrize("in_flight", [2, 7, 96])
@pytest.mark.parametrize("excess", [0.2, 1.0])
def test_rows_that_run_away_are_ended_where_the_rule_for_whole_rows_cuts_them(
    model, gpu, in_flight, excess, monkeypatch
):
    if gpu:
        as_on_a_gpu(monkeypatch)
    monkeypatch.setattr(sampling, "_SHORTEST", 1)
    seeds = [range(10), range(10, 13), [13, 14], [15]]
    many = [*prompts(model), prompts(model)[0]]
    settings = replace(SETTINGS, max_codes=40, temperature=1.2)
    keep = Keep(latents=True, attention=True)
    whole = sample_codes(model, many, settings, seeds, keep, in_flight)
    busy = []
    record = flight.Flight._record
    monkeypatch.setattr(
        flight.Flight, "_record", lambda own, out: busy.append(int(own._busy.sum())) or record(own, out)
    )
    ended = sample_codes(model, many, replace(settings, runaway_excess=excess), seeds, keep, in_flight)
    cut = 0
    for all_rows, rows in zip(whole, ended, strict=True):
        most = int((1 + excess) * statistics.median_high(len(row.codes) for row in all_rows))
        for one, row in zip(all_rows, rows, strict=True):
            ran_away = len(one.codes) > most
            cut += ran_away
            assert row.stopped == (one.stopped and not ran_away)
            assert row.codes.equal(one.codes[:most])
            assert torch.allclose(row.latents, one.latents[:most], atol=1e-5)
            assert torch.allclose(row.attention, one.attention[:most], atol=1e-5)
    assert 2 <= cut < 8
    saved = sum(len(row.codes) + row.stopped for rows in whole for row in rows) - sum(busy)
    assert gpu or saved >= cut, "rows go on that have run away"


def test_rows_that_say_nothing_do_not_make_the_others_run_away():
    rows = [CodeRow(torch.zeros(length, dtype=torch.long), stopped=True) for length in (0, 50, 0, 30, 0)]
    candidates = sampling._Candidates(len(rows), 0.5)
    for number, row in enumerate(rows):
        assert not candidates.is_complete and not candidates.has_run_away(30)
        candidates.add(number, row)
    assert candidates.is_complete
    assert [(len(row.codes), row.stopped) for row in candidates.rows()] == [
        (0, True),
        (30, False),
        (0, True),
        (30, True),
        (0, True),
    ]


@pytest.mark.parametrize("most", range(17, 25))
def test_a_gpu_has_room_for_the_steps_until_it_looks(model, most, monkeypatch):
    as_on_a_gpu(monkeypatch)
    endless = build(model.config)
    endless.mel_head.bias.data[model.config.code_stop] -= 100
    for length in range(1, 9):
        prompt = Prompt(torch.zeros(model.config.width), torch.ones(length, dtype=torch.long))
        ((row,),) = sample_codes(endless, [prompt], replace(SETTINGS, max_codes=most), [[0]])
        assert len(row.codes) == most and not row.stopped


def test_rows_of_a_prompt_that_has_left_are_not_kept(model):
    seen = []
    for _, rows in sample_each(model, prompts(model) * 3, SETTINGS, SEEDS * 3, in_flight=2):
        assert sum(reference() is not None for reference in seen) <= 1, "but for the one that ended last"
        seen += [weakref.ref(row) for row in rows]
        del rows
    assert len(seen) == 3 * 6


@pytest.mark.parametrize("gpu", [False, True])
def test_kept_latents_are_those_of_the_whole_pass(model, gpu, monkeypatch):
    if gpu:
        as_on_a_gpu(monkeypatch)
    rows = sample_codes(model, prompts(model), SETTINGS, SEEDS, Keep(latents=True, attention=True), in_flight=4)
    for prompt, group in zip(prompts(model), rows, strict=True):
        for row in group:
            with torch.no_grad():
                latents = model.latents(prompt.voice[None], prompt.text[None], row.codes[None])
                states = model.hidden_states(
                    prompt.voice[None], model.text_input(prompt.text[None]), model.code_input(row.codes[None])
                )
            assert torch.allclose(row.latents, latents[0], atol=1e-4)
            assert torch.allclose(row.attention, states.alignment[0, : len(row.codes)].exp(), atol=1e-4)
            assert torch.allclose(row.attention.sum(-1), torch.ones(len(row.codes)), atol=1e-5)


@pytest.mark.parametrize("way", ["autocast", "bfloat16", "int8", "w8a8"])
def test_low_precision_follows_float32(model, way, monkeypatch):
    monkeypatch.setattr(int8, "_WIDE", 1)
    codes = torch.arange(12)
    given = [Prompt(prompt.voice, prompt.text, codes) for prompt in prompts(model)]
    settings = replace(SETTINGS, max_codes=12)
    keep = Keep(latents=True, attention=True)
    exact = sample_codes(model, given, settings, SEEDS, keep)
    rough_model = copy.deepcopy(model)
    if way != "autocast":
        rough_model.pack(AUTOREGRESSIVE_KINDS[way])
    with torch.autocast("cpu", torch.bfloat16, enabled=way == "autocast"):
        rough = sample_codes(rough_model, given, settings, SEEDS, keep, in_flight=3)
    for exact_rows, rough_rows in zip(exact, rough, strict=True):
        for one, other in zip(exact_rows, rough_rows, strict=True):
            assert other.codes.equal(codes)
            assert other.latents.dtype == torch.float32
            difference = (one.latents - other.latents).abs().mean()
            assert 0 < difference < 0.05, difference
            assert (one.attention - other.attention).abs().max() < 0.05


def test_shifted_positions_are_the_only_difference_of_the_quirk(model):
    endless = build(model.config)
    endless.mel_head.bias.data[model.config.code_stop] -= 100
    shifted = replace(SETTINGS, quirks=UpstreamQuirks(shifted_cache_positions=True))
    plain = sample_codes(endless, prompts(model), SETTINGS, [[0], [1], []], Keep(latents=True))
    other = sample_codes(endless, prompts(model), shifted, [[0], [1], []], Keep(latents=True))
    for index, same in enumerate([1, 4]):  # the second prompt gives three codes, which keep their places
        difference = (plain[index][0].latents - other[index][0].latents).abs().amax(-1)
        assert (difference[:same] == 0).all() and difference[same] > 1e-4, difference


def test_the_start_code_is_never_sampled(model):
    eager = build(model.config)
    eager.mel_head.bias.data[eager.config.code_start] += 100
    allowed = replace(SETTINGS, quirks=UpstreamQuirks(allow_start_code=True))
    start = eager.config.code_start
    assert start not in sample_codes(eager, prompts(model), SETTINGS, SEEDS)[0][0].codes.tolist()
    assert start in sample_codes(eager, prompts(model), allowed, SEEDS)[0][0].codes.tolist()


def test_nothing_to_sample_gives_nothing(model):
    assert sample_codes(model, [], SETTINGS, []) == []
    assert sample_codes(model, prompts(model), SETTINGS, [[], [], []]) == [[], [], []]


def test_rows_must_fit_the_learned_positions():
    learned = build(LEARNED)
    endless = replace(SETTINGS, max_codes=44)
    with pytest.raises(ConfigError, match="max_codes 44 must stay below the model's 44"):
        sample_codes(learned, prompts(learned), endless, SEEDS)
    rotary = build(ROTARY)
    rotary.mel_head.bias.data[rotary.config.code_stop] -= 100
    rows = sample_codes(rotary, prompts(rotary), endless, [[1], [], []])[0]
    assert len(rows[0].codes) == 44 and not rows[0].stopped


def test_attention_needs_an_alignment_head():
    blind = build(replace(LEARNED, alignment_head=None))
    with pytest.raises(ConfigError, match="alignment_head"):
        sample_codes(blind, prompts(blind), SETTINGS, SEEDS, Keep(attention=True))


@pytest.mark.parametrize("top_k", [0, 1, 5, 60])
@pytest.mark.parametrize("top_p", [0.1, 0.8, 1.0])
@pytest.mark.parametrize("typical_mass", [None, 0.3])
def test_vectorised_rules_equal_plain_rules(top_k, top_p, typical_mass):
    generator = torch.Generator().manual_seed(top_k)
    settings = DecodingSettings(top_k=top_k, top_p=top_p, typical_mass=typical_mass, temperature=0.7)
    logits = 3 * torch.randn(40, 50, generator=generator)
    spoken = torch.rand(40, 50, generator=generator) < 0.1
    draws = torch.rand(40, generator=generator, dtype=torch.float64)
    chosen = draw_codes(process_logits(logits, spoken, settings), draws).tolist()
    for row in range(40):
        history = set(spoken[row].nonzero()[:, 0].tolist())
        assert chosen[row] == choose(logits[row].tolist(), history, settings, draws[row].item())


@pytest.mark.parametrize("digits", [0, 1, 2, 6])  # few digits: many codes tie
@pytest.mark.parametrize("top_k", [0, 1, 7, 40, 79, 80, 200])
@pytest.mark.parametrize("penalty", [1.0, 2.0])
def test_the_fast_way_equals_the_plain_one(digits, top_k, penalty):
    generator = torch.Generator().manual_seed(top_k)
    logits = (3 * torch.randn(300, 112, generator=generator)).round(decimals=digits)
    logits[:, 5] = float("-inf")
    spoken = torch.rand(300, 112, generator=generator) < 0.1
    draws = torch.rand(300, generator=generator, dtype=torch.float64)
    for top_p in (0.3, 0.8, 1.0):
        settings = DecodingSettings(top_k=top_k, top_p=top_p, repetition_penalty=penalty)
        plain = draw_codes(process_logits(logits, spoken, settings), draws)
        assert next_codes(logits, spoken, draws, settings).equal(plain)
    greedy = DecodingSettings(greedy=True, repetition_penalty=penalty)
    assert next_codes(logits, spoken, draws, greedy).equal(process_logits(logits, spoken, greedy).argmax(-1))


def test_equal_scores_are_kept_or_dropped_together():
    scores = torch.tensor([[2.0, 1.0, 1.0, 1.0, 0.0]])
    assert keep_top(scores, 2, 1.0).isfinite().tolist() == [[True, True, True, True, False]]
    assert keep_top(scores, 0, 0.5).isfinite().tolist() == [[True, True, True, True, False]]
    assert keep_top(scores, 0, 0.3).isfinite().tolist() == [[True, False, False, False, False]]


def test_draws_follow_the_distribution_and_their_seed():
    assert torch.equal(uniform_draws([3, 4], 5)[1], uniform_draws([4], 7)[0, :5])
    scores = torch.tensor([0.1, 0.6, 0.0, 0.3]).log().expand(4000, 4)
    counts = draw_codes(scores, uniform_draws([1], 4000)[0]).bincount(minlength=4) / 4000
    assert counts[2] == 0
    assert torch.allclose(counts, torch.tensor([0.1, 0.6, 0.0, 0.3]), atol=0.03)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": 0.0}, "use greedy"),
        ({"top_p": 0.0}, "top_p"),
        ({"top_k": -1}, "top_k"),
        ({"repetition_penalty": 0.0}, "repetition_penalty"),
        ({"typical_mass": 1.0}, "typical_mass"),
        ({"max_codes": 0}, "max_codes"),
    ],
)
def test_senseless_settings_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        DecodingSettings(**change)
