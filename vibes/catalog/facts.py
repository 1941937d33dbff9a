"""What one file says about itself: put together from its header, its name and its sidecars."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from itertools import islice

from .branches import branch_of
from .families import family_of
from .foreign import line
from .names import stem
from .records import Facts, ModelKind
from .sidecars import Sidecar
from .triggers import MAX_TAGS, Training, phrases, training_of
from .weights import Weights


def facts_of(
    kind: ModelKind,
    name: str,
    *,
    metadata: Mapping[str, str],
    size: int | None = None,
    weights: Weights | None = None,
    sidecar: Sidecar | None = None,
) -> Facts:
    """Everything known of a file, in as little memory as it takes: ten thousand are kept.

    ``weights`` is None where they were not looked at.
    """
    beside = sidecar or Sidecar()
    family, source = family_of(
        kind, name, metadata, size, weights=weights, base_model=beside.base_model
    )
    title = line(metadata.get("modelspec.title")) or beside.name
    training = training_of(metadata)
    tags = _tags(training, beside)
    return Facts(
        family=family,
        family_source=source,
        branch=_branch(metadata, beside, title, name) if family == "sdxl" else None,
        triggers=interned(phrases((*beside.triggers, *training.triggers))),
        tags=interned(tags),
        tag_counts=tuple(tags.values()),
        title=title or line(metadata.get("ss_output_name")),
        rank=weights.rank if weights else None,
        modules=weights.modules if weights and kind == "lora" else None,
        sha256=beside.sha256 if beside.size in (None, size) else None,
        popularity=beside.popularity,
        strength=beside.strength,
        has_preview=beside.has_preview,
        fault=_fault(kind, name, weights),
    )


def _tags(training: Training, beside: Sidecar) -> dict[str, int]:
    """Tags with their pictures; what is only stated stands before, and has 0."""
    counts = dict(training.counts)
    for tag, count in (beside.tag_counts or {}).items():
        for phrase in phrases((tag,)):
            counts.setdefault(phrase, count)
    names = dict.fromkeys((*phrases(beside.tags), *counts))
    return {tag: counts.get(tag, 0) for tag in islice(names, MAX_TAGS)}


def _branch(
    metadata: Mapping[str, str], beside: Sidecar, title: str | None, name: str
) -> str | None:
    trained_on = (metadata.get(key) for key in ("ss_sd_model_name", "modelspec.merged_from"))
    branch = branch_of(*trained_on, beside.base_model, title, name)
    return sys.intern(branch) if branch else None


def _fault(kind: ModelKind, name: str, weights: Weights | None) -> str | None:
    """Why a file whose header can be read is still of no use as what its folder says."""
    if weights is None or weights.modules is None:
        return None
    if kind == "lora" and weights.modules == 0:
        return f"{stem(name)} is no LoRA: move it to the folder of what it is."
    if kind == "checkpoint" and weights.modules:
        return f"{stem(name)} is a LoRA, no checkpoint: move it to the folder loras."
    return None


def interned(words: Iterable[str]) -> tuple[str, ...]:
    """The words, one copy of each for all files: they share most of their tags."""
    return tuple(map(sys.intern, words))
