"""The front-end says what the engine says, and costs no PyTorch."""

import json
import subprocess
import sys

import pytest

from configs.settings import load_settings
from tasks.models.catalogue import SHIPPED_FOLDER
from tasks.synthesize.engines import forget_engines, get_engine, get_front_end
from tortoise_core.description import DescribedNetwork, ModelDescription
from tortoise_core.errors import CheckpointError, ConfigError
from tortoise_core.inference.front_end import SpeechFormat, TorToiseFrontEnd, load_front_end
from tortoise_core.inference.interface import Engine, FrontEnd
from tortoise_core.text.lexicon import default_lexicon

MINI = SHIPPED_FOLDER / "tortoise_mini"
TEXTS = ("", "...", "The dog's bone.", "A {T AH0 M EY1 T OW0}, Mr. Zxqvorp: 17 of them!", "“Oh?” — she said")


@pytest.mark.parametrize(("kind", "model"), [("tortoise", str(MINI)), ("fake", "sound")])
def test_engine_and_front_end_say_the_same(kind, model):
    settings = load_settings(synthesize={"engine": kind, "model": model, "device": "cpu"}).synthesize
    engine = get_engine(settings)
    text = get_front_end(settings)
    forget_engines()
    assert isinstance(engine, Engine)
    assert isinstance(text, FrontEnd)
    assert (text.digest, text.max_text_tokens) == (engine.digest, engine.max_text_tokens)
    assert [text.token_count(t) for t in TEXTS] == [engine.token_count(t) for t in TEXTS]
    assert text.presets == engine.presets == ("ultra_fast", "fast", "standard", "high_quality")
    assert text.languages == engine.languages == {"en"}
    for preset in text.presets:
        assert text.settings(preset) == engine.settings(preset)
    work = [text.relative_work(text.settings(preset)) for preset in text.presets]
    assert work == sorted(work)
    assert text.settings("fast", candidates=3).candidates == 3
    with pytest.raises(ConfigError, match="no sampling setting 'colour': use one of candidates, "):
        text.settings("fast", colour="red")
    with pytest.raises(ConfigError, match="preset 'slow'"):
        text.settings("slow")


def test_counts_of_the_shipped_model():
    text = load_front_end(MINI)
    assert [text.token_count(t) for t in ("", "...", "dog.", "a dog.")] == [0, 0, 4, 6]


def test_most_tokens_is_never_too_few():
    text = load_front_end(MINI)
    words = default_lexicon().words()
    listed = [" ".join(words[at : at + 4]) for at in range(0, len(words), 60)]
    unlisted = ["wwwwwwww fyis qqxz", "WWW Ws w x", "'Tis goin' a-- b; U.S.A.", "zxqvorpwm's couldn't've", "At 7."]
    for sentence in [*listed, *(entry.upper() for entry in listed[::10]), *unlisted, *TEXTS]:
        assert text.token_count(sentence) <= text.most_tokens(sentence)
    assert text.most_tokens("The dog's bone lay on the lawn.") < 60
    long = "Zxqvorp " * 60
    assert text.most_tokens(long) == text.token_count(long) > text.max_text_tokens


def test_what_the_shipped_model_is_given_ends_in_a_mark():
    text = load_front_end(MINI)
    assert text.text_ids("Three") == text.text_ids("“Three” ") == text.text_ids("Three.")
    assert text.text_ids("Three") != text.text_ids("Three?")
    assert text.token_count("Three,") == text.token_count("Three?") == text.token_count("Three -")


def test_the_digest_follows_the_speech_format(tmp_path):
    content = json.loads((MINI / "model.json").read_text("utf-8"))
    (tmp_path / "model.json").write_text(json.dumps(content), "utf-8")
    assert load_front_end(tmp_path).digest == load_front_end(MINI).digest  # the weights' digests are in the manifest
    content["speech"]["shallow"] = 0.25
    (tmp_path / "model.json").write_text(json.dumps(content), "utf-8")
    assert load_front_end(tmp_path).digest != load_front_end(MINI).digest


def test_the_digest_of_a_model_is_the_same_as_ever():
    """It is in the key of every take: another one has every book spoken again, which other audio alone is worth."""
    described = ModelDescription("x", MINI, {}, {})
    assert TorToiseFrontEnd(described).digest == PUBLISHED_DIGEST
    phones = ModelDescription("x", MINI, {}, {"speech": {"front_end": "phones", "shallow": 0.25}})
    assert TorToiseFrontEnd(phones).digest == PHONES_DIGEST


PUBLISHED_DIGEST = "da913bb4c1eb4535606dde4784ef1810bda1418bd7180d4353e6149679fcf188"
PHONES_DIGEST = "d1630fab518d6658305b552bf0ebd17dbc7fa88015d8edaa2db832f6ecc6bf9f"


def test_what_a_model_need_not_say_of_its_speech():
    assert SpeechFormat() == SpeechFormat("published", "epsilon", "latents", False, 1.0, 0, 1, 398)


def test_a_models_own_presets_come_cheapest_first_and_are_checked():
    own = {"slow": {"candidates": 9, "diffusion_steps": 9}, "quick": {"candidates": 1, "diffusion_steps": 2}}
    text = TorToiseFrontEnd(ModelDescription("x", MINI, {}, {"presets": own}))
    assert text.presets == ("quick", "slow")
    assert text.settings("slow").candidates == 9 and text.settings("slow").top_k == 50
    with pytest.raises(ConfigError, match="the model has no preset 'fast': use one of quick, slow"):
        text.settings("fast")
    with pytest.raises(ConfigError, match="unknown sampler 'euler'"):
        text.settings("quick", sampler="euler")
    with pytest.raises(CheckpointError, match=r"presets\.slow: unknown field 'steps'"):
        TorToiseFrontEnd(ModelDescription("x", MINI, {}, {"presets": {"slow": {"steps": 3}}}))
    with pytest.raises(CheckpointError, match="speech: unknown field 'colour'"):
        TorToiseFrontEnd(ModelDescription("x", MINI, {}, {"speech": {"colour": 1}}))


@pytest.mark.parametrize("has_cvvp", [False, True])
def test_cvvps_opinion_can_be_asked_where_there_is_one(has_cvvp):
    networks = {"cvvp": DescribedNetwork("cvvp", "cvvp.safetensors", {}, "a" * 64)} if has_cvvp else {}
    text = TorToiseFrontEnd(ModelDescription("x", MINI, networks, {}))
    if has_cvvp:
        assert text.settings("fast", cvvp_amount=0.5).cvvp_amount == 0.5
    else:
        with pytest.raises(ConfigError, match="cvvp_amount: this model has no CVVP network"):
            text.settings("fast", cvvp_amount=0.5)


def test_a_folder_without_a_model(tmp_path):
    with pytest.raises(CheckpointError, match="not a model folder"):
        load_front_end(tmp_path)


def test_a_published_model_counts_byte_pairs_and_a_stop(tmp_path):
    (tmp_path / "model.json").write_text('{"format": 1, "name": "x", "networks": {}}')
    text = load_front_end(tmp_path)
    assert text.max_text_tokens == 398
    assert text.token_count("") == 0
    assert text.token_count("a") == 2
    assert text.settings("fast").candidates == 96


def test_planning_imports_no_pytorch(tmp_path):
    """`import torch` alone takes more memory than a whole plan may."""
    book = tmp_path / "book.txt"
    book.write_text("It was late in the evening when he came home, and nobody was there.\n\nThe end.\n")
    script = (
        "import sys\n"
        "from flows.actions.plan import make_plan\n"
        "from flows.order.request import Reading\n"
        "from flows.services import open_services, read_settings\n"
        "with open_services(read_settings(synthesize={'voice': 'slt'})) as services:\n"
        "    services.database\n"
        f"    _, planned = make_plan(services, Reading(book={str(book)!r}))\n"
        "assert planned['rendered']['to_render'] == 2, planned['rendered']\n"
        "assert services.has_database()\n"
        "print(sorted({'torch', 'inflect', 'prefect'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={"TALEPRESS_HOME": str(tmp_path / "home"), "PYTHONPATH": ":".join(sys.path), "HOME": str(tmp_path)},
        timeout=120,
        check=False,
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
