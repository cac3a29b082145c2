"""The stages of the recipe, by name: what each needs, and where its results lie in a workspace folder.

    corpus           teacher speech of a sentence file (corpus/)
    dvae             mel to codes (runs/dvae)
    vocoder          mel to waveform (runs/vocoder)
    autoregressive   text to codes (runs/autoregressive)
    clvp             which codes belong to which text (runs/clvp)
    speller          which phones codes spell (runs/speller)
    diffusion_codes  codes to mel (runs/diffusion_codes)
    diffusion        AR latents to mel, from the weights of diffusion_codes: the TorToise trick; and codes, other
                     readers' too, so that the voice comes from the reference (runs/diffusion)
    vocoder_decoded  the vocoder goes on, with mels that the diffusion decoder makes (runs/vocoder_decoded)
    export           all networks into a model folder, float16, with the teacher's voices

Every stage continues where it was stopped. Knows the recipe; knows nothing of books or databases.
"""

from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
import torch
from torch import Tensor

from tortoise_core.checkpoints.manifest import write_manifest, write_network
from tortoise_core.checkpoints.staging import staged_folder
from tortoise_core.checkpoints.weights import write_tensors
from tortoise_core.description import read_config
from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.diffusion.schedule import NoiseSchedule
from tortoise_core.errors import ConfigError
from tortoise_core.inference.audio_stage import AudioStage
from tortoise_core.inference.engine import load_engine
from tortoise_core.inference.front_end import SpeechFormat
from tortoise_core.inference.presets import SamplingSettings
from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.models.clvp import Clvp
from tortoise_core.models.code_speller import CodeSpeller
from tortoise_core.models.diffusion_decoder import DiffusionDecoder
from tortoise_core.models.dvae import DiscreteVAE
from tortoise_core.models.frame_vocoder import FrameVocoder
from tortoise_core.training.acoustic_stages import DecodedMels, DiscreteVAEStage, VocoderStage
from tortoise_core.training.corpus import Corpus, HeldOut, build_corpus, speakable_sentences
from tortoise_core.training.decoded_mels import DecodedConfig, compute_decoded
from tortoise_core.training.diffusion_stage import (
    AlignedInput,
    DiffusionDataConfig,
    DiffusionSampler,
    DiffusionStage,
    compute_latents,
)
from tortoise_core.training.language_stages import AutoregressiveStage, ClvpStage, SpellerStage, start_from_codebook
from tortoise_core.training.loop import CHECKPOINT, Progress, Stage, Trainer
from tortoise_core.training.recipe import STAGES, Recipe
from tortoise_core.training.revoiced import compute_revoiced
from tortoise_core.training.speech_data import BucketSampler, SpokenItem, prepare_items
from tortoise_core.training.teachers import SAMPLE_RATE

log = logging.getLogger(__name__)
VOICE_CLIPS = 8  # utterances that a voice is made from
EXPORTED = {  # role in the model folder: the stage that has its last weights
    "dvae": "dvae",
    "vocoder": "vocoder_decoded",
    "autoregressive": "autoregressive",
    "clvp": "clvp",
    "speller": "speller",
    "diffusion": "diffusion",
}


class Workspace:
    """A folder in which a model grows: the corpus, and one run per stage."""

    def __init__(self, folder: Path, recipe: Recipe, device: str = "auto") -> None:
        self.folder, self.recipe = folder, recipe
        name = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        self.device = torch.device(name)

    def run(
        self,
        stage: str,
        *,
        minutes: float = math.inf,
        sentences: Path | None = None,
        held_out_books: Sequence[str] = (),
        out: Path | None = None,
    ) -> None:
        """Runs one stage, for at most so many minutes; call again to go on.

        Args:
            stage: one of `STAGES`.
            minutes: of training.
            sentences: corpus only: text file, one sentence a line.
            held_out_books: corpus only: the text of each book whose sentences are not spoken.
            out: export only: new model folder.

        Raises `ConfigError` for an unknown stage or one whose forerunner is missing.
        """
        if stage not in STAGES:
            raise ConfigError(f"unknown training stage {stage!r}: use one of {', '.join(STAGES)}")
        if stage == "corpus":
            self._build_corpus(sentences, held_out_books)
        elif stage == "export":
            self.export(out)
        else:
            self.train(stage, minutes)

    def train(self, stage: str, minutes: float = math.inf) -> Progress:
        """Trains one network until its recipe's last step, or for so many minutes."""
        config = self.recipe.stage(stage).loop
        torch.manual_seed(config.seed)  # the initial weights
        built = self._stages()[stage]()
        return Trainer(built, config, self._run_folder(stage), self.device).run(minutes)

    def _stages(self) -> dict[str, Callable[[], Stage]]:
        return {
            "dvae": self._dvae_stage,
            "vocoder": self._vocoder_stage,
            "autoregressive": self._autoregressive_stage,
            "clvp": self._clvp_stage,
            "speller": self._speller_stage,
            "diffusion_codes": lambda: self._diffusion_stage("diffusion_codes"),
            "diffusion": lambda: self._diffusion_stage("diffusion"),
            "vocoder_decoded": self._vocoder_decoded_stage,
        }

    def export(self, out: Path | None) -> None:
        """Writes the averaged weights of all networks as a model folder. Raises `ConfigError`, `CheckpointError`."""
        if out is None:
            raise ConfigError("export needs a folder for the new model")
        with staged_folder(out) as staging:
            networks = {
                role: write_network(staging, role, getattr(self.recipe, role), self.weights(stage), torch.float16)
                for role, stage in EXPORTED.items()
            }
            extra = {"speech": dict(self.recipe.speech), "presets": dict(self.recipe.presets)}
            write_manifest(staging, self.recipe.name, networks, extra)
        self._export_voices(out)

    def _export_voices(self, model: Path) -> None:
        """Latents of the teacher's voices, as the new model hears them: `voices/NAME.safetensors`."""
        engine = load_engine(model, "cpu")
        corpus = self._corpus()
        (model / "voices").mkdir()
        for voice in sorted(set(self.recipe.corpus.voices)):
            long_enough = (item for item in corpus.items if item.voice == voice and item.samples >= SAMPLE_RATE // 2)
            items = list(islice(long_enough, VOICE_CLIPS))
            with tempfile.TemporaryDirectory() as scratch:
                clips = [Path(scratch) / f"{number}.wav" for number in range(len(items))]
                for clip, item in zip(clips, items, strict=True):
                    sf.write(clip, corpus.audio(item), SAMPLE_RATE, subtype="FLOAT")
                latents = engine.voice_from_clips(clips)
            write_tensors(model / "voices" / f"{voice}.safetensors", dict(latents))

    # --- the stages ---

    def _build_corpus(self, sentences: Path | None, held_out_books: Sequence[str]) -> None:
        if sentences is None or not sentences.is_file():
            raise ConfigError(f"the corpus needs a text file with one sentence a line, not {sentences}")
        held_out = HeldOut(held_out_books)
        texts = (text for text in speakable_sentences(sentences) if text not in held_out)
        build_corpus(self.folder / "corpus", texts, self.recipe.corpus.voices, self.recipe.corpus.hours)

    def _dvae_stage(self) -> Stage:
        config = self.recipe.stage("dvae")
        return DiscreteVAEStage(DiscreteVAE(self.recipe.dvae), self._corpus(), config.crops, config.codec)

    def _vocoder_stage(self) -> Stage:
        config = self.recipe.stage("vocoder")
        return VocoderStage(FrameVocoder(self.recipe.vocoder), self._corpus(), config.crops, config.losses)

    def _vocoder_decoded_stage(self) -> Stage:
        config = self.recipe.stage("vocoder_decoded")
        corpus, spoken = self.spoken()
        spoken = spoken[: self.recipe.stage("diffusion").pieces.latent_items]
        frames = self._decoded(corpus, spoken, config.decoded)
        decoded = DecodedMels([one.item for one in spoken], frames, config.decoded.share)
        stage = VocoderStage(FrameVocoder(self.recipe.vocoder), corpus, config.crops, config.losses, decoded)
        stage.model.load_state_dict(self.weights("vocoder"))
        stage.judge.load_state_dict(self._checkpoint("vocoder")["modules"]["judge"][0])
        return stage

    def _autoregressive_stage(self) -> Stage:
        config = self.recipe.stage("autoregressive")
        corpus, items = self.spoken()
        model = AutoregressiveModel(self.recipe.autoregressive)
        start_from_codebook(model, self.weights("dvae")["codebook.embed"])
        return AutoregressiveStage(model, BucketSampler(items, corpus, config.buckets), config.language)

    def _clvp_stage(self) -> Stage:
        corpus, items = self.spoken()
        config = self.recipe.stage("clvp")
        return ClvpStage(Clvp(self.recipe.clvp), BucketSampler(items, corpus, config.buckets), config.ranking)

    def _speller_stage(self) -> Stage:
        config = self.recipe.stage("speller")
        corpus, items = self.spoken()
        model = CodeSpeller(self.recipe.speller)
        return SpellerStage(model, BucketSampler(items, corpus, config.buckets), config.spelling)

    def _diffusion_stage(self, stage: str) -> Stage:
        pieces = self.recipe.stage(stage).pieces
        corpus, items = self.spoken()
        aligned = AlignedInput(items)
        decoder = DiffusionDecoder(self.recipe.diffusion)
        if stage == "diffusion":
            items = items[: pieces.latent_items]
            aligned = AlignedInput(items, self._latents(corpus, items, pieces), self._revoiced(items, pieces))
            decoder.load_state_dict(self.weights("diffusion_codes"))
        process = GaussianDiffusion(
            NoiseSchedule.linear(),
            prediction=self.recipe.speech.get("prediction", "epsilon"),
            learned_variance=decoder.config.learned_variance,
        )
        data = DiffusionSampler(corpus, aligned, pieces)
        shallow = self.recipe.speech.get("shallow", 1.0)
        config = self.recipe.stage(stage).denoising
        return DiffusionStage(decoder, process, data, dvae=self._dvae().to(self.device), config=config, shallow=shallow)

    # --- what the stages need ---

    def _corpus(self) -> Corpus:
        return Corpus(self.folder / "corpus")

    def spoken(self) -> tuple[Corpus, list[SpokenItem]]:
        """The corpus, and its utterances with codes and tokens. Raises `ConfigError` where there is no dVAE yet."""
        corpus = self._corpus()
        return corpus, prepare_items(corpus, self._dvae(), self.folder / "codes.npy")

    def _dvae(self) -> DiscreteVAE:
        dvae = DiscreteVAE(self.recipe.dvae).eval()
        dvae.load_state_dict(self.weights("dvae"))
        return dvae

    def _latents(self, corpus: Corpus, items: list[SpokenItem], data: DiffusionDataConfig) -> np.ndarray:
        model = AutoregressiveModel(self.recipe.autoregressive).eval()
        model.load_state_dict(self.weights("autoregressive"))
        path = self.folder / f"latents-{self._checkpoint('autoregressive')['step']}.f16"  # other weights, other latents
        compute_latents(model, items, corpus, path, data)
        return np.memmap(path, dtype=np.float16, mode="r").reshape(-1, model.config.width)

    def _revoiced(self, items: list[SpokenItem], data: DiffusionDataConfig) -> np.ndarray | None:
        if not data.revoiced_share:
            return None
        path = self.folder / "revoiced.i16"
        compute_revoiced(self._dvae(), items, path)
        return np.memmap(path, dtype=np.int16, mode="r")

    def _decoded(self, corpus: Corpus, items: list[SpokenItem], config: DecodedConfig) -> np.ndarray:
        decoder = DiffusionDecoder(self.recipe.diffusion).eval()
        decoder.load_state_dict(self.weights("diffusion"))
        latents = self._latents(corpus, items, self.recipe.stage("diffusion").pieces)
        speech: SpeechFormat = read_config(SpeechFormat, self.recipe.speech, "speech")
        settings: SamplingSettings = read_config(SamplingSettings, self.recipe.presets[config.preset], config.preset)
        audio = AudioStage(
            decoder.to(self.device), FrameVocoder(self.recipe.vocoder), self._dvae().to(self.device), speech
        )
        path = self.folder / f"decoded-{self._checkpoint('diffusion')['step']}.f16"  # other weights, other mels
        compute_decoded(audio, corpus, AlignedInput(items, latents), settings, config, path)
        return np.memmap(path, dtype=np.float16, mode="r").reshape(-1, self.recipe.diffusion.in_channels)

    def weights(self, stage: str) -> dict[str, Tensor]:
        """The averaged weights of a stage that has been trained. Raises `ConfigError` where it has not."""
        weights: dict[str, Tensor] = self._checkpoint(stage)["average"]
        return weights

    def _checkpoint(self, stage: str) -> dict[str, Any]:
        path = self._run_folder(stage) / CHECKPOINT
        if not path.exists():
            raise ConfigError(f"stage {stage!r} has not been trained yet ({path} is missing): run it first")
        checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        return checkpoint

    def _run_folder(self, stage: str) -> Path:
        return self.folder / "runs" / stage
