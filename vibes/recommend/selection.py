"""Which of the LoRAs that fit may be used, and which were left out that one would have expected."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from vibes.catalog import ModelRecord

from .exclusions import Styles
from .gates import Target, branch_factor, refusal, rivalry
from .library import ModelLibrary
from .relevance import WORTH_USING, ModelFit

TOLD = 6  # LoRAs left out that are worth a sentence


@dataclass(frozen=True, slots=True)
class Selection:
    """The LoRAs that may be used, best first; and those before the last of them that may not.

    ``left_out`` maps names, best first, to the sentences why.
    """

    fits: Mapping[str, ModelFit]
    left_out: Mapping[str, str]

    @property
    def relevance(self) -> dict[str, float]:
        """How well each of those that may be used fits."""
        return {name: fit.relevance for name, fit in self.fits.items()}

    @property
    def told(self) -> tuple[tuple[str, str], ...]:
        """The first few that were left out, for a page to show."""
        return tuple(self.left_out.items())[:TOLD]


def select_loras(
    library: ModelLibrary,
    keywords: Sequence[str],
    target: Target,
    *,
    count: int,
    typed: Iterable[str] = (),
    joined: Collection[str] = (),
) -> Selection:
    """At most ``count`` of the library's LoRAs for a prompt that go with each other.

    Words or meaning must speak for each by ``WORTH_USING``. Those ``typed`` are there already: none
    is chosen, nor any that must not stand beside one. Those ``joined`` come in however little they
    fit, where the gates let them; they are not counted.
    """
    target = told(library, keywords, target)
    fits = library.fits(keywords, least=WORTH_USING)
    others = [name for name in joined if name not in fits]
    extra = library.fits(keywords, among=others, least=0.0) if others else {}
    present = [library.records[name] for name in typed if name in library.records]
    own = frozenset(record.name for record in present)
    kept: dict[str, ModelFit] = {}
    left_out: dict[str, str] = {}
    for fit in _by_branch({**fits, **extra}, target):
        if fit.name in own or (len(kept) >= count and fit.name not in extra):
            continue
        before = (*present, *(other.record for other in kept.values()))
        if sentence := _against(fit.record, before, library, target):
            left_out[fit.name] = sentence
        else:
            kept[fit.name] = fit
    return Selection(kept, left_out)


def told(library: ModelLibrary, keywords: Sequence[str], target: Target) -> Target:
    """The target with what library and prompt say themselves, where it does not say it."""
    return replace(
        target,
        asked=target.asked or library.rules.asked(keywords),
        shared=target.shared or library.shared_triggers,
    )


def _by_branch(fits: Mapping[str, ModelFit], target: Target) -> list[ModelFit]:
    weighed = [
        replace(fit, relevance=fit.relevance * branch_factor(fit.record, target.checkpoints))
        for fit in fits.values()
    ]
    return sorted(weighed, key=lambda fit: (-fit.relevance, fit.name))


def _against(
    record: ModelRecord, before: Iterable[ModelRecord], library: ModelLibrary, target: Target
) -> str | None:
    def styles(name: str) -> Styles:
        return library.styles.get(name, {})

    if sentence := refusal(record, styles(record.name), target):
        return sentence
    for other in before:
        sentence = rivalry(record, other, styles(record.name), styles(other.name), target.shared)
        if sentence:
            return sentence
    return None
