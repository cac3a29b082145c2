"""Settings: what may be tuned, section by section; a section is named as its stage.

Sources, later ones win: `default.toml` beside this file (every setting, with its default) < the profile named by
TALEPRESS_PROFILE (`profiles/<name>.toml`) < the user's file (TALEPRESS_CONFIG, else `talepress.toml` in the working
folder) < environment variables TALEPRESS_<SECTION>__<KEY> < keyword arguments of `load_settings`.
This module must not know what the settings are used for. Choices that another part owns are read from its table.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings import SettingsError as UnreadableVariableError

from configs.faults import PREFIX, explain, nearest
from configs.folders import default_data_folder
from tortoise_core.plain_data import parse_toml

_FOLDER = Path(__file__).parent

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]
Decibels = Annotated[float, Field(le=0)]
Count = Annotated[int, Field(ge=0)]
AtLeastOne = Annotated[int, Field(ge=1)]
AsPreset = BeforeValidator(lambda value: None if value == "preset" else value)
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3)]


class SettingsError(ValueError):
    """A setting that does not exist or makes no sense. The message names setting, source and remedy in one line."""


class _Section(BaseModel):
    """Unknown keys are errors, nothing changes after loading, and defaults live in default.toml alone."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class IngestSettings(_Section):
    """Limits against hostile book files, and how texts are read that can be read in more ways than one."""

    max_file_bytes: AtLeastOne
    max_archive_bytes: AtLeastOne
    max_unit_bytes: AtLeastOne
    max_compression_ratio: AtLeastOne
    max_archive_members: AtLeastOne
    also_read: tuple[str, ...]
    notes: Literal["skip", "chapter-end", "inline"]
    tables: Literal["rows", "announce"]
    ruby: Literal["base", "reading"]
    code: Literal["announce", "skip", "read"]


class SegmentSettings(_Section):
    """Lengths of utterances in characters; the engine's own limit on text tokens always holds as well."""

    max_chars: Annotated[int, Field(ge=20)]
    min_chars: Count
    locale: Literal["auto", "en-US", "en-GB"]
    markup: bool
    heteronyms: bool
    lexicons: tuple[str, ...]


class SamplingSection(_Section):
    """What shapes a take and its key, where it is not to be as in the preset: TorToise's `SamplingSettings`."""

    candidates: Annotated[int | None, Field(ge=1), AsPreset]
    temperature: Annotated[float | None, Field(gt=0, le=10), AsPreset]
    top_k: Annotated[int | None, Field(ge=0), AsPreset]
    top_p: Annotated[float | None, Field(gt=0, le=1), AsPreset]
    typical_mass: Annotated[float | None, Field(ge=0, lt=1), AsPreset]
    repetition_penalty: Annotated[float | None, Field(ge=0.1, le=100), AsPreset]
    max_codes: Annotated[int | None, Field(ge=1), AsPreset]
    runaway_excess: Annotated[float | None, Field(ge=0, le=100), AsPreset]
    cvvp_amount: Annotated[float | None, Field(ge=0, le=1), AsPreset]
    cond_free: Annotated[bool | None, AsPreset]
    cond_free_k: Annotated[float | None, Field(ge=0, le=100), AsPreset]
    cond_free_ramp: Annotated[bool | None, AsPreset]
    diffusion_temperature: Annotated[float | None, Field(ge=0, le=2), AsPreset]

    def changes(self) -> dict[str, object]:
        """Lists those that are not to be as in the preset, by name."""
        return {name: value for name, value in self if value is not None}


class SynthesizeSettings(_Section):
    """Who speaks, and how.

    Which engines there are, and which presets and samplers they have, is theirs to say: `tasks/synthesize/engines.py`.
    `batch_size` is the number of utterances given to the engine at once; `batch_seconds` bounds their audio. `sampler`
    "preset" and `diffusion_steps` 0 leave the preset as it is.
    """

    engine: Annotated[str, Field(min_length=1)]
    model: Annotated[str, Field(min_length=1)]
    preset: Annotated[str, Field(min_length=1)]
    voice: Annotated[str, Field(min_length=1)]
    device: Annotated[str, Field(min_length=1)]
    precision: Literal["auto", "float32", "bfloat16", "int8", "w8a8"]
    sampler: Annotated[str, Field(min_length=1)]
    diffusion_steps: Annotated[int, Field(ge=0, le=4000)]
    sampling: SamplingSection
    batch_size: AtLeastOne
    batch_seconds: Annotated[float, Field(ge=1)]


class QaSettings(_Section):
    """When a take is doubtful. Levels in dBFS, durations in seconds, seconds per character of spoken text.

    Which listeners there are for `listen`, `tasks/qa/listeners/registry.py` says; `retakes_by_ear` is by preset.
    """

    retakes: Count
    listen: Annotated[str, Field(min_length=1)]
    retakes_by_ear: dict[str, Count]
    min_rms_dbfs: Decibels
    max_clipped_share: Share
    max_dc_offset: Share
    min_seconds_per_char: Seconds
    max_seconds_per_char: Seconds
    duration_slack_s: Seconds
    max_inner_silence_s: Seconds
    max_tail_db: Decibels
    min_spelled_per_char: Annotated[float, Field(le=0)]


class PauseSettings(_Section):
    """Seconds of silence after an utterance; the names are those of `storage.records.PauseKind`."""

    clause: Seconds
    sentence: Seconds
    paragraph: Seconds
    verse_line: Seconds
    stanza: Seconds
    scene: Seconds
    heading: Seconds
    chapter: Seconds


class StitchSettings(_Section):
    """Silences of a chapter's timeline, in seconds."""

    head_s: Seconds
    tail_s: Seconds
    pauses: PauseSettings


class MasterSettings(_Section):
    """Integrated loudness (LUFS) and true-peak ceiling (dBTP) of a chapter."""

    target_lufs: Annotated[float, Field(ge=-40, le=-9)]
    ceiling_dbtp: Annotated[float, Field(ge=-20, le=0)]


class AlignSettings(_Section):
    """Who listens for the words of takes."""

    method: Literal["speller", "pocketsphinx"]
    model: Annotated[str, Field(min_length=1)]


class ReadAlongSettings(_Section):
    """The EPUB that is read aloud."""

    grain: Literal["sentence", "word"]
    bitrate_kbps: Annotated[int, Field(ge=16, le=320)]
    epubcheck: bool


class SignatureSettings(_Section):
    """Whom audio files are signed by. An empty certificate: by nobody."""

    certificate: str
    key: str


class PackageSettings(_Section):
    """The published files. `outputs` names their kinds; packaging knows which there are."""

    outputs: tuple[str, ...]
    name: Annotated[str, Field(min_length=1)]
    ffmpeg: str
    aac_bitrate_kbps: Annotated[int, Field(ge=24, le=320)]
    part_hours: Annotated[float, Field(gt=0, le=23)]
    profiles: dict[str, dict[str, str | int | float | bool]]
    narrator: str
    narration: Words
    disclosure: Words
    opening: str
    closing: str
    feed_url: str
    readalong: ReadAlongSettings
    signature: SignatureSettings


class ReviewSettings(_Section):
    """Where the page listens on which people hear and decide, and the address by which they reach it."""

    host: str
    port: Annotated[int, Field(ge=0, le=65535)]
    address: Annotated[str, Field(pattern=r"^(https?://[^/\s]+)?$")]

    @property
    def page_address(self) -> str:
        """The address of the page for links, without a slash at its end."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host
        return self.address or f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def book_address(self, source: str) -> str:
        """The address at which the book of this digest is reviewed."""
        return f"{self.page_address}/books/{source[:16]}"


class VoicesSettings(_Section):
    """Limits on the reference clips of a new voice."""

    max_clips: AtLeastOne
    max_clip_bytes: AtLeastOne
    min_clip_s: Seconds
    max_clip_s: Seconds


class StorageSettings(_Section):
    """Where things are remembered. An empty text means the default place; read the properties, not the raw texts."""

    data_dir: str
    database_url: str
    artifacts_url: str

    @property
    def folder(self) -> Path:
        """The data folder, absolute. It may not exist yet."""
        return Path(self.data_dir).expanduser().absolute() if self.data_dir else default_data_folder()

    @property
    def database(self) -> str:
        """URL of the database, percent-encoded: a data folder may have any name."""
        return self.database_url or f"sqlite:///{quote(str(self.folder / 'talepress.db'))}"

    @property
    def artifacts(self) -> str:
        """fsspec URL or folder of the artifact store."""
        return self.artifacts_url or str(self.folder / "artifacts")

    @property
    def models(self) -> Path:
        """The folder of imported and pulled models."""
        return self.folder / "models"


class ExecutionSettings(_Section):
    """How Prefect runs the work. Times in seconds."""

    runner: Literal["threads", "dask"]
    threads: AtLeastOne
    dask_address: Annotated[str, Field(pattern=r"^([a-z]+://\S+)?$")]
    dask_workers: Count
    task_retries: Count
    retry_backoff_s: Seconds
    retry_jitter: Seconds
    max_flagged_share: Share
    server_start_timeout_s: Annotated[float, Field(ge=1)]


class ProductionSettings(_Section):
    """What `talepress up` runs on a box. `workers` 0: one for each GPU, or one where there is none."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=0, le=65535)]
    workers: Count
    tries: AtLeastOne
    keep_days: AtLeastOne


class InboxSettings(_Section):
    """Folders that are "" lie in the data folder. `settle_s` is in seconds, `ahead` counts runs."""

    folder: str
    outbox: str
    settle_s: Seconds
    ahead: AtLeastOne


class NotifySettings(_Section):
    """Who is told when a book is finished, has failed, or waits for people."""

    addresses: tuple[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*://")], ...]


class Settings(BaseSettings):
    """All settings. Made by `load_settings`."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix=PREFIX, env_nested_delimiter="__")

    ingest: IngestSettings
    segment: SegmentSettings
    synthesize: SynthesizeSettings
    qa: QaSettings
    stitch: StitchSettings
    master: MasterSettings
    align: AlignSettings
    package: PackageSettings
    review: ReviewSettings
    voices: VoicesSettings
    storage: StorageSettings
    execution: ExecutionSettings
    production: ProductionSettings
    inbox: InboxSettings
    notify: NotifySettings

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Returns our order of sources, the strongest first."""
        files = (TomlConfigSettingsSource(settings_cls, file) for file in reversed(_files()))
        return (init_settings, env_settings, *files)


def load_settings(**overrides: Mapping[str, Any]) -> Settings:
    """Loads all settings: `load_settings(synthesize={"preset": "standard"})`. Raises `SettingsError`."""
    for name in os.environ:
        _check_variable(name)
    for file in _files():
        _check_file(file)
    try:
        settings = Settings(**{name: dict(values) for name, values in overrides.items()})  # type: ignore[arg-type]
    except ValidationError as error:
        problems = [explain(detail, overrides, _files(), Settings) for detail in error.errors()]
        raise SettingsError("; ".join(problems)) from error
    except UnreadableVariableError as error:
        raise SettingsError(f"{error}: write a list as JSON, {PREFIX}INGEST__ALSO_READ='[\"nav\"]'") from error
    _check_data_folder(settings.storage)
    return settings


def _check_data_folder(storage: StorageSettings) -> None:
    """Refuses a data folder whose name the database cannot remember, or that belongs to no user."""
    try:
        str(storage.folder).encode("utf-8")
    except (UnicodeEncodeError, RuntimeError) as error:
        raise SettingsError(
            f"the data folder cannot be used ({error}): set TALEPRESS_HOME to a folder whose name is UTF-8"
        ) from error


def _files() -> tuple[Path, ...]:
    """Lists the files to read, the weakest first. Raises `SettingsError` for an unknown profile."""
    files = [_FOLDER / "default.toml"]
    if profile := os.environ.get("TALEPRESS_PROFILE"):
        profiles = {file.stem: file for file in sorted((_FOLDER / "profiles").glob("*.toml"))}
        if profile not in profiles:
            known = ", ".join(profiles)
            raise SettingsError(f"there is no profile {profile!r}: set TALEPRESS_PROFILE to one of {known}")
        files.append(profiles[profile])
    named = os.environ.get("TALEPRESS_CONFIG")
    user = Path(named) if named else Path("talepress.toml")
    if named or user.exists():
        files.append(user)
    return tuple(files)


def _check_file(file: Path) -> None:
    """Says clearly what is wrong with a file before pydantic sees it."""
    try:
        content = parse_toml(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"settings file {file} cannot be read: {error}") from error
    for section, values in content.items():
        if section in Settings.model_fields and not isinstance(values, dict):
            raise SettingsError(f"{section!r} in {file} must be a section: write [{section}], then its settings")


def _check_variable(name: str) -> None:
    """Refuses variables that look like settings but would be ignored in silence."""
    if not name.startswith(PREFIX):
        return
    section, delimiter, _ = name.removeprefix(PREFIX).lower().partition("__")
    if delimiter and section not in Settings.model_fields:
        hint = nearest(section, Settings.model_fields)
        raise SettingsError(f"unknown section in environment variable {name}: {hint}")
    if not delimiter and section.partition("_")[0] in Settings.model_fields:
        raise SettingsError(f"environment variable {name}: put two underscores between section and setting")
