"""Reports that no model made."""

from __future__ import annotations

import numpy as np

from vibes.scoring.adherence import Adherence, RequirementScore
from vibes.scoring.asked import plain_prompt
from vibes.scoring.judge import prompt_hash
from vibes.scoring.reports import Report
from vibes.scoring.requirements import requirements

MODEL = "0123456789ab:32shortest"


def make_report(
    prompt: str, *, model: str = MODEL, pixel_hash: str = "a" * 64, share: float = 0.5
) -> Report:
    """A picture that shows each requirement of the prompt with this share."""
    wanted = requirements(prompt)
    items = tuple(
        RequirementScore(one, 0.1, share, 0.0, 1, "whole picture", None, model) for one in wanted
    )
    return Report(
        model=model,
        name="tiny",
        pixel_hash=pixel_hash,
        phash=2**64 - 1,
        width=64,
        height=96,
        prompt_hash=prompt_hash(plain_prompt(prompt), wanted),
        vector=np.array([0.6, 0.8], np.float32),
        adherence=Adherence(share, 0.1, None, 1, 1, items, model, None),
    )
