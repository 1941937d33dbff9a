"""Settings of scoring: which model looks at pictures, and what its percentages are called."""

from __future__ import annotations

import re

from pydantic import Field, field_validator, model_validator

from .access import disagreement
from .values import Real, Table, Whole


class ScoringModel(Table):
    """A CLIP model and where its weights come from."""

    architecture: str
    """Its name in open_clip."""
    repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    """Its repository on the Hugging Face hub, as in `timm/ViT-B-16-SigLIP2`."""
    licence: str
    """Under which its weights may be used."""
    megabytes: Whole = Field(ge=1)
    """What is downloaded, roughly."""
    about: str = ""
    """What it is good for."""


class Thresholds(Table):
    """What percentages are called; they apply only where percentages are calibrated."""

    success: Real = Field(80, ge=0, le=100)
    """From here on a picture shows what was asked."""
    partial: Real = Field(50, ge=0, le=100)
    """From here on it shows some of it; below it failed."""
    flag: Real = Field(70, ge=0, le=100)
    """Below this a picture is flagged."""
    session: Real = Field(75, ge=0, le=100)
    """From this average on a session is complete."""

    @model_validator(mode="after")
    def _in_order(self) -> Thresholds:
        if self.partial > self.success:
            raise disagreement("`partial` must not be above `success`.")
        return self


class Scoring(Table):
    """How pictures are scored."""

    enabled: bool = True
    """Whether the studio scores its pictures, where torch, open_clip and weights are there."""
    model: str = "default"
    """One of `scoring_models`, or the folder of an open_clip model (`open_clip_config.json` and its
    weights, as hubs have it)."""
    permissive: str | None = None
    """Another such model that is asked where the first finds nothing of what was asked."""
    device: str = "auto"
    """What computes: `auto`, `cpu`, `cuda`, `cuda:1` or `mps`."""
    plugins: tuple[str, ...] = ()
    """Installed scorers of others (entry points `vibes.scorers`) whose numbers are wanted, too."""
    thresholds: Thresholds = Thresholds()
    """What percentages are called."""

    @field_validator("device")
    @classmethod
    def _known_device(cls, device: str) -> str:
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
            raise disagreement(f"'{device}' is no device: auto, cpu, cuda, cuda:1 or mps.")
        return device
