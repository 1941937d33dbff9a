"""What the scoring node sees, without ComfyUI; loads a good deal, so it is imported when needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from vibes.errors import InvalidInput
from vibes.scoring.adherence import Adherence
from vibes.scoring.cascade import Cascade
from vibes.scoring.clip import Clip, load_clip
from vibes.scoring.judge import Judge
from vibes.scoring.pictures import picture_of
from vibes.scoring.reports import Report, report_of
from vibes.scoring.zones import find_detector

from .scoring_models import LocalModel

TOGETHER = 8
"""Pictures that go through the model at once."""


class Scorer:
    """A loaded model that judges pictures as the studio does."""

    def __init__(self, clip: Clip, lexicons: Path | None = None):
        self.clip = clip
        self._judge = Judge(clip, folder=lexicons)
        self._cascade = Cascade(self._judge, detector=find_detector())

    def reports(self, pictures: Iterable[Image.Image], text: str) -> Iterator[Report]:
        """A report on each picture, in order; a few are held at a time."""
        rest = iter(pictures)
        while some := list(islice(rest, TOGETHER)):
            yield from self._reports(some, text)

    def _reports(self, pictures: Sequence[Image.Image], text: str) -> Iterator[Report]:
        seen = [picture_of(picture, self.clip.fit) for picture in pictures]
        vectors = self.clip.encode_images(np.stack([one.pixels for one in seen]))
        texts = self._judge.asked(text).hash
        for picture, one, vector in zip(pictures, seen, vectors, strict=True):
            [first] = self._judge.judge(vector[None], text)
            found = self._cascade.look(picture, first, text)
            yield report_of(one, vector, found, name=self.clip.name, prompt_hash=texts)


def load_scorer(model: LocalModel, device: str, lexicons: Path | None) -> Scorer:
    """Load a model; raises ScoringUnavailable where it does not work.

    ``lexicons`` is the folder of the user's own word lists.
    """
    return Scorer(load_clip(model.folder, device=device, name=model.name), lexicons)


def check_text(text: str) -> None:
    """Raise InvalidInput where a text asks for nothing."""
    if not text.strip():
        raise InvalidInput("Nothing is asked for: connect the prompt to 'text'.")


def mean_score(found: Sequence[Adherence]) -> float:
    """The mean of a batch; 0 for an empty one."""
    return sum(one.overall for one in found) / len(found) if found else 0.0


def table(found: Sequence[Adherence]) -> str:
    """What was found, picture by picture, in lines; shares between 0 and 1, no percentages."""
    parts = ["Shares among alternatives, 0 to 1; they compare pictures, they are no percentages."]
    for number, one in enumerate(found, 1):
        parts.append(f"\nPicture {number}: {one.overall:.2f}")
        parts += [
            f"  {item.p:.2f}  {item.requirement.text} ({item.requirement.slot}, {item.method})"
            for item in one.items
        ]
    return "\n".join(parts)
