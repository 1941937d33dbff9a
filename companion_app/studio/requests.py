"""What may be asked of the studio; REST bodies, page and command line share these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from vibes.recommend import Priority, Variation
from vibes.settings import AspectRatio
from vibes.stages import Iteration

from .views import PriorityName

LONGEST_PROFILE = 60
"""Characters of a profile's name."""

MAX_PROMPT = 20_000
"""Characters; far beyond what a text encoder reads, small enough to store twenty times."""

Mode = Literal["auto", "assisted", "manual"]
Prompt = Annotated[str, StringConstraints(max_length=MAX_PROMPT)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=100)]
"""Bounded, which also refuses what is no Unicode text (lone surrogates)."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Trigger = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Pixels = Annotated[int, Field(ge=16, le=8192, multiple_of=8)]


class _Request(BaseModel):
    # Strict: true is no count and "2" no number, so a slip is named instead of guessed at.
    model_config = ConfigDict(extra="forbid", strict=True)


class LoraChoice(_Request):
    """A LoRA the user chose."""

    name: Name
    strength: float = Field(0.7, ge=-3, le=3)


class Overrides(_Request):
    """What the user decided instead of the studio, for every image of the grid."""

    checkpoint: Name | None = None
    loras: list[LoraChoice] | None = None
    steps: int | None = Field(None, ge=1, le=150)
    cfg: float | None = Field(None, ge=0, le=30)
    sampler: Name | None = None
    scheduler: Name | None = None
    width: Pixels | None = None
    height: Pixels | None = None


class Edit(_Request):
    """What the user changed of one image of a plan; what is left out stays as planned.

    ``triggers`` are the words added to the prompt for its LoRAs, all of them; ``drop`` leaves the
    image out of the grid.
    """

    index: int = Field(ge=0, lt=200)
    checkpoint: Name | None = None
    loras: list[LoraChoice] | None = None
    triggers: list[Trigger] | None = None
    drop: bool = False


class EmbeddingChoice(_Request):
    """An embedding, and the prompt it is to be put into."""

    name: Name
    where: Literal["prompt", "negative"] = "prompt"


class ImageRequest(_Request):
    """One image from a prompt.

    ``add_triggers`` lets the studio add the words that chosen LoRAs want to hear. ``max_seconds``
    and ``max_vram_gb`` (GiB) are what one image may take at most. ``template`` names the workflow
    it is made with; None is that of the first stage.
    """

    session_id: Id
    prompt: Prompt
    negative_prompt: Prompt = ""
    aspect_ratio: AspectRatio = "portrait"
    tier: Name | None = None
    template: Name | None = None
    explore_mode: bool = True
    auto_lora: bool = True
    seed: int | None = Field(None, ge=0, lt=2**53)
    variation: Variation = "seed"
    mode: Mode = "auto"
    plan_id: Id | None = None
    overrides: Overrides = Overrides()
    edits: list[Edit] = Field([], max_length=200)
    priority: Priority = "balanced"
    add_triggers: bool = True
    embeddings: list[EmbeddingChoice] = Field([], max_length=20)
    max_seconds: float | None = Field(None, gt=0, le=3600)
    max_vram_gb: float | None = Field(None, gt=0, le=1024)


class BatchRequest(ImageRequest):
    """A grid from a prompt."""

    count: int = Field(20, ge=1, le=200)


class IterateRequest(_Request):
    """The next grid out of picks; ``selected`` None means the stored selection."""

    session_id: Id
    batch_id: Id
    action: Iteration
    selected: list[Id] | None = None
    feedback: Prompt | None = None
    prompt: Prompt | None = None


class RejectRequest(_Request):
    """Reject a grid as a whole."""

    session_id: Id
    batch_id: Id
    feedback: Prompt | None = None


class SessionRequest(_Request):
    """A new session."""

    name: Name | None = None
    flow: Literal["draft_grid"] = "draft_grid"
    profile: Annotated[Name, StringConstraints(max_length=LONGEST_PROFILE)] = "default"


class RatingRequest(_Request):
    """The user's own rating of one image, 1 (poor) to 5 (great) on each scale."""

    overall: int = Field(ge=1, le=5)
    quality: int | None = Field(None, ge=1, le=5)
    accuracy: int | None = Field(None, ge=1, le=5)
    aesthetics: int | None = Field(None, ge=1, le=5)
    flaws: list[Name] = []
    tags: list[Name] = []
    comment: Prompt | None = None


class PromptRequest(_Request):
    """A prompt to be looked at."""

    prompt: Prompt


class LoraTestRequest(PromptRequest):
    """Which LoRAs would be chosen for a prompt, and why."""

    tier: Name | None = None
    checkpoint: Name | None = None
    profile: Name = "default"
    count: int = Field(10, ge=1, le=50)


class Side(_Request):
    """One side of a comparison."""

    checkpoint: Name | None = None
    loras: list[LoraChoice] = Field([], max_length=10)


class CompareRequest(PromptRequest):
    """Two pictures that differ in nothing but their models; without a session a new one is made."""

    session_id: Id | None = None
    profile: Name = "default"
    negative_prompt: Prompt = ""
    checkpoint: Name | None = None
    tier: Name | None = None
    aspect_ratio: AspectRatio = "portrait"
    seed: int | None = Field(None, ge=0, lt=2**53)
    a: Side
    b: Side


Better = Literal["a", "b", "neither"]


class VerdictRequest(_Request):
    """Which side of a comparison is the better one."""

    better: Better


class BlocksRequest(_Request):
    """Everything a profile blocks."""

    loras: list[Name] = Field([], max_length=10_000)
    tags: list[Name] = Field([], max_length=1000)
    families: list[Name] = Field([], max_length=100)


class BlockRequest(_Request):
    """Whether one LoRA is blocked."""

    name: Name
    blocked: bool
    profile: Name = "default"


class PoolEditRequest(_Request):
    """Whether a checkpoint is in a tier's pool; null: as the configuration says."""

    checkpoint: Name
    member: bool | None


class ProbeRequest(_Request):
    """A server to be asked who it is. What it may be like, ``ServerConfig`` decides."""

    name: Name | None = None
    url: str
    headers: dict[str, str] = {}
    ca_file: str | None = None


class ServerRequest(ProbeRequest):
    """A server to be used."""

    name: Name


class WorkflowRequest(_Request):
    """A workflow to be used: a file of the graph editor, or a graph in API format, as JSON."""

    name: Name
    document: dict[str, Any]


class PriorityRequest(_Request):
    """How urgent a batch is."""

    priority: PriorityName


class MoveRequest(_Request):
    """Right before which other one of its kind something goes; null is last."""

    before: Id | None


class BinRequest(_Request):
    """Which pictures go into the bin: those named, or those of a batch or session with a tag."""

    images: list[Id] | None = Field(None, max_length=10_000)
    batch_id: Id | None = None
    session_id: Id | None = None
    tag: Literal["failed", "partial"] | None = None

    @model_validator(mode="after")
    def _one_of_three(self) -> BinRequest:
        named = [self.images, self.batch_id, self.session_id]
        if sum(value is not None for value in named) != 1 or (self.images is None) is (
            self.tag is None
        ):
            raise PydanticCustomError(
                "bin", "name the images, or a batch_id or a session_id with a tag"
            )
        return self


class ImagesRequest(_Request):
    """Some of what lies in the bin; null: all of it."""

    images: list[Id] | None = Field(None, max_length=10_000)


class LabelRequest(_Request):
    """Whether a picture shows a requirement; null: nothing is said about it any more."""

    requirement: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    shown: bool | None


class RescoreRequest(_Request):
    """What is to be scored: a batch, a session, or everything."""

    batch_id: Id | None = None
    session_id: Id | None = None


ImageAction = Literal["saved", "shared", "regenerated", "flagged", "unflagged"]
