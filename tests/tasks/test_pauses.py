"""The silence after an utterance: what the text asks for, else what the settings say for its kind."""

from dataclasses import replace

import pytest

from configs.settings import PauseSettings
from storage.records import PauseKind
from tasks.pauses import pause_seconds
from tests.tasks.audio import utterance

SETTINGS = PauseSettings(**{kind.value: number / 10 for number, kind in enumerate(PauseKind, start=1)})


@pytest.mark.parametrize(("number", "kind"), list(enumerate(PauseKind, start=1)))
def test_each_kind_has_its_own_setting_and_the_text_outranks_it(number, kind):
    assert pause_seconds(utterance(0, kind), SETTINGS) == number / 10
    for asked in (0.0, 2.5):
        assert pause_seconds(replace(utterance(0, kind), pause_s=asked), SETTINGS) == asked
