"""Settings of the text stages."""

import pytest

from configs.settings import SegmentSettings
from tests.tasks.books import segment_settings


@pytest.fixture
def settings() -> SegmentSettings:
    return segment_settings()
