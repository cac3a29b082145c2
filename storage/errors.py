"""Names what can go wrong in storage. This module must not import anything else of the project. The tree:

StorageError
  + NotFoundError          no such book, run or voice in the database
  + DuplicateError         the name or key is taken by something else
  + BookBusyError          another living process is working on this book
  + IncompleteError        utterances without a chosen take where every one is needed
  + DatabaseError          the database cannot be opened, read or written (damaged, newer, disk full)
  |   + DatabaseBusyError    locked by another process for longer than the time-out: worth another try
  |   + DatabaseLostError    the server is away, or has cut the connection: worth another try
  |   + DatabaseFullError    no room on its disk
  |   + DatabasePlaceError   its folder cannot be made or written to
  |   + DatabaseUrlError     the setting is no database URL, or names a kind of database that cannot be used here
  + ArtifactError          an address that is no sha256, or an artifact that is no local file
      + MissingArtifactError   there is no such file
      + DamagedArtifactError   the file's bytes do not match its address
      + StoreUnavailableError  the whole store is not there, is another one, or cannot be read
          + StoreLostError       a remote store does not answer: worth another try

Messages say what is wrong, where, and the remedy, in one line.
"""


class StorageError(Exception):
    """Base of all errors that `storage` raises on purpose."""


class NotFoundError(StorageError):
    """The database has no such book, run or voice."""


class DuplicateError(StorageError):
    """The name or key is taken by something else."""


class BookBusyError(StorageError):
    """Another living process is working on this book."""


class IncompleteError(StorageError):
    """Some utterance has no chosen take yet."""


class DatabaseError(StorageError):
    """The database cannot be opened, read or written."""


class DatabaseBusyError(DatabaseError):
    """The database stayed locked for longer than the time-out; another try may succeed."""


class DatabaseLostError(DatabaseError):
    """The database server cannot be reached, or has cut the connection; another try may succeed."""


class DatabaseFullError(DatabaseError):
    """There is no room on the database's disk."""


class DatabasePlaceError(DatabaseError):
    """The folder of the database cannot be made or written to."""


class DatabaseUrlError(DatabaseError):
    """The setting is no database URL, or names a kind of database that cannot be used here."""


class ArtifactError(StorageError):
    """An address that is no sha256, or an artifact that is no local file."""


class MissingArtifactError(ArtifactError):
    """There is no artifact at this address."""


class DamagedArtifactError(ArtifactError):
    """The artifact's bytes do not match its address."""


class StoreUnavailableError(ArtifactError):
    """The artifact store is not there, belongs to another library, or cannot be read: nothing is known to be lost."""


class StoreLostError(StoreUnavailableError):
    """A remote artifact store does not answer, or not as it should; another try may succeed."""
