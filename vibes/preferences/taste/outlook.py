"""What is believed of everything in a pool, for one prompt: the numbers a grid is drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vibes.preferences.policy import Pool

from .belief import Beliefs, Gaussian
from .design import bucket
from .evidence import Block, Floats
from .model import UNFIT, start_shift
from .words import Words

_ROUNDING = 1e-9  # a share below it is none

SPEAKS = 0.0  # logits of utility from which a LoRA is shown that does not fit: evidence alone
# lifts it above


@dataclass(frozen=True, slots=True)
class Outlook:
    """Utilities of a pool's parts; the utility of an image is the sum over its parts."""

    pool: Pool
    loras: tuple[str, ...]  # those of the pool that may be shown
    checkpoint: Gaussian  # (checkpoints,)
    lora: Gaussian  # (loras,)
    pair: Gaussian  # (checkpoints, loras)
    strength: Gaussian  # (strengths, loras)


def outlook(beliefs: Beliefs, words: Words, pool: Pool) -> Outlook:
    """Read everything at once."""
    loras, lora = _usable_loras(beliefs, words, pool)
    levels = list(map(bucket, pool.strengths))
    own = _own_strengths(beliefs, pool, loras, levels)
    shared = beliefs.after([Block(("strength",), levels)])
    pair = beliefs.after([Block(("checkpoint_lora", c), loras) for c in pool.checkpoints])
    strength = own.reshape(len(loras), len(levels)) + shared
    return Outlook(
        pool=pool,
        loras=loras,
        checkpoint=checkpoint_utilities(beliefs, words, pool),
        lora=lora,
        pair=pair.reshape(len(pool.checkpoints), len(loras)),
        strength=Gaussian(strength.mean.T, strength.variance.T),
    )


def _own_strengths(
    beliefs: Beliefs, pool: Pool, loras: Sequence[str], levels: Sequence[str]
) -> Gaussian:
    """Of each LoRA at each strength; where it starts is part of the prior, and evidence wears it
    off like the rest of that.
    """
    blocks = [Block(("lora_strength", name), levels) for name in loras]
    after = beliefs.after(blocks)
    if not any(name in pool.start for name in loras):
        return after
    left = after.variance / beliefs.before(blocks).variance
    shifts = [
        start_shift(float(level), pool.start[name]) if name in pool.start else 0.0
        for name in loras
        for level in levels
    ]
    return Gaussian(after.mean + left * np.array(shifts), after.variance)


def utilities(beliefs: Beliefs, words: Words, kind: str, names: Sequence[str]) -> Gaussian:
    """Of checkpoints or LoRAs for these words, whatever their metadata say."""
    return _summed(beliefs.after(list(words.blocks(kind, names))), words, len(names))


def known_share(beliefs: Beliefs, words: Words, kind: str, names: Sequence[str]) -> Floats:
    """How much of the doubt about items' utilities the profile's own evidence took away, 0..1."""
    blocks = list(words.blocks(kind, names))
    before = _summed(beliefs.before(blocks), words, len(names))
    after = _summed(beliefs.after(blocks), words, len(names))
    share = 1 - after.variance / before.variance
    return np.where(share > _ROUNDING, share, 0.0)


def checkpoint_utilities(beliefs: Beliefs, words: Words, pool: Pool) -> Gaussian:
    """Of the pool's checkpoints for these words, with how well they fit."""
    items = utilities(beliefs, words, "checkpoint", pool.checkpoints)
    fits = _fits(pool, pool.checkpoints)
    if not fits.any():
        return items
    return items + beliefs.after([Block(("relevance",), ["checkpoint"])]).scaled(fits)


def _usable_loras(beliefs: Beliefs, words: Words, pool: Pool) -> tuple[tuple[str, ...], Gaussian]:
    """The LoRAs that fit by their metadata, or that evidence speaks for; and their utilities."""
    names = pool.loras if pool.max_loras else ()
    items = utilities(beliefs, words, "lora", names)
    if not any(name in pool.relevance for name in names):
        return names, items
    fits = _fits(pool, names)
    weight, penalty = (beliefs.after([Block(("relevance",), [part])]) for part in ("lora", UNFIT))
    items = items + weight.scaled(fits) + penalty.scaled((fits == 0).astype(np.float64))
    spoken_for = (items.mean > SPEAKS) & _known_here(beliefs, words, names)
    shown = np.flatnonzero((fits > 0) | spoken_for)
    return tuple(names[i] for i in shown), items[shown]


def _known_here(beliefs: Beliefs, words: Words, names: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which LoRAs were seen with one of these words or its like.

    Being liked for other prompts is no reason to put a beach into the picture of a cat.
    """
    _, *about_words = words.blocks("lora", names)
    known = beliefs.is_known(about_words).reshape(len(about_words), len(names))
    found: npt.NDArray[np.bool_] = known.sum(axis=0) > 0
    return found


def _summed(features: Gaussian, words: Words, count: int) -> Gaussian:
    each = features.reshape(len(words.weights), count).scaled(words.weights[:, None])
    return Gaussian(each.mean.sum(axis=0), each.variance.sum(axis=0))


def _fits(pool: Pool, names: Sequence[str]) -> Floats:
    return np.array([pool.relevance.get(name, 0.0) for name in names], dtype=np.float64)
