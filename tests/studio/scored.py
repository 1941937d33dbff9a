"""Scores that were found out by nobody: what a studio knows of pictures, written beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from companion_app.fleet import ProgressStream
from companion_app.scoring import Scored
from companion_app.studio.adherences import Adherences
from companion_app.studio.score_book import BookThread
from vibes.scoring.adherence import Adherence, RequirementScore
from vibes.scoring.requirements import Requirement
from vibes.settings import Thresholds
from vibes.storage import StoreThread
from vibes.storage.scorebook import ScoreBook, SeenLabel

MODEL = "0123456789ab:32shortest"
BOAT = Requirement("a red boat", "colour", ("a blue boat", "a green boat", "a black boat"))
DUSK = Requirement("at dusk", "time", ("at noon", "at night", "at dawn"))
STYLE = Requirement("oil painting", "medium", ("a photo", "a sketch", "a poster"), "variation")


def seen(image_id: str, shares: Mapping[Requirement, float]) -> Scored:
    """A picture in which each requirement has so large a share among its alternatives."""
    items = tuple(
        RequirementScore(requirement, p, p, math.log(p / (1 - p)), 1, "whole picture", None, MODEL)
        for requirement, p in shares.items()
    )
    overall = sum(shares.values()) / len(shares)
    return Scored(
        image_id=image_id,
        pixel_hash=image_id,
        prompt_hash="texts",
        vector=np.array([1, 0], np.float32),
        adherence=Adherence(overall, 0.2, None, 1, 1, items, MODEL, None),
    )


async def score(directory: Path, pictures: Mapping[str, Mapping[Requirement, float]]) -> None:
    """Keep what is seen in pictures; no studio may be using the directory."""
    store, book = StoreThread(directory), BookThread(directory)
    adherences = Adherences(
        store,
        book=book,
        progress=ProgressStream(),
        thresholds=Thresholds(),
        clock=lambda: datetime.now(timezone.utc),
    )
    for image_id, shares in pictures.items():
        await adherences.keep(seen(image_id, shares), MODEL, "tiny")
    book.close()
    store.close()


def calibrate(directory: Path) -> None:
    """Labels by which a share of a half or more is right."""
    book = ScoreBook(directory)
    margins = [(place - 19.5) / 10 for place in range(40)]
    book.label(
        SeenLabel(MODEL, f"p{place}", "a red boat", "colour", 5 * margin, margin > 0, "2026-01-01")
        for place, margin in enumerate(margins)
    )
    book.close()
