"""What the tests of rendering hand to a worker."""

import pytest

from tasks.synthesize.render import RenderJob
from tests.tasks.audio import stored_voice
from tortoise_core.inference.fake import FakeEngine
from tortoise_core.inference.presets import SamplingSettings


@pytest.fixture
def job(store, settings):
    """A job of the fake engine without batches, which each module gives it."""
    return RenderJob(
        batches=(),
        voices={"": stored_voice(store)},
        sampling=SamplingSettings(),
        engine="fake",
        model="sound",
        model_digest=FakeEngine().digest,
        precision="float32",
        qa=settings.qa,
        store=store,
    )
