"""The settings themselves: names, types, limits and defaults."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_data_path
from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    HttpUrl,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from .access import (
    authority_file,
    disagreement,
    header_fault,
    only_an_address,
    without_credentials,
)
from .lines import Place
from .root import template_names
from .scoring import Scoring, ScoringModel
from .studio import StudioToken, StudioUrl
from .values import Real, Table, Whole

PolicyName = Literal["taste", "selection_rate", "random"]
AspectRatio = Literal["portrait", "landscape", "square"]
ASPECT_RATIOS: tuple[AspectRatio, ...] = ("portrait", "landscape", "square")
Pixels = Annotated[Whole, Field(ge=16, le=8192)]
MAX_STEPS = 150


class ServerConfig(Table):
    """One ComfyUI server."""

    # What is wrong with a server is told without its values: they may be secrets.
    model_config = ConfigDict(hide_input_in_errors=True)

    name: str = Field(min_length=1, max_length=100, pattern=r"^\w[\w.-]*$")
    """Its identity: letters, digits, `.`, `_` and `-`. Keep it when the address changes."""
    url: Annotated[HttpUrl, AfterValidator(only_an_address)] = Field(repr=False)
    """Its address, as in `http://192.168.1.20:8188`."""
    headers: dict[str, str] = Field({}, repr=False)
    """Sent with every request, for a server behind a proxy that wants a password."""
    ca_file: Annotated[Path, AfterValidator(authority_file)] | None = None
    """File in PEM format holding the authority that signed the server's certificate, where your
    system does not know it."""

    @field_validator("headers")
    @classmethod
    def _can_be_sent(cls, headers: dict[str, str]) -> dict[str, str]:
        if (sentence := header_fault(headers)) is not None:
            raise disagreement(sentence)
        return headers

    @property
    def shown_url(self) -> str:
        """The address as it may be shown: without user and password."""
        return without_credentials(str(self.url)).rstrip("/")


class Tier(Table):
    """A quality level: a pool of checkpoints of one family, its sizes and sampling defaults."""

    family: str
    """Base-model architecture of the pool: `sd15`, `sdxl`, `sd3`, `flux`, …"""
    checkpoints: tuple[str, ...] = ("*",)
    """Shell patterns over catalog names. A checkpoint of unknown family joins only where it is
    named without wildcards."""
    without: tuple[str, ...] = ()
    """Checkpoints left out although a pattern fits them, by catalog name or shell pattern."""
    sizes: dict[AspectRatio, tuple[Pixels, Pixels]] = Field(min_length=len(ASPECT_RATIOS))
    """Native width and height in pixels for `portrait`, `landscape` and `square`."""
    steps: Whole | None = Field(None, ge=1, le=MAX_STEPS)
    """Sampling steps; left out, they are chosen for each prompt."""
    cfg: Real | None = Field(None, ge=0, le=30)
    """How strictly the prompt is followed; left out, it is chosen for each prompt."""
    sampler: str | None = None
    """Sampler, by ComfyUI's name; left out, it is chosen by family and priority."""
    scheduler: str | None = None
    """Scheduler, by ComfyUI's name; left out, it is chosen by family and priority."""


class Stage(Table):
    """One step of the funnel: how many pictures, and how they differ from the step before."""

    name: str
    """What the page calls it."""
    size: Whole = Field(ge=1, le=200)
    """How many pictures its grid holds."""
    template: str
    """The workflow that renders them: a file in `workflows/api/`, without `.json`, or one of your
    own."""
    scale: Real = Field(1.0, gt=0, le=8)
    """Multiplies the tier's native size."""
    steps_scale: Real = Field(1.0, gt=0, le=5)
    """Multiplies the tier's steps."""
    denoise: Real = Field(1.0, gt=0, le=1)
    """Share of the picked picture that is redrawn."""
    tier: str | None = None
    """Another tier to render in from here on; checkpoint and LoRAs are then chosen anew."""
    fill: Literal["variations", "none"] = "variations"
    """What free slots hold when fewer pictures were picked than fit."""

    def image_size(self, tier: Tier, aspect_ratio: AspectRatio) -> tuple[int, int]:
        """Width and height in pixels, multiples of 16: every family can decode such a size."""
        width, height = tier.sizes[aspect_ratio]
        return _to_16(width * self.scale), _to_16(height * self.scale)

    def step_count(self, base: int) -> int:
        """Sampling steps at this stage, where ``base`` are the tier's or those for the prompt."""
        return _within_steps(base * self.steps_scale)

    def grown_size(self, width: int, height: int, *, since: Stage) -> tuple[int, int]:
        """The size here of a picture that had this size at an earlier stage."""
        factor = self.scale / since.scale
        return _to_16(width * factor), _to_16(height * factor)

    def grown_steps(self, steps: int, *, since: Stage) -> int:
        """The steps here of a picture that had this many at an earlier stage."""
        return _within_steps(steps * self.steps_scale / since.steps_scale)


class LoraWeights(Table):
    """What counts how much when LoRAs are ranked; what is not known of one is left out."""

    semantic: Real = Field(0.4, ge=0, le=1)
    """What the LoRA is about, by meaning; counts only where a text encoder is there."""
    keyword: Real = Field(0.3, ge=0, le=1)
    """Words of the prompt in its name, trigger words and training tags."""
    popularity: Real = Field(0.2, ge=0, le=1)
    """How often others downloaded it, where a file beside it tells."""
    history: Real = Field(0.1, ge=0, le=1)
    """How often you picked pictures it was in, for such prompts."""


class Settings(BaseSettings):
    """Everything the studio can be told; ``load_settings`` makes one from files and environment."""

    model_config = SettingsConfigDict(
        env_prefix="VIBES_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
    )

    host: str = Field("127.0.0.1", min_length=1)
    """Address to listen on. Any other than this machine's own needs a `token_file`."""
    port: Whole = Field(7860, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    token_file: Path | None = None
    """File holding the access token; made, readable by you only, when missing."""
    data_dir: Path = Field(default_factory=lambda: user_data_path("vibes-imgen", appauthor=False))
    """Where pictures and the database live."""
    servers: tuple[ServerConfig, ...] = ()
    """The ComfyUI servers to share the work."""
    tiers: dict[str, Tier] = Field(min_length=1)
    """Quality levels by name."""
    default_tier: str = "auto"
    """The tier of a request that names none; `auto` is the first with a checkpoint on a server."""
    max_checkpoints: Whole = Field(3, ge=1, le=20)
    """How many checkpoints an Explore grid is spread over."""
    probes: Whole = Field(1, ge=0, le=20)
    """How many pictures of an Explore grid are chosen at random, whatever was learned: what
    learning is measured against."""
    stages: tuple[Stage, ...] = Field(min_length=1)
    """The funnel, first step first."""
    policy: PolicyName = "taste"
    """How picks become choices: by a learned `taste`, by what was picked most often
    (`selection_rate`), or at `random` to compare."""
    model_folders: tuple[Path, ...] = ()
    """Folders laid out like ComfyUI's `models/` that the studio itself can read, for instance on a
    shared disk: their files are known by their content, not only by what servers tell."""
    lora_weights: LoraWeights = LoraWeights()
    """What counts how much when LoRAs are ranked for a prompt."""
    verify_loras: bool = True
    """Whether a LoRA that is new beside a checkpoint is tested with two tiny pictures, on servers
    without the node pack, to find out if it changes anything."""
    scoring: Scoring = Scoring()
    """Whether pictures show what was asked: which model tells, and what percentages are called."""
    scoring_models: dict[str, ScoringModel] = {}
    """CLIP models by name; their weights are downloaded only by `vibes scoring install`."""
    text_encoder: Path | None = None
    """Folder of a model2vec model, or file of CLIP weights, to match prompts and LoRAs by meaning
    with; left out, the small model that comes with Vibes."""
    lexicons: Path | None = None
    """Folder with word lists of your own: `synonyms.yaml`, and additions to the shipped ones."""
    refresh_seconds: Real = Field(300, gt=0)
    """How often a server is asked for its models again, in seconds."""
    stall_seconds: Real = Field(180, gt=0)
    """How long a picture may show no sign of progress until another server gets it, in seconds."""

    studio_url: StudioUrl | None = None
    """Read by the node pack inside ComfyUI: the address of the studio it learns with, as in
    `http://192.168.1.20:7860`; left out, it is what is set in the graph editor, or none."""
    studio_token: StudioToken | None = None
    """Read by the node pack: the token of that studio, where it asks for one."""
    studio_profile: str = Field("default", min_length=1, max_length=100)
    """Read by the node pack: whose taste is learned and asked in ComfyUI."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the constructor is given: ``load_settings`` has read the environment."""
        return (init_settings,)

    @model_validator(mode="after")
    def _names_agree(self) -> Settings:
        for place, sentence in self._disagreements():
            raise disagreement(sentence, place)
        return self

    def _disagreements(self) -> Iterator[tuple[Place, str]]:
        yield from same_names(self.servers)
        if self.default_tier not in {"auto", *self.tiers}:
            yield ("default_tier",), self._no_tier(self.default_tier)
        templates = template_names(self.data_dir)
        for index, stage in enumerate(self.stages):
            if stage.template not in templates:
                near = did_you_mean(stage.template, templates)
                yield (
                    ("stages", index, "template"),
                    f"there is no template '{stage.template}'{near}",
                )
            if stage.tier is not None and stage.tier not in self.tiers:
                yield ("stages", index, "tier"), self._no_tier(stage.tier)

    def _no_tier(self, name: str) -> str:
        return f"there is no tier '{name}'{did_you_mean(name, self.tiers)}"


def same_names(servers: Sequence[ServerConfig]) -> Iterator[tuple[Place, str]]:
    """The place and a sentence for every server whose name another has already."""
    seen: set[str] = set()
    for index, server in enumerate(servers):
        if server.name in seen:
            yield ("servers", index, "name"), f"two servers are named '{server.name}'."
        seen.add(server.name)


def _to_16(pixels: float) -> int:
    return max(_half_up(pixels / 16), 1) * 16


def _within_steps(steps: float) -> int:
    return min(max(_half_up(steps), 1), MAX_STEPS)


def _half_up(value: float) -> int:
    """``round`` would take a half to the even neighbour, now up and now down."""
    return int(value + 0.5)


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """The end of a sentence about a wrong name: the nearest valid one, if any is near."""
    near = difflib.get_close_matches(name, valid, n=1)
    return f"; did you mean '{near[0]}'?" if near else "."
