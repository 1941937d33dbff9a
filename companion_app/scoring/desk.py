"""What the process does: show pictures to the model, hold what it saw against their prompts."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from vibes.decoding import upright
from vibes.errors import ScoringUnavailable
from vibes.prompts.encoders import Vectors
from vibes.scoring.adherence import Adherence
from vibes.scoring.cascade import Cascade, missed
from vibes.scoring.clip import load_clip
from vibes.scoring.judge import Judge
from vibes.scoring.pictures import READ_AT_LEAST, Picture, Undecodable, read_picture
from vibes.scoring.plugins import load_plugins
from vibes.scoring.zones import find_detector

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What pictures are scored with: folders of models and of word lists, scorers of others."""

    model: Path
    name: str
    permissive: Path | None = None
    device: str = "auto"
    plugins: tuple[str, ...] = ()
    lexicons: Path | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A picture to be scored, and what was asked of it."""

    image_id: str
    path: Path
    prompt: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Scored:
    """What was found out about a picture; ``vector`` has unit length.

    ``scores`` are those of other scorers, by their names.
    """

    image_id: str
    pixel_hash: str
    prompt_hash: str
    vector: Vectors
    adherence: Adherence
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unscorable:
    """A picture that has no score, and why."""

    image_id: str
    why: str


Answer = Scored | Unscorable


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A picture that was read, and the bytes of its file."""

    picture: Picture
    data: bytes

    def image(self) -> Image.Image:
        """Decoded once more: few pictures are looked at twice."""
        return upright(self.data, at_least=READ_AT_LEAST).picture


class ScoringDesk:
    """Loaded models. Raises ScoringUnavailable where the equipment is not complete."""

    def __init__(self, equipment: Equipment):
        device, second, words = equipment.device, equipment.permissive, equipment.lexicons
        self.clip = load_clip(equipment.model, device=device, name=equipment.name)
        self._cascade = Cascade(
            Judge(self.clip, folder=words),
            permissive=Judge(load_clip(second, device=device), folder=words) if second else None,
            detector=find_detector(),
        )
        self._plugins = load_plugins(equipment.plugins)

    def score(self, tasks: Sequence[Task]) -> list[Answer]:
        """An answer for each task, in order; the pictures go through the model together."""
        read = [self._read(task) for task in tasks]
        pixels = [one.picture.pixels for one in read if isinstance(one, _Seen)]
        vectors = iter(self.clip.encode_images(np.stack(pixels)) if pixels else ())
        return [
            Unscorable(task.image_id, one)
            if isinstance(one, str)
            else self._scored(task, one, next(vectors))
            for task, one in zip(tasks, read, strict=True)
        ]

    def _read(self, task: Task) -> _Seen | str:
        try:
            data = task.path.read_bytes()
            return _Seen(read_picture(data, self.clip.fit), data)
        except Undecodable as error:
            return f"Its picture is unusable: {error}."
        except OSError as error:
            return f"Its picture cannot be read: {error.strerror or error}."

    def _scored(self, task: Task, seen: _Seen, vector: Vectors) -> Scored:
        judge = self._cascade.judge
        [found] = judge.judge(vector[np.newaxis], task.prompt)
        if missed(found):
            found = self._cascade.look(seen.image(), found, task.prompt)
        return Scored(
            image_id=task.image_id,
            pixel_hash=seen.picture.pixel_hash,
            prompt_hash=judge.asked(task.prompt).hash,
            vector=vector,
            adherence=found,
            scores=self._others(task, seen) if self._plugins else {},
        )

    def _others(self, task: Task, seen: _Seen) -> dict[str, float]:
        """The scores of other scorers; one that fails gives none."""
        scores = {}
        for plugin in self._plugins:
            try:
                [scores[plugin.name]] = plugin.score([seen.image()], [task.prompt])
            except ScoringUnavailable as error:
                log.warning("%s", error)
        return scores
