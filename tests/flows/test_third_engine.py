"""An engine that nobody has heard of joins by one line in `ENGINES`: no other code is touched."""

import json
import pickle
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from flows.actions.bench import forecast_presets
from flows.actions.plan import make_plan
from flows.actions.say import plan_speech, speak_lines
from flows.order.request import Reading, Request
from flows.services import open_services, read_settings
from storage.records import RunState, Verdict
from tasks.errors import BadInputError
from tasks.qa.verdict import RANK, best
from tasks.synthesize.batches import RenderItem
from tasks.synthesize.engines import ENGINES
from tasks.synthesize.keys import utterance_key
from tasks.synthesize.render import RenderJob, run_job
from tasks.voices.enrol import enrol_voice
from tests.flows.samples import write_clip
from tortoise_core.errors import ConfigError
from tortoise_core.inference.engine_kind import EngineKind
from tortoise_core.inference.interface import Engine, FrontEnd, SpeechResult, check_voice

RATE = 16_000
SECONDS_PER_CHAR = 0.07


@dataclass(frozen=True)
class Breath:
    """The engine's sampling settings: nobody else knows what they mean."""

    depth: float
    vowels: tuple[str, ...] = ("m",)


PRESETS = {"shallow": Breath(0.1), "deep": Breath(0.3, ("m", "o"))}


class HummingText:
    """What is known of a hum without humming."""

    def __init__(self, model):
        self.digest = model.encode().hex().ljust(64, "0")
        self.max_text_tokens = 200
        self.languages = {"la"}
        self.presets = tuple(PRESETS)

    def token_count(self, text):
        return len(text)

    def most_tokens(self, text):
        return self.token_count(text)

    def settings(self, preset, **changes):
        if preset not in PRESETS:
            raise ConfigError(f"a hum has no preset {preset!r}: use one of {', '.join(PRESETS)}")
        try:
            return replace(PRESETS[preset], **changes)
        except TypeError as error:
            raise ConfigError(f"a hum has no such setting: {error}") from error

    def relative_work(self, settings):
        return settings.depth


class Humming(HummingText):
    """Hums at the pitch that the voice's one tensor says."""

    sample_rate = RATE

    def __init__(self, model):
        super().__init__(model)
        self.voice_widths = {"pitch": 1}

    def speak(self, requests):
        for request in requests:
            check_voice(request.voice, self.voice_widths)
        return [self._hum(request) for request in requests]

    def stream(self, request):
        yield self.speak([request])[0].audio

    def voice_from_clips(self, clips):
        return {"pitch": np.array([[110.0 * len(clips)]])}

    def random_voice(self, seed):
        return {"pitch": np.array([[100.0 + seed % 100]])}

    def _hum(self, request):
        seconds = np.arange(round(SECONDS_PER_CHAR * len(request.text) * RATE)) / RATE
        hum = request.settings.depth * np.sin(2 * np.pi * float(request.voice["pitch"][0, 0]) * seconds)
        ramp = np.minimum(1.0, np.minimum(seconds, seconds[::-1]) / 0.1)
        return SpeechResult((hum * ramp).astype(np.float32), RATE, rank=-float(request.seed % 7))


HUMMING = EngineKind(
    front_end=HummingText,
    load=lambda model, device, precision: Humming(model),
    precision=lambda wanted, device: "float24",
    has_networks=False,
    model_folders=False,
)


@pytest.fixture
def services(home, monkeypatch):
    """Services whose settings name the new engine."""
    monkeypatch.setitem(ENGINES, "humming", HUMMING)
    for key, value in {"ENGINE": "humming", "MODEL": "hum-1", "PRESET": "deep", "VOICE": "bee"}.items():
        monkeypatch.setenv(f"TALEPRESS_SYNTHESIZE__{key}", value)
    with open_services(read_settings()) as services:
        yield services


@pytest.fixture
def bee(services, tmp_path):
    """A voice that the engine made."""
    home = services.settings.storage.folder
    home.mkdir(parents=True, exist_ok=True)
    clips = [write_clip(tmp_path / "bee.wav"), write_clip(tmp_path / "bees.wav")]
    voice = enrol_voice(services.engine, services.store, "bee", clips, services.settings.voices)
    with services.database.unit_of_work() as uow:
        uow.voices.add(voice)
        uow.commit()
    return voice


def job(services, voice):
    """What a run hands to a worker for one text."""
    spoken = "In principio erat verbum."
    key = utterance_key(spoken, voice.digest, services.front_end.digest, services.sampling, services.precision)
    return RenderJob(
        batches=((RenderItem(key, spoken), RenderItem(key, spoken, attempt=1)),),
        voices={"": voice},
        sampling=services.sampling,
        engine=services.synthesize.engine,
        model=services.synthesize.model,
        model_digest=services.front_end.digest,
        precision=services.precision,
        qa=services.settings.qa,
        store=services.store,
    )


def test_it_is_an_engine():
    assert isinstance(Humming("hum-1"), Engine)
    assert isinstance(HummingText("hum-1"), FrontEnd)


def test_its_takes_are_made_judged_stored_and_ranked(services, bee):
    takes = run_job(pickle.loads(pickle.dumps(job(services, bee)))).takes
    assert [take.verdict for take in takes] == [Verdict.OK, Verdict.OK], takes
    assert all(take.sample_rate == RATE and services.store.exists(take.audio_sha256) for take in takes)
    assert takes[0].scores[RANK] != takes[1].scores[RANK]
    assert best(takes) is max(takes, key=lambda take: take.scores[RANK])


def test_its_settings_are_part_of_the_key(services, bee):
    settings = [PRESETS["shallow"], PRESETS["deep"], replace(PRESETS["deep"], vowels=("o",))]
    keys = {utterance_key("Ave.", bee.digest, "d", own, "float24") for own in settings}
    assert len(keys) == 3
    assert services.sampling in {PRESETS["deep"]}  # hashable


def test_its_presets_and_languages_are_its_own(services, bee, tmp_path):
    book = tmp_path / "book.txt"
    book.write_text("It was late in the evening when he came home, and nobody was there to open the door.\n" * 5)
    with pytest.raises(BadInputError, match="the model speaks Latin only"):
        make_plan(services, Reading(book=str(book)))
    _, planned = make_plan(services, Reading(book=str(book), force=True))
    assert planned["rendered"]["to_render"] == 1
    with pytest.raises(ConfigError, match="no preset 'fast': use one of shallow, deep"):
        services.front_end.settings("fast")
    with pytest.raises(ConfigError, match=r"no such setting: .*'candidates'"):
        services.sampling_with(candidates=3)


def test_say_and_bench_work_with_it(services, bee, tmp_path):
    speech = speak_lines(
        services,
        plan_speech("Salve.", None, tmp_path / "a.wav"),
        lambda progress: None,
        seed=1,
        candidates=None,
        force=False,
    )
    assert (speech.preset, speech.sample_rate) == ("deep", RATE)
    assert speech.audio_seconds == pytest.approx(6 * SECONDS_PER_CHAR, abs=0.001)
    forecasts = forecast_presets(services, lambda progress: None, budget_s=1)
    assert [forecast.preset for forecast in forecasts] == ["shallow", "deep"]


def test_a_voice_of_another_engine_is_refused_in_words(services):
    stranger = services.voice("slt")
    with pytest.raises(
        ConfigError, match=r"another model \(latents auto 1 x \d+, .*needs pitch 1 x 1\): make it again"
    ):
        run_job(job(services, stranger))


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.timeout(900)
def test_a_whole_book_is_made_with_it(services, bee, tmp_path):
    from flows.book_to_audio import book_to_audio

    book = tmp_path / "book.md"
    book.write_text("# Liber\n\nIn principio erat verbum.\n\n# Finis\n\nAve atque vale.\n", "utf-8")
    request = Request(book=str(book), out=str(tmp_path / "out"))
    report = book_to_audio(request)
    assert (report.state, report.rendered, report.flagged) == (RunState.DONE, 4, ())
    manifest = json.loads(Path(report.edition.files[1].path).read_text("utf-8"))
    assert manifest["model"]["sampling"] == {"depth": 0.3, "vowels": ["m", "o"]}
    assert book_to_audio(request).rendered == 0
