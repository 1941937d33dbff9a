"""What stands out in what was learned, as sentences: who wins for which words, and who loses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from vibes.preferences.reasons import spoken

from .phrases import EXPLORING, SURE, confidence, picks, reading_view
from .readings import Reading, Readings
from .views import View

MOST = 6  # sentences; more is a list
WORDS, MODELS = 40, 24  # the best known ones are looked at
ENOUGH = 3  # images before anything is said of a pairing
EACH = 2  # sentences about one model, or one word

Finding = tuple[str, Reading]  # type of statistics, what is known


def findings(known: Readings) -> list[View]:
    """The clearest differences from the usual: what is sure before what only seems so, and of one
    model what it wins before what it loses. Without any, who is ahead so far.
    """
    found = _varied(sorted(_clear(known), key=_clearness))
    if not found:
        return [*_leading(known)]
    views = []
    before = ""
    for kind, reading in _by_model(found):
        word, model = reading.parts
        views.append({**_view(kind, reading), "sentence": _said(word, model, reading, before)})
        before = model
    return views


def _clear(known: Readings) -> Iterator[Finding]:
    words = known.most_known("keyword", WORDS)
    for kind, models in (("keyword_checkpoint", "checkpoint"), ("keyword_lora", "lora")):
        pairs = list(product(words, known.most_known(models, MODELS)))
        shown = [pair for pair in pairs if known.statistics.count(kind, *pair).total >= ENOUGH]
        yield from ((kind, one) for one in known.of(kind, shown) if _stands_out(one, known))


def _stands_out(reading: Reading, known: Readings) -> bool:
    """Whether belief and plain count say the same: the count stands in the sentence.

    What is not sure must at least be clear by the count alone.
    """
    usual = known.statistics.overall.rate
    low, high = (reading.count.rate,) * 2 if reading.sure else reading.count.interval
    return low > usual if reading.mean > 0 else high < usual


def _clearness(finding: Finding) -> tuple[bool, float]:
    _, reading = finding
    return not reading.sure, -reading.margin


def _varied(found: Iterable[Finding]) -> list[Finding]:
    kept: list[Finding] = []
    said: dict[str, int] = {}
    for kind, reading in found:
        if max(said.get(part, 0) for part in reading.parts) < EACH and len(kept) < MOST:
            kept.append((kind, reading))
            said.update({part: said.get(part, 0) + 1 for part in reading.parts})
    return kept


def _by_model(found: list[Finding]) -> list[Finding]:
    """What is said of one model in a row, its wins first; models in the order given."""
    place: dict[str, int] = {}
    for _, reading in found:
        place.setdefault(reading.parts[1], len(place))
    return sorted(found, key=lambda f: (place[f[1].parts[1]], f[1].mean < 0))


def _said(word: str, model: str, reading: Reading, before: str) -> str:
    counted = f"{picks(reading.count)}, {confidence(reading.sure).lower()}"
    if reading.mean > 0:
        also = "also " if model == before else ""
        return f"You {also}pick {spoken(model)} for “{word}”: {counted}."
    who = "it" if model == before else spoken(model)
    return f"For “{word}” {who} loses: {counted}."


def _leading(known: Readings) -> Iterator[View]:
    shown = [(name,) for name in known.most_known("checkpoint", MODELS)]
    readings = [r for r in known.of("checkpoint", shown) if r.count.total >= ENOUGH]
    for best in sorted(readings, key=lambda reading: -reading.mean)[:1]:
        if best.sure and best.mean > 0:
            said = f"You pick {spoken(best.parts[0])}: {picks(best.count)}, {SURE.lower()}."
        else:
            said = (
                f"{spoken(best.parts[0])} leads so far: you picked {picks(best.count)}, "
                f"{EXPLORING.lower()}. No word has a clear favourite yet."
            )
        yield {**_view("checkpoint", best), "sentence": said}


def _view(kind: str, reading: Reading) -> View:
    return {"kind": kind, **reading_view(reading)}
