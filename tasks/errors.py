"""What can go wrong in a stage. The tree tells which exit code and which retry policy applies:

TalepressError
  + BadInputError        the user's file, folder, name or setting is at fault: exit code 2, never retried
  |   + UnreadableBookError   missing, damaged, encrypted, empty or of an unknown format
  |   + UnknownVoiceError     no voice of that name
  |   + OutputError           the target folder cannot be written, or the disk is full
  + CoverageError        source characters that are neither spoken nor skipped by a rule: exit code 3
  + TransientError       worth another try: exit code 3 when the tries are used up
      + EngineMemoryError     out of memory: not even one utterance fits, after batches were halved

Messages say what is wrong, where, and the remedy, in one line.

Must not know who catches them.
"""


class TalepressError(Exception):
    """Base of all errors that the stages raise on purpose."""


class BadInputError(TalepressError):
    """The user's input is at fault."""


class UnreadableBookError(BadInputError):
    """The book file cannot be read."""


class UnknownVoiceError(BadInputError):
    """There is no voice of that name."""


class OutputError(BadInputError):
    """The output folder cannot be written to."""


class CoverageError(TalepressError):
    """Some source text is neither spoken nor skipped by a named rule."""


class TransientError(TalepressError):
    """A failure that may go away when tried again."""


class EngineMemoryError(TransientError):
    """The engine ran out of memory with a single utterance: larger batches were halved before."""
