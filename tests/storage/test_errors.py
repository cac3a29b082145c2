"""Errors are of the kinds by which callers tell what may be tried again, what is the user's and what is lost."""

import pytest

from storage import errors
from storage.errors import StorageError

KINDS = {
    "NotFoundError": ["StorageError"],
    "DuplicateError": ["StorageError"],
    "BookBusyError": ["StorageError"],
    "IncompleteError": ["StorageError"],
    "DatabaseError": ["StorageError"],
    "DatabaseBusyError": ["DatabaseError", "StorageError"],
    "DatabaseLostError": ["DatabaseError", "StorageError"],
    "DatabaseFullError": ["DatabaseError", "StorageError"],
    "DatabasePlaceError": ["DatabaseError", "StorageError"],
    "DatabaseUrlError": ["DatabaseError", "StorageError"],
    "ArtifactError": ["StorageError"],
    "MissingArtifactError": ["ArtifactError", "StorageError"],
    "DamagedArtifactError": ["ArtifactError", "StorageError"],
    "StoreUnavailableError": ["ArtifactError", "StorageError"],
    "StoreLostError": ["StoreUnavailableError", "ArtifactError", "StorageError"],
}


def test_every_error_is_here():
    found = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert found == {"StorageError", *KINDS}


@pytest.mark.parametrize("name", KINDS)
def test_an_error_is_caught_as_these_and_as_no_other(name):
    kinds = [kind.__name__ for kind in getattr(errors, name).__mro__[1:]]
    assert kinds == [*KINDS[name], "Exception", "BaseException", "object"]
    with pytest.raises(StorageError, match="why"):
        raise getattr(errors, name)("why")
