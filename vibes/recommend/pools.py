"""Pools: what may be chosen for one prompt, given what the online servers have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from vibes.catalog import Catalog, ModelRecord
from vibes.catalog.names import stem
from vibes.errors import NoServerCan
from vibes.preferences import Pool
from vibes.recipes import LoraUse
from vibes.settings import Tier

from .checkpoints import checkpoint_fits
from .gates import Blocks, Target, refusal
from .library import Libraries
from .selection import Selection, select_loras, told
from .strengths import strength_for
from .tiers import tier_checkpoints

MOST_RELEVANT = 6
"""LoRAs that fit the prompt; a grid of three each still varies over them. With 12 or all of them,
simulated users' regret was a little higher over their first five grids and the same after forty."""

STRENGTHS = (0.5, 0.6, 0.7, 0.8)  # that are tried, beside those LoRAs start at
NO_BLOCKS = Blocks()


@dataclass(frozen=True, slots=True)
class Offer:
    """A pool, and the LoRAs behind it: those that fit, and those left out with the reasons."""

    pool: Pool
    loras: Selection


def make_offer(
    tier: Tier,
    catalog: Catalog,
    libraries: Libraries,
    *,
    servers: Collection[str],
    keywords: Sequence[str],
    explore: bool,
    auto_lora: bool,
    max_checkpoints: int,
    typed: Sequence[LoraUse] = (),
    blocks: Blocks = NO_BLOCKS,
    inert: Mapping[str, Collection[str]] | None = None,
    complexity: float = 0.0,
) -> Offer:
    """The tier's checkpoints and its family's LoRAs on the online ``servers``.

    Explore spreads over ``max_checkpoints``, else one is chosen. Checkpoints count only on
    servers that have every ``typed`` LoRA, other LoRAs only beside one of these checkpoints and
    where every gate lets them. Each LoRA has a relevance, 0 for all but the ``MOST_RELEVANT``:
    evidence may still speak for it. ``complexity`` of the prompt, 0..1, lowers the strengths LoRAs
    start at. Raises NoServerCan, with the reason of each server, where no checkpoint is left.
    """
    able = [server for server in servers if not _missing(server, typed, catalog)]
    checkpoints = _usable_checkpoints(tier, catalog, able)
    if not checkpoints:
        raise _no_server(tier, catalog, servers, typed)
    records = tuple(catalog.checkpoints[name] for name in checkpoints)
    hosts = frozenset(server for one in records for server in one.spellings).intersection(able)
    target = Target(tier.family, records, hosts, blocks, inert or {})
    own = [use.name for use in typed]
    loras = _chosen(libraries, keywords, target, own) if auto_lora else Selection({}, {})
    others = _others(libraries, keywords, target, loras, own) if auto_lora else ()
    suits = checkpoint_fits(keywords, libraries.checkpoints, checkpoints)
    start = {
        name: strength_for(fit.relevance, fit.record, complexity=complexity)
        for name, fit in loras.fits.items()
    }
    pool = Pool(
        checkpoints=checkpoints,
        loras=(*loras.fits, *others),
        strengths=tuple(sorted({*STRENGTHS, *start.values()})),
        max_checkpoints=max_checkpoints if explore else 1,
        relevance={**suits, **loras.relevance, **dict.fromkeys(others, 0.0)},
        start=start,
    )
    return Offer(pool, loras)


def _chosen(
    libraries: Libraries, keywords: Sequence[str], target: Target, typed: Sequence[str]
) -> Selection:
    return select_loras(libraries.loras, keywords, target, count=MOST_RELEVANT, typed=typed)


def _others(
    libraries: Libraries,
    keywords: Sequence[str],
    target: Target,
    loras: Selection,
    typed: Collection[str],
) -> tuple[str, ...]:
    """The LoRAs that only evidence could speak for: no gate is shut, but they do not fit."""
    library = libraries.loras
    full = told(library, keywords, target)
    return tuple(
        name
        for name, record in library.records.items()
        if name not in loras.fits
        and name not in loras.left_out
        and name not in typed
        and refusal(record, library.styles.get(name, {}), full) is None
    )


def _usable_checkpoints(tier: Tier, catalog: Catalog, servers: Collection[str]) -> tuple[str, ...]:
    """The tier's, but for files that are damaged or differ between servers."""
    return tuple(
        name
        for name in tier_checkpoints(tier, catalog, servers)
        if _fault(catalog.checkpoints[name]) is None or name in tier.checkpoints
    )


def _fault(record: ModelRecord) -> str | None:
    return record.fault or record.conflict


def _missing(server: str, typed: Sequence[LoraUse], catalog: Catalog) -> list[str]:
    return [use.name for use in typed if not catalog.spelling(server, "lora", use.name)]


def _no_server(
    tier: Tier, catalog: Catalog, servers: Collection[str], typed: Sequence[LoraUse]
) -> NoServerCan:
    if not servers:
        return NoServerCan("No server is online: the Servers tab and `vibes servers` say why.")
    reasons = {}
    for server in servers:
        lacks = [f"LoRA {stem(name)}" for name in _missing(server, typed, catalog)]
        if not _usable_checkpoints(tier, catalog, [server]):
            lacks.insert(0, f"{tier.family} checkpoint of this tier")
        reasons[server] = f"it has no {' and no '.join(lacks)}"
        faults = map(
            _fault, (catalog.checkpoints[n] for n in tier_checkpoints(tier, catalog, [server]))
        )
        reasons[server] += "".join(f" ({fault})" for fault in filter(None, faults))
    details = "; ".join(f"{server}: {reason}" for server, reason in reasons.items())
    return NoServerCan(f"No online server can make this ({details}).", reasons=reasons)
