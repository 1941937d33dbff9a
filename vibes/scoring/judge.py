"""A judge: a model that holds pictures against prompts, each text encoded once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from vibes.prompts.encoders import Vectors

from .adherence import WHOLE, Adherence, Texts, adherences, texts_of
from .asked import plain_prompt
from .calibration import Calibrations
from .clip import Clip
from .requirements import Requirement, requirements

PROMPTS = 256
"""As many prompts' texts are kept encoded: some 100 texts each, or 50 MB in all."""

HASHES = 16_384


class AskedPrompt(NamedTuple):
    """What a prompt asks for; ``hash`` is over every text pictures are compared with."""

    requirements: tuple[Requirement, ...]
    texts: Texts
    hash: str


class Judge:
    """Judges pictures by one model; ``folder`` holds word lists of the user's own."""

    def __init__(self, clip: Clip, *, folder: Path | None = None):
        self.clip = clip
        self._folder = folder
        self.asked = lru_cache(PROMPTS)(self._asked)
        self.hash = lru_cache(HASHES)(self._hash)

    def judge(
        self,
        vectors: Vectors,
        prompt: str,
        *,
        calibrations: Calibrations | None = None,
        method: str = WHOLE,
    ) -> list[Adherence]:
        """How well each picture (n, d) shows the prompt; they are ranked as one grid."""
        asked = self.asked(prompt)
        return adherences(
            vectors,
            asked.texts,
            asked.requirements,
            scale=self.clip.scale,
            model=self.clip.key,
            calibrations=calibrations,
            method=method,
        )

    def _hash(self, prompt: str) -> str:
        """As ``asked`` has it, but without encoding anything."""
        return prompt_hash(plain_prompt(prompt), requirements(prompt, folder=self._folder))

    def _asked(self, prompt: str) -> AskedPrompt:
        wanted = requirements(prompt, folder=self._folder)
        plain = plain_prompt(prompt)
        texts = texts_of(plain, wanted, self.clip.encode_texts)
        return AskedPrompt(wanted, texts, prompt_hash(plain, wanted))


def prompt_hash(prompt: str, wanted: Sequence[Requirement]) -> str:
    """A SHA-256 in hex over the plain prompt, and requirements with their alternatives."""
    texts = [prompt, *([one.text, *one.alternatives] for one in wanted)]
    return hashlib.sha256(json.dumps(texts, ensure_ascii=False).encode()).hexdigest()
