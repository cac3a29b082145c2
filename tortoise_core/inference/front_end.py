"""TorToise's front-end: how a model counts text, its limits, presets, languages and digest, all from its manifest.

It knows nothing of networks: a plan is made with it alone, and the engine speaks through the same class. Must stay
importable without PyTorch, which takes more memory and time than all of planning.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tortoise_core.description import ModelDescription, read_config, read_description
from tortoise_core.diffusion.samplers import require_sampler
from tortoise_core.errors import ConfigError
from tortoise_core.inference.interface import Sampling
from tortoise_core.inference.presets import PRESETS, SamplingSettings, own_settings, published_settings
from tortoise_core.text.notation import respelled
from tortoise_core.text.phonemes import PAUSES, PhonemeTokenizer

CVVP = "cvvp"  # the role of the network that says how well codes fit a voice, and of what it hears of a voice
CODE_FORMAT_VERSION = 5  # raise it when the same weights and settings would give other audio


@dataclass(frozen=True)
class SpeechFormat:
    """The manifest's table `speech`; the defaults describe the published model.

    Its text form is part of the model's digest: another name or field makes every take of every model anew.
    """

    front_end: Literal["published", "phones"] = "published"
    prediction: Literal["epsilon", "v"] = "epsilon"  # of the diffusion decoder
    decoder_input: Literal["latents", "codes"] = "latents"
    score_padding: bool = False  # CLVP scores rows filled up to `max_codes`, as the published program does
    shallow: float = 1.0  # share of the diffusion process that is run, from the mel of the codes; 1: from noise
    mel_consistency: int = 0  # iterations that hold copy synthesis to the mel of the recording; 0: not held
    code_candidates: int = 1  # of the encoder's guesses at each place that copy synthesis tries; 1: the first is taken
    max_text_tokens: int = 398  # the published model refuses 400 with its stops (spec 2)


class TorToiseFrontEnd:
    """Implements `interface.FrontEnd` from a manifest."""

    def __init__(self, description: ModelDescription) -> None:
        """Raises `CheckpointError` for a manifest whose tables `speech` or `presets` are wrong."""
        self.speech: SpeechFormat = read_config(SpeechFormat, description.extra.get("speech", {}), "speech")
        self._presets = _presets(description)
        self._roles = frozenset(description.networks)
        self._digest = hashlib.sha256(
            f"{description.digest()} {self.speech} {CODE_FORMAT_VERSION}".encode()
        ).hexdigest()
        if self.speech.front_end == "published":
            self._text_ids = _published_ids()
            self._guess = self.token_count
        else:
            tokenizer = PhonemeTokenizer()
            self._text_ids = _phone_ids(tokenizer)
            self._guess = lambda text: tokenizer.most_tokens(text) + 1  # the mark at the end

    @property
    def digest(self) -> str:
        """See `interface.FrontEnd`."""
        return self._digest

    @property
    def max_text_tokens(self) -> int:
        """See `interface.FrontEnd`."""
        return self.speech.max_text_tokens

    @property
    def languages(self) -> frozenset[str]:
        """English alone: so are the cleaner of the published model and the phones of the embedded one."""
        return frozenset({"en"})

    @property
    def presets(self) -> tuple[str, ...]:
        """The presets of this model; the published ones where the model brings none of its own. Cheapest first."""
        return tuple(sorted(self._presets, key=lambda name: self._presets[name].work))

    def token_count(self, text: str) -> int:
        """See `interface.FrontEnd`. Raises `TextError` for text that the front-end cannot read."""
        return len(self._text_ids(text))

    def most_tokens(self, text: str) -> int:
        """See `interface.FrontEnd`. Raises as `token_count`."""
        most = self._guess(text)
        return most if most <= self.max_text_tokens else self.token_count(text)

    def text_ids(self, text: str) -> list[int]:
        """Ids for the AR model (its start and stop are added there); empty where there is nothing to say."""
        return self._text_ids(text)

    def settings(self, preset: str, **changes: object) -> SamplingSettings:
        """See `interface.FrontEnd`."""
        if preset not in self._presets:
            raise ConfigError(f"the model has no preset {preset!r}: use one of {', '.join(self.presets)}")
        if "sampler" in changes:
            require_sampler(str(changes["sampler"]))
        settings = self._presets[preset].changed(changes)
        if settings.cvvp_amount and CVVP not in self._roles:
            raise ConfigError(
                "cvvp_amount: this model has no CVVP network to judge the voice's likeness; "
                "import the published one with its cvvp.pth, or leave cvvp_amount at 0"
            )
        return settings

    def relative_work(self, settings: Sampling) -> float:
        """See `interface.FrontEnd`."""
        return own_settings(settings).work


def load_front_end(model: str | Path) -> TorToiseFrontEnd:
    """The front-end of a model folder (or manifest file). Raises `CheckpointError`."""
    return TorToiseFrontEnd(read_description(Path(model)))


def _presets(description: ModelDescription) -> Mapping[str, SamplingSettings]:
    """The manifest's table `presets`, or the published presets where it has none."""
    own = description.extra.get("presets", {})
    if not own:
        return {name: published_settings(name) for name in PRESETS}
    return {name: read_config(SamplingSettings, values, f"presets.{name}") for name, values in own.items()}


def _published_ids() -> Callable[[str], list[int]]:
    """English cleaner and BPE ids with one extra stop (spec 4); phonemes are respelled."""
    from tortoise_core.text.tokenizer import Tokenizer  # here: its cleaner takes two seconds to import

    tokenizer = Tokenizer()

    def text_ids(text: str) -> list[int]:
        ids = tokenizer.encode(respelled(text))
        return [*ids, 0] if ids else []

    return text_ids


def _phone_ids(tokenizer: PhonemeTokenizer) -> Callable[[str], list[int]]:
    """Phones, ending in a mark: the model learned from sentences, and a heading's bare "Three" confuses it.

    Text without a single phone (punctuation alone) has nothing to say.
    """

    def text_ids(text: str) -> list[int]:
        ids = tokenizer.encode(text)
        if not any(tokenizer.vocabulary[index][0].isalpha() for index in ids):
            return []
        return ids if tokenizer.vocabulary[ids[-1]] in PAUSES else [*ids, tokenizer.vocabulary.index(".")]

    return text_ids
