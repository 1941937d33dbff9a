"""Terms of an explanation in words: which model each is about, what it rests on, its number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from .policy import Term
from .rates import Z95
from .reasons import spoken

Counts = Callable[[str, tuple[str, ...]], tuple[int, int]]
"""Kind and parts of a term to the images picked and shown with it; (0, 0) where none was."""

_PLACE = {
    "checkpoint": 0,
    "keyword_checkpoint": 1,
    "cluster_checkpoint": 1,
    "lora": 0,
    "keyword_lora": 1,
    "cluster_lora": 1,
    "checkpoint_lora": 1,
    "lora_strength": 0,
}
"""Where among a term's parts the model stands that it is about."""


def by_model(terms: Iterable[Term], names: Iterable[str] = ()) -> Mapping[str, list[Term]]:
    """The terms of each model: first of ``names``, if only none, then in the order told."""
    found: dict[str, list[Term]] = {name: [] for name in names}
    for term in terms:
        if term.kind in _PLACE:
            found.setdefault(term.parts[_PLACE[term.kind]], []).append(term)
    return found


def verdict(name: str, terms: Sequence[Term], counts: Counts) -> str:
    """A sentence on what speaks for a model, what against it, and what is not known yet."""
    return f"{spoken(name)}: {_sides(terms, counts) or 'nothing is known of it yet'}."


def beside(terms: Iterable[Term], counts: Counts) -> list[str]:
    """A sentence on the terms that are about no single model; none without such terms."""
    told = _sides([term for term in terms if term.kind and term.kind not in _PLACE], counts)
    return [f"Besides: {told}."] if told else []


def number(term: Term) -> str:
    """Mean ± sd on the logit scale; a term without a kind is a rate with its interval."""
    low, high = term.interval
    if not term.kind:
        spread = f"{term.value:.2f}, between {low:.2f} and {high:.2f}"
    else:
        spread = f"{term.value:+.2f} ± {sd(term):.2f}"
    return f"{term.label or about(term)}: {spread}; {plural(term.grids, 'grid')}."


def chance_positive(terms: Iterable[Term]) -> float:
    """The probability that the terms, normal and independent, add up to more than nothing."""
    terms = list(terms)
    spread = math.sqrt(sum(sd(term) ** 2 for term in terms))
    mean = sum(term.value for term in terms)
    if spread == 0:
        return 0.5 if mean == 0 else float(mean > 0)
    return 0.5 * (1 + math.erf(mean / spread / math.sqrt(2)))


def sd(term: Term) -> float:
    """The standard deviation of a term whose interval is that of a normal."""
    return (term.interval[1] - term.interval[0]) / (2 * Z95)


def about(term: Term) -> str:
    """What a term is about, beside the name of its model: "'beach'", "with epicrealism"."""
    first, last = (term.parts[0], term.parts[-1]) if term.parts else ("", "")
    return {
        "checkpoint": "all prompts",
        "lora": "all prompts",
        "keyword_checkpoint": f"'{first}'",
        "keyword_lora": f"'{first}'",
        "cluster_checkpoint": f"words like '{first}'",
        "cluster_lora": f"words like '{first}'",
        "checkpoint_lora": f"with {spoken(first)}",
        "lora_strength": f"at strength {last}",
    }.get(term.kind, term.label or " ".join((term.kind, *term.parts)))


def plural(count: int, noun: str) -> str:
    """ "1 grid", "2 grids"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def listed(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"; there must be one."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _sides(terms: Sequence[Term], counts: Counts) -> str:
    sides = {
        "for it": [term for term in terms if term.interval[0] > 0],
        "against it": [term for term in terms if term.interval[1] < 0],
        "not sure yet": [term for term in terms if term.interval[0] <= 0 <= term.interval[1]],
    }
    return "; ".join(
        f"{side}: {listed([_evidence(term, counts) for term in found])}"
        for side, found in sides.items()
        if found
    )


def _evidence(term: Term, counts: Counts) -> str:
    """What a term is about, with the grids and picks behind it."""
    if not term.grids:
        return about(term)
    picked, shown = counts(term.kind, term.parts)
    picks = f", {picked} of {plural(shown, 'image')} picked" if shown else ""
    return f"{about(term)} ({plural(term.grids, 'grid')}{picks})"
