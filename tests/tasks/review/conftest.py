"""A small library for each test: made once and copied."""

import shutil

import pytest

from tests.tasks.review.library import Started, make_library, open_library


@pytest.fixture(scope="session")
def made_library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    make_library(folder)[0].close()
    return folder


@pytest.fixture
def library(made_library, tmp_path):
    folder = shutil.copytree(made_library, tmp_path / "library")
    database, store = open_library(folder)
    yield database, store
    database.close()


@pytest.fixture
def starter():
    return Started()
