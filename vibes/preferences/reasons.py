"""Why a candidate was chosen, in words: the sentence on the card and the counts behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vibes.recipes import Candidate, LoraUse

from .policy import Term
from .tally import Count, Tally

_EXTENSIONS = (".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".sft", ".gguf")
_ENOUGH = 10  # images before a rate is called known
_GOOD = 0.25  # picked of shown: less is no recommendation, however well known


@dataclass(frozen=True)
class Reasons:
    """The words for one prompt's keywords, from this profile's counts and from everybody's."""

    own: Tally
    everyone: Tally | None
    keywords: Sequence[str]
    relevance: Mapping[str, float]

    def sentence(self, candidate: Candidate) -> str:
        """Why the checkpoint, then why each LoRA."""
        reason = self._checkpoint(candidate.checkpoint)
        loras = ", ".join(map(self._lora, candidate.loras))
        return f"{reason} With {loras}." if loras else reason

    def terms(self, candidate: Candidate) -> Iterator[Term]:
        """Every count behind the candidate, this profile's first."""
        yield from self._terms(self.own, candidate, "")
        if self.everyone:
            yield from self._terms(self.everyone, candidate, "all profiles: ")

    def _checkpoint(self, name: str) -> str:
        keyword, count = strongest(self.own, "checkpoint", self.keywords, name)
        model, where = spoken(name), _where(keyword)
        if count.total >= _ENOUGH and count.rate >= max(_GOOD, self.own.overall.rate):
            return f"High confidence: you picked {model} in {_picked(count)}{where}."
        if count.total >= _ENOUGH:
            return f"Exploring: {model} for comparison; you picked it in {_picked(count)}{where}."
        if count.total:
            times = "once" if count.total == 1 else f"{count.total} times"
            return f"Exploring: {model} has been shown only {times}{where}."
        return self._untried(name, keyword)

    def _untried(self, name: str, keyword: str | None) -> str:
        if self.everyone:
            known, count = strongest(self.everyone, "checkpoint", self.keywords, name)
            if count.total:
                picked = f"{_picked(count)}{_where(known)}"
                return f"Exploring: all profiles together picked {spoken(name)} in {picked}."
        where = " for any of these keywords" if len(self.keywords) > 1 else _where(keyword)
        promise = ", but its description fits the prompt" if self._fits(name) else ""
        return f"Exploring: {spoken(name)} has not been shown{where} yet{promise}."

    def _lora(self, use: LoraUse) -> str:
        keyword, count = strongest(self.own, "lora", self.keywords, use.name)
        if count.total:
            return f"{spoken(use.name)} (picked in {_picked(count)}{_where(keyword)})"
        return f"{spoken(use.name)} ({'fits the prompt' if self._fits(use.name) else 'to try it'})"

    def _fits(self, name: str) -> bool:
        return self.relevance.get(name, 0) > 0

    def _terms(self, tally: Tally, candidate: Candidate, whose: str) -> Iterator[Term]:
        items = [("checkpoint", candidate.checkpoint)]
        items += [("lora", use.name) for use in candidate.loras]
        for kind, name in items:
            for keyword in self.keywords:
                count = tally.count(f"keyword_{kind}", keyword, name)
                yield from _term(f"{whose}{spoken(name)}{_where(keyword)}", count)
            yield from _term(f"{whose}{spoken(name)} overall", tally.count(kind, name))


def strongest(
    tally: Tally, kind: str, keywords: Sequence[str], name: str
) -> tuple[str | None, Count]:
    """The keyword with most evidence about ``name``; without keywords, the item itself."""
    if not keywords:
        return None, tally.count(kind, name)
    counted = [(keyword, tally.count(f"keyword_{kind}", keyword, name)) for keyword in keywords]
    return max(counted, key=lambda pair: pair[1].total)  # the first of equals


def spoken(name: str) -> str:
    """A catalog name without its folder and file extension."""
    name = name.rsplit("/", 1)[-1]
    for extension in _EXTENSIONS:
        if name.lower().endswith(extension):
            return name[: -len(extension)]
    return name


def _picked(count: Count) -> str:
    return f"{count.selected} of {count.total} image{'' if count.total == 1 else 's'}"


def _where(keyword: str | None) -> str:
    return "" if keyword is None else f" for '{keyword}'"


def _term(label: str, count: Count) -> Iterator[Term]:
    if count.total:
        yield Term(label=label, value=count.rate, interval=count.interval, grids=count.grids)
