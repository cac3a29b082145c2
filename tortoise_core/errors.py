"""Owns the errors of the model library. The tree:

TortoiseError
  + TextError            text that the model cannot take (empty, too long, unknown characters)
  + AudioError           audio that cannot be read or used (format, length, range)
  + CheckpointError      a weights file that is missing, truncated, foreign or of the wrong shape
  |   + DamagedWeightsError  one that is missing, not whole, or changed since it was written
  + ConfigError          a model or training configuration that makes no sense
  + OutOfMemoryError     the device ran out of memory (a smaller batch may fit)

Messages say what is wrong, where, and what to do about it.

Must not know who catches them.
"""


class TortoiseError(Exception):
    """Base of all errors that `tortoise_core` raises on purpose."""


class TextError(TortoiseError):
    """The text cannot be spoken by this model."""


class AudioError(TortoiseError):
    """The audio cannot be read or used."""


class CheckpointError(TortoiseError):
    """A weights file is missing, damaged or does not belong to this model."""


class DamagedWeightsError(CheckpointError):
    """A weights file is missing, not whole, or has changed since it was written: to be replaced by a sound one."""


class ConfigError(TortoiseError):
    """A configuration is inconsistent."""


class OutOfMemoryError(TortoiseError):
    """The device ran out of memory; a smaller batch may fit."""
