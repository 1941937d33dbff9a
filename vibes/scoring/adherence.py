"""Adherence: how well each picture of a grid shows what its prompt asks for. Pure numpy.

Embeddings come in as unit rows, so that products are cosines. For each requirement a picture's
cosines with the requirement and with its alternatives are told apart by a softmax at the model's
own scale. That holds for models trained with a sigmoid as well: their bias is one number for all
texts and falls out of a comparison between texts, while their plain sigmoid is tiny for true
matches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vibes.errors import InvalidInput

from .calibration import Calibrations
from .requirements import Requirement

Array = npt.NDArray[np.float64]

WHOLE = "whole picture"
MAX_MARGIN = 30.0  # log-odds; beyond it nothing differs but rounding
_DECIMALS = 9  # what products of equal vectors may differ by, according to where they lie


@dataclass(frozen=True)
class Texts:
    """Embeddings of a prompt (d,) and of each requirement above its alternatives (1 + k, d)."""

    prompt: npt.NDArray[np.floating]
    contrasts: tuple[npt.NDArray[np.floating], ...]


@dataclass(frozen=True, slots=True)
class RequirementScore:
    """How well one picture shows one requirement.

    ``raw`` is the cosine with the requirement's text, ``p`` its share among its alternatives,
    ``margin`` log p - log(1 - p) within ±30, ``rank`` its place in the grid, 1 the best, equals
    sharing the better one. ``percent`` is the calibrated probability × 100, None without a fitted
    calibration; only it may be shown as a percentage. ``method`` says what was looked at.
    """

    requirement: Requirement
    raw: float
    p: float
    margin: float
    rank: int
    method: str
    percent: float | None
    model: str = ""


@dataclass(frozen=True, slots=True)
class Adherence:
    """How well one picture shows its prompt.

    ``overall``, 0..1, is the mean of the requirements' ``p``: the share of what was asked for that
    is likely there. A geometric mean was not taken: one requirement that a model is sure about and
    wrong, which at the usual scale of 100 happens, would make a good picture the worst of its grid,
    and the mean says of relative numbers what ``percent`` says of calibrated ones. Where a prompt
    has no requirements it is (1 + ``raw``) / 2. ``raw`` is the cosine with the whole prompt; in
    ``rank``, from 1 to ``of``, it decides between equals only.
    """

    overall: float
    raw: float
    percent: float | None
    rank: int
    of: int
    items: tuple[RequirementScore, ...]
    model: str
    calibration: str | None
    method: str = WHOLE

    @property
    def calibrated(self) -> bool:
        """Whether ``percent`` may be shown; else only the rank says something."""
        return self.percent is not None


def texts_of(
    prompt: str,
    requirements: Sequence[Requirement],
    encode: Callable[[Sequence[str]], npt.NDArray[np.floating]],
) -> Texts:
    """The embeddings of a prompt's words and requirements; each text is encoded once.

    ``prompt`` without weights and tags, as ``plain_prompt`` gives it. ``encode`` maps m texts to
    unit rows (m, d).
    """
    wanted = [prompt, *(t for r in requirements for t in (r.text, *r.alternatives))]
    places = {text: place for place, text in enumerate(dict.fromkeys(wanted))}
    rows = encode(list(places))
    contrasts = (rows[[places[t] for t in (r.text, *r.alternatives)]] for r in requirements)
    return Texts(rows[places[prompt]], tuple(contrasts))


def adherences(
    images: npt.NDArray[np.floating],
    texts: Texts,
    requirements: Sequence[Requirement],
    *,
    scale: float,
    model: str,
    calibrations: Calibrations | None = None,
    method: str = WHOLE,
) -> list[Adherence]:
    """The adherence of each picture of a grid, in the order of the rows of ``images`` (n, d).

    ``scale`` multiplies the cosines: the exponential of the model's trained temperature. Raises
    InvalidInput where shapes or numbers do not fit.
    """
    vectors = _checked(images, texts, requirements)
    raw = (vectors @ np.asarray(texts.prompt, dtype=np.float64)).tolist()
    columns = [
        _scores(vectors, contrast, requirement, scale, model, method, calibrations)
        for requirement, contrast in zip(requirements, texts.contrasts, strict=True)
    ]
    rows = list(zip(*columns, strict=True)) or [()] * len(vectors)
    return _assembled([Look(cosine, model, method) for cosine in raw], rows, calibrations)


class Look(NamedTuple):
    """What an adherence says beside its scores."""

    raw: float
    model: str
    method: str


def graded(
    looks: Sequence[Look],
    items: Sequence[tuple[RequirementScore, ...]],
    calibrations: Calibrations | None,
) -> list[Adherence]:
    """The adherences of one grid's pictures from their scores, which are ranked anew."""
    columns = [_placed(column) for column in zip(*items, strict=True)]
    rows = list(zip(*columns, strict=True)) or [()] * len(looks)
    return _assembled(looks, rows, calibrations)


def _assembled(
    looks: Sequence[Look],
    rows: Sequence[tuple[RequirementScore, ...]],
    calibrations: Calibrations | None,
) -> list[Adherence]:
    overall = [_overall(row, look.raw) for row, look in zip(rows, looks, strict=True)]
    places = ranks(overall, [look.raw for look in looks]).tolist()
    percents = [_percent(row) for row in rows]
    known = calibrations.id if calibrations else None
    return [
        Adherence(
            overall=overall[n],
            raw=look.raw,
            percent=percents[n],
            rank=places[n],
            of=len(looks),
            items=rows[n],
            model=look.model,
            calibration=None if percents[n] is None else known,
            method=_methods(rows[n]) or look.method,
        )
        for n, look in enumerate(looks)
    ]


def _methods(items: Sequence[RequirementScore]) -> str:
    return ", ".join(dict.fromkeys(item.method for item in items))


def ranks(values: npt.ArrayLike, ties: npt.ArrayLike | None = None) -> npt.NDArray[np.int_]:
    """Places from 1, the largest value first, equal ones broken by ``ties``; equals share one."""
    keys = np.round(np.asarray(values, dtype=np.float64), _DECIMALS)
    second = np.zeros_like(keys) if ties is None else np.round(np.asarray(ties), _DECIMALS)
    order = np.lexsort((-second, -keys))
    first = np.ones(len(keys), dtype=bool)
    first[1:] = (np.diff(keys[order]) != 0) | (np.diff(second[order]) != 0)
    places = np.empty(len(keys), dtype=np.int_)
    places[order] = np.maximum.accumulate(np.where(first, np.arange(1, len(keys) + 1), 1))
    return places


def share(margin: float) -> float:
    """The probability of log-odds."""
    return float(np.exp(-np.logaddexp(0, -margin)))


def _scores(
    vectors: Array,
    contrast: npt.NDArray[np.floating],
    requirement: Requirement,
    scale: float,
    model: str,
    method: str,
    calibrations: Calibrations | None,
) -> list[RequirementScore]:
    """One requirement over all pictures, ranked by margins: they differ where shares are all 1."""
    cosines = vectors @ np.asarray(contrast, dtype=np.float64).T
    logits = scale * cosines
    against = np.logaddexp.reduce(logits[:, 1:], axis=1)
    margins = np.clip(logits[:, 0] - against, -MAX_MARGIN, MAX_MARGIN)
    shares = np.exp(-np.logaddexp(0, -margins))
    curve = calibrations.curve(model, requirement.slot) if calibrations else None
    percents = (100 * curve.of(margins)).tolist() if curve else [None] * len(margins)
    numbers = (cosines[:, 0], shares, margins, ranks(margins))
    return [
        RequirementScore(requirement, raw, p, margin, rank, method, percent, model)
        for raw, p, margin, rank, percent in zip(
            *(column.tolist() for column in numbers), percents, strict=True
        )
    ]


def _placed(column: Sequence[RequirementScore]) -> list[RequirementScore]:
    places = ranks([item.margin for item in column]).tolist()
    return [replace(item, rank=place) for item, place in zip(column, places, strict=True)]


def _overall(items: Sequence[RequirementScore], cosine: float) -> float:
    if not items:
        return min(max((1 + cosine) / 2, 0.0), 1.0)
    return min(sum(item.p for item in items) / len(items), 1.0)


def _percent(items: Sequence[RequirementScore]) -> float | None:
    """The mean of calibrated probabilities, if every requirement has one."""
    percents = [item.percent for item in items if item.percent is not None]
    if not items or len(percents) < len(items):
        return None
    return sum(percents) / len(percents)


def _checked(
    images: npt.NDArray[np.floating], texts: Texts, requirements: Sequence[Requirement]
) -> Array:
    vectors = np.asarray(images, dtype=np.float64)
    size = len(texts.prompt)
    if vectors.ndim != 2 or vectors.shape[1] != size:
        raise InvalidInput(
            f"Embeddings of pictures have the shape {vectors.shape}, those of texts {size} "
            "numbers: both must come from one model."
        )
    if len(texts.contrasts) != len(requirements):
        raise InvalidInput("Each requirement needs the embeddings of its own texts.")
    if any(c.ndim != 2 or len(c) < 2 or c.shape[1] != size for c in texts.contrasts):
        raise InvalidInput("A requirement cannot be told from nothing: it needs alternatives.")
    if not np.isfinite(vectors).all():
        raise InvalidInput("An embedding of a picture holds numbers that are not finite.")
    return vectors
