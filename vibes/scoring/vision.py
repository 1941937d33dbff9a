"""Vision models: what looks at a picture and speaks; none is needed for anything."""

from __future__ import annotations

from typing import Protocol

from PIL import Image


class VisionAnalyzer(Protocol):
    """A model that describes pictures and answers questions about them."""

    name: str

    def describe(self, picture: Image.Image) -> str | None:
        """What the picture shows, in a sentence or some; None where the model cannot tell."""
        ...

    def answer(self, picture: Image.Image, question: str) -> float | None:
        """How likely the answer is yes, from 0 to 1; None where the model does not answer."""
        ...


class NullAnalyzer:
    """Where there is no vision model: it never says anything."""

    name = "none"

    def describe(self, picture: Image.Image) -> str | None:
        """As VisionAnalyzer says."""
        return None

    def answer(self, picture: Image.Image, question: str) -> float | None:
        """As VisionAnalyzer says."""
        return None
