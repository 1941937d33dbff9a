"""The constants of the model, tuned on simulated users that no figure is reported for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

OUTSIDE = "outside"
UNFIT = "unfit"


class Scale(NamedTuple):
    """What is believed of a feature before any evidence, on the logit scale."""

    mean: float
    sd: float


SCALES = {
    "checkpoint": Scale(0.0, 0.4),
    "keyword_checkpoint": Scale(0.0, 0.4),
    "cluster_checkpoint": Scale(0.0, 0.35),
    "lora": Scale(-0.1, 0.4),  # what is added without a reason rather spoils an image
    "keyword_lora": Scale(0.0, 0.4),
    "cluster_lora": Scale(0.0, 0.35),
    "checkpoint_lora": Scale(0.0, 0.15),
    "lora_strength": Scale(0.0, 0.2),
    "strength": Scale(0.0, 0.15),  # of any LoRA: a LoRA's own strengths are believed around it
    "relevance": Scale(1.0, 0.4),  # of a whole point of a LoRA's relevance
    "score": Scale(0.0, 0.3),  # of a standard deviation of the score
    OUTSIDE: Scale(1.0, 1.0),  # about a quarter of images without a LoRA
}
KINDS = tuple(SCALES)
NAMES = {kind: 2 if "_" in kind else 1 for kind in KINDS} | {OUTSIDE: 0}
"""Kind to how many names a feature of it has."""

_FITS = {  # the other features of this kind
    "checkpoint": Scale(0.3, 0.4),  # a checkpoint can do more than its description says
    UNFIT: Scale(-0.15, 0.3),  # of a LoRA that does not fit where others do
}
_USUAL_STRENGTH = 0.65
_BENT = 4.0  # logits lost by the squared distance from it: too weak changes nothing, too strong
_LOWEST = -1.0  # breaks the image
_SAME = 0.05 - 1e-9  # strengths are learned in steps of 0.1

AWAY = 0.2  # logits lost by any other strength than the one a LoRA is said to start at, beside what
# the distance from it loses

SHARED = 0.6  # of a feature's variance, what users have in common; the rest differs between them
GRID_SD = 5.0  # of "none of these" between grids of which some images were picked: how many is a
# habit, and tells little about the images
WHOLE_SD = 0.5  # the same where all were picked or none, which does tell something
BAR_SD = 1.5  # what a grid tells of the usual level of "none of these", which rises
BAR_FADE = 0.95  # with what is shown: of its evidence, what is left when new evidence comes
ALPHA = 0.22  # of the standard deviation, what a draw departs from the mean
QUICK_ALPHA = 0.05  # the same where the best is asked for
TOUCH_FADE = 0.995  # of a feature's evidence, what is left when new evidence comes
CLOCK_FADE = 0.9998  # of all evidence, what is left after one grid
LATER_STAGE = 0.5  # what a grid of a later stage counts beside a first one
WIDEN = 1.2  # factor on standard deviations where a probability is told: what independent features
# cannot know of each other makes them too narrow by about so much, for simulated users
USUAL_RATE, USUAL_IMAGES = 0.25, 8.0  # the pick rate of a user unknown, and the images it is worth
PROBE_FROM = 8  # images; a smaller grid has none to spare for a probe


def scales(kind: str, tails: Sequence[str]) -> list[tuple[int, Scale]]:
    """Of features of one kind that end in ``tails``: how many in a row are believed the same."""
    if kind == "relevance":
        return [(1, _FITS.get(tail, SCALES[kind])) for tail in tails]
    if kind == "strength":
        return [(1, Scale(_bent(float(tail), _USUAL_STRENGTH), SCALES[kind].sd)) for tail in tails]
    return [(len(tails), SCALES[kind])]


def start_shift(strength: float, start: float) -> float:
    """What a strength is worth more than usual, for a LoRA that starts at ``start``.

    The strength it starts at is to this LoRA what the usual one is to any: it costs nothing.
    """
    away = AWAY if abs(strength - start) > _SAME else 0.0
    return _bent(strength, start) - away - _bent(strength, _USUAL_STRENGTH)


def _bent(strength: float, usual: float) -> float:
    return max(-_BENT * min(abs(strength - usual), 1.0) ** 2, _LOWEST)
