"""The first half of the engine: batches of utterances against one at a time, at the published format."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from tests.tortoise_core.inference.test_reference_pipeline import AR, CLVP, CVVP, SETTINGS, shaken
from tortoise_core.description import ModelDescription
from tortoise_core.errors import TextError
from tortoise_core.inference import code_stage, sampling
from tortoise_core.inference.code_stage import CodeStage, Rating, _decoding, _ranked
from tortoise_core.inference.codes import PUBLISHED_FORMAT, pad_codes
from tortoise_core.inference.flight import Prompt
from tortoise_core.inference.front_end import TorToiseFrontEnd
from tortoise_core.inference.interface import SpeechRequest
from tortoise_core.inference.logits import DecodingSettings
from tortoise_core.inference.presets import SamplingSettings
from tortoise_core.inference.sampling import sample_codes
from tortoise_core.inference.seeds import derived_seed
from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.models.clvp import Clvp
from tortoise_core.models.code_speller import CodeSpeller, CodeSpellerConfig
from tortoise_core.models.cvvp import Cvvp
from tortoise_core.nn import int8

SENTENCES = ["Hello there.", "A longer thing to say, by far.", "Oh!"]
SETTINGS = replace(SETTINGS, candidates=3, max_codes=36)


def stage(tmp_path, precision="float32", stop_bias=7.5, **speech):
    torch.manual_seed(0)
    autoregressive = shaken(AutoregressiveModel(AR), 1)
    with torch.no_grad():
        autoregressive.mel_head.bias[AR.code_stop] += stop_bias
    front_end = TorToiseFrontEnd(ModelDescription("small", tmp_path, {}, {"speech": speech}))
    return CodeStage(autoregressive, shaken(Clvp(CLVP), 2), front_end, PUBLISHED_FORMAT, precision)


def requests(settings=SETTINGS):
    voices = torch.randn(len(SENTENCES), 1, 32, generator=torch.Generator().manual_seed(6))
    return [
        SpeechRequest(text, {"auto": voice, "diffusion": torch.zeros(1, 64)}, settings, seed)
        for seed, (text, voice) in enumerate(zip(SENTENCES, voices, strict=True))
    ]


@pytest.mark.parametrize("score_padding", [False, True])
@torch.inference_mode()
def test_utterances_together_equal_each_alone(tmp_path, score_padding):
    first_half = stage(tmp_path, score_padding=score_padding)
    together = first_half.choose(requests(), rows_in_flight=4)
    assert len({len(chosen.codes) for chosen in together}) > 1
    for request, chosen in zip(requests(), together, strict=True):
        (alone,) = first_half.choose([request])
        assert chosen.codes.equal(alone.codes)
        assert chosen.stopped == alone.stopped
        assert chosen.rating.total == pytest.approx(alone.rating.total, abs=1e-4)
        torch.testing.assert_close(chosen.aligned, alone.aligned, atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_candidates_are_kept_in_the_order_of_their_rank(tmp_path):
    first_half = stage(tmp_path)
    wanted = [replace(request, keep=keep) for request, keep in zip(requests(), (1, 2, 9), strict=True)]
    for request, alone, chosen in zip(wanted, first_half.choose(requests()), first_half.choose(wanted), strict=True):
        kept = [chosen, *chosen.others]
        assert len(kept) == min(request.keep, SETTINGS.candidates)
        assert chosen.codes.equal(alone.codes)
        ranks = [candidate.rating.total for candidate in kept]
        assert ranks == sorted(ranks, reverse=True)
        assert len(kept) < 2 or len(set(ranks)) > 1  # they are different rows
        assert all(len(candidate.aligned) == len(candidate.codes) for candidate in kept)


@torch.inference_mode()
def test_the_ctc_scorer_counts_beside_clvp(tmp_path):
    plain = stage(tmp_path)
    both = stage(tmp_path)
    config = CodeSpellerConfig(text_tokens=256, code_tokens=CLVP.code_tokens, per_code=16)  # so that any text fits
    both._scorer = scorer = shaken(CodeSpeller(config), 3)
    for alone, chosen in zip(plain.choose(requests()), both.choose(requests()), strict=True):
        assert alone.rating.spelled is None and alone.rating.total == alone.rating.clvp
        assert chosen.rating.spelled < 0
        assert chosen.rating.total == pytest.approx(chosen.rating.clvp + chosen.rating.spelled)
    scorer.scores = lambda text, codes, *_: 100 * codes[:, 0].float()  # likes a late first code above all
    for request in requests():
        prompt = Prompt(request.voice["auto"][0], torch.tensor(both._text_ids(request.text)))
        seeds = [derived_seed(request.seed, "candidate", number) for number in range(SETTINGS.candidates)]
        (rows,) = sample_codes(both.autoregressive, [prompt], _decoding(SETTINGS), [seeds])
        (chosen,) = both.choose([request])
        assert int(chosen.codes[0]) == max(int(row.codes[0]) for row in rows if len(row.codes))


@torch.inference_mode()
def test_latents_are_those_of_rows_padded_as_the_original_does(tmp_path):
    first_half = stage(tmp_path)
    for request, chosen in zip(requests(), first_half.choose(requests()), strict=True):
        assert chosen.stopped and 0 < len(chosen.codes) < SETTINGS.max_codes
        text = torch.tensor([first_half._text_ids(request.text)])
        padded = pad_codes(chosen.codes, SETTINGS.max_codes, 83)[None]
        whole = first_half.autoregressive.latents(request.voice["auto"], text, padded)[0]
        torch.testing.assert_close(chosen.aligned, whole[: len(chosen.codes)], atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_padding_is_scored_along_only_where_the_format_says_so(tmp_path):
    scores = [
        [chosen.rating.total for chosen in stage(tmp_path, score_padding=padding).choose(requests())]
        for padding in (False, True)
    ]
    assert all(abs(one - other) > 1e-3 for one, other in zip(*scores, strict=True))


@torch.inference_mode()
def test_rows_without_end_or_without_codes_lose(tmp_path):
    endless = stage(tmp_path, stop_bias=-100)
    assert all(chosen.rating.total < -500 and not chosen.stopped for chosen in endless.choose(requests()))
    mute = stage(tmp_path, stop_bias=1000)
    assert all(chosen.rating.total == -1000 and chosen.stopped for chosen in mute.choose(requests()))


@pytest.mark.parametrize("precision", ["bfloat16", "int8", "w8a8"])
@torch.inference_mode()
def test_low_precision_says_of_its_codes_what_float32_says(tmp_path, precision, monkeypatch):
    monkeypatch.setattr(int8, "_WIDE", 1)
    exact, fast = (stage(tmp_path, chosen, score_padding=True) for chosen in ("float32", precision))
    for request, chosen in zip(requests(), fast.choose(requests()), strict=True):
        text = torch.tensor([exact._text_ids(request.text)])
        row = pad_codes(chosen.codes, SETTINGS.max_codes, 83)
        row[-3:] = torch.tensor([45, 45, 248])  # as rows are repaired
        latents = exact.autoregressive.latents(request.voice["auto"], text, row[None])[0, : len(chosen.codes)]
        assert chosen.aligned.dtype == torch.float32
        assert 0 < (chosen.aligned - latents).abs().mean() < 0.05 * latents.abs().mean()
        assert chosen.rating.total == pytest.approx(exact._clvp.scores(text, row[None]).item(), abs=0.05)


def test_candidates_are_drawn_as_the_settings_say():
    settings = SamplingSettings(
        temperature=0.3, top_k=7, top_p=0.6, repetition_penalty=1.5, typical_mass=0.2, max_codes=33, cvvp_amount=0.9
    )
    assert _decoding(settings) == DecodingSettings(0.3, 7, 0.6, 1.5, 0.2, False, 33)


@torch.inference_mode()
def test_a_single_candidate_is_not_rated(tmp_path):
    first_half = stage(tmp_path)
    first_half._clvp = None  # nothing is asked of it
    (chosen,) = first_half.choose(requests(replace(SETTINGS, candidates=1))[:1])
    assert (chosen.rating, chosen.others) == (Rating(0.0), ())


def test_of_equal_candidates_the_first_is_taken():
    ratings = [Rating(1.0), Rating(3.0), Rating(2.0, 1.0), Rating(5.0, -9.0)]
    assert _ranked(ratings) == [1, 2, 0, 3]


@torch.inference_mode()
def test_a_text_that_a_row_is_too_short_for_is_no_worse_than_one_without_end(tmp_path):
    both = stage(tmp_path)
    both._scorer = SimpleNamespace(scores=lambda text, codes, *_: torch.full((len(codes),), float("-inf")))
    rated = [c.rating for request in requests() for c in every(both, replace(request, keep=9)) if c.codes[0] != 83]
    assert len(rated) > 3 and {rating.spelled for rating in rated} == {-1000.0}


@torch.inference_mode()
def test_clvp_and_cvvp_are_blended_as_the_settings_say(tmp_path):
    plain = stage(tmp_path)
    cvvp = shaken(Cvvp(CVVP), 5)
    both = stage(tmp_path)
    both._cvvp = lambda: cvvp
    voices = torch.randn(len(SENTENCES), 1, 32, generator=torch.Generator().manual_seed(8))
    own = [replace(r, voice={**r.voice, "cvvp": v}) for r, v in zip(requests(), voices, strict=True)]
    asked = [replace(r, keep=9, settings=replace(SETTINGS, cvvp_amount=0.25)) for r in own]
    clvp = {tuple(c.codes.tolist()): c.rating.total for r in own for c in every(plain, replace(r, keep=9))}
    for request, voice, chosen in zip(asked, voices, both.choose(asked), strict=True):
        for candidate in (c for c in (chosen, *chosen.others) if c.codes[0] != 83):  # a row without codes is not rated
            likeness = float(cvvp.voice_scores(voice, candidate.codes[candidate.codes != 83][None]))
            expected = 0.25 * likeness + 0.75 * clvp[tuple(candidate.codes.tolist())]
            assert candidate.rating.clvp == pytest.approx(expected, abs=1e-4), request.text


def every(first_half, request):
    (chosen,) = first_half.choose([request])
    return chosen, *chosen.others


@pytest.mark.parametrize(("limit", "fits"), [(12, False), (13, True)])
@torch.inference_mode()
def test_a_text_may_have_as_many_tokens_as_the_model_allows(tmp_path, limit, fits):
    first_half = stage(tmp_path, max_text_tokens=limit)
    request = replace(requests()[0], text="a " * 6)  # 12 ids and the stop
    if fits:
        assert first_half.choose([request])
    else:
        with pytest.raises(TextError, match="text of 13 tokens is longer than the 12 allowed: split it"):
            first_half.choose([request])


@pytest.mark.parametrize("text", ["", '"'])
def test_a_text_without_anything_to_say_is_refused(tmp_path, text):
    with pytest.raises(TextError, match="nothing to say in "):
        stage(tmp_path).choose([replace(requests()[0], text=text)])


@pytest.mark.parametrize("decoder_input", ["latents", "codes"])
@torch.inference_mode()
def test_the_decoder_gets_latents_or_codes_as_the_format_says(tmp_path, decoder_input):
    for request in requests():
        chosen = stage(tmp_path, decoder_input=decoder_input).choose([request])[0]
        if decoder_input == "codes":
            assert chosen.aligned.equal(chosen.codes)
        else:
            assert chosen.aligned.shape == (len(chosen.codes), AR.width)


@torch.inference_mode()
def test_states_are_streamed_of_the_first_candidate(tmp_path):
    first_half = stage(tmp_path)
    (request, *_) = requests(replace(SETTINGS, candidates=1))
    (chosen,) = first_half.choose([request])
    states = torch.stack(list(first_half.stream(request)))
    sampled = len(states) - 1  # the last is of the stop, in whose place cleaned rows are calm
    assert 83 not in chosen.codes[:sampled] and chosen.codes[sampled] == 83
    torch.testing.assert_close(states[:sampled], chosen.aligned[:sampled], atol=1e-4, rtol=1e-4)


def test_the_typical_filter_is_off_at_0():
    assert _decoding(SETTINGS).typical_mass is None
    assert _decoding(replace(SETTINGS, typical_mass=0.2)).typical_mass == 0.2


@torch.inference_mode()
def test_a_candidate_that_ran_away_loses_to_one_that_did_not(tmp_path, monkeypatch):
    monkeypatch.setattr(sampling, "_SHORTEST", 1)
    first_half = stage(tmp_path)
    free = replace(SETTINGS, candidates=9)
    bound = replace(free, runaway_excess=0.1)
    lost = 0
    for seed in range(8):
        before, after = ([replace(r, seed=seed, keep=9) for r in requests(settings)] for settings in (free, bound))
        for one, other in zip(first_half.choose(before), first_half.choose(after), strict=True):
            assert other.stopped and other.rating.total > -500
            (same,) = [c for c in (one, *one.others) if c.codes.equal(other.codes)]
            assert same.rating.total == pytest.approx(other.rating.total, abs=1e-4)
            lost += same is not one
            if same is not one:
                assert len(one.codes) > len(other.codes)
    assert lost, "no candidate that ran away was the best"


@torch.inference_mode()
def test_how_many_are_rated_and_aligned_at_once_changes_nothing(tmp_path, monkeypatch):
    first_half = stage(tmp_path)
    wanted = [replace(request, keep=9) for request in requests()]
    whole = [(c, *c.others) for c in first_half.choose(wanted)]
    monkeypatch.setattr(code_stage, "_SCORED_AT_ONCE", {"cpu": 2})
    monkeypatch.setattr(code_stage, "_ALIGNED_AT_ONCE", 2)
    monkeypatch.setattr(code_stage, "_RANKED_AT_ONCE", 1)
    pieces = [(c, *c.others) for c in first_half.choose(wanted)]
    for one, other in zip(sum(whole, ()), sum(pieces, ()), strict=True):
        assert one.codes.equal(other.codes)
        assert one.rating.total == pytest.approx(other.rating.total, abs=1e-4)
        torch.testing.assert_close(one.aligned, other.aligned, atol=1e-4, rtol=1e-4)
