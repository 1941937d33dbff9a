"""Pools: what may be chosen for one prompt, given what the online servers have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from vibes.catalog import Catalog
from vibes.catalog.names import stem
from vibes.errors import NoServerCan
from vibes.preferences import Pool
from vibes.recipes import LoraUse
from vibes.settings import Tier

from .loras import lora_relevance
from .relevance import relevance
from .tiers import tier_checkpoints

MOST_RELEVANT = 6
"""LoRAs that fit the prompt; a grid of three each still varies over them. With 12 or all of them,
simulated users' regret was a little higher over their first five grids and the same after forty."""


def build_pool(
    tier: Tier,
    catalog: Catalog,
    *,
    servers: Collection[str],
    keywords: Sequence[str],
    explore: bool,
    auto_lora: bool,
    max_checkpoints: int,
    typed: Sequence[LoraUse] = (),
) -> Pool:
    """The tier's checkpoints and its family's LoRAs on the online ``servers``.

    Explore spreads over ``max_checkpoints``, else one is chosen. Checkpoints count only on
    servers that have every ``typed`` LoRA, other LoRAs only beside one of these checkpoints. Each
    LoRA has a relevance, 0 for all but the ``MOST_RELEVANT``: evidence may still speak for it.
    Raises NoServerCan, with the reason of each server, where no checkpoint is left.
    """
    able = [server for server in servers if not _missing(server, typed, catalog)]
    checkpoints = tier_checkpoints(tier, catalog, able)
    if not checkpoints:
        raise _no_server(tier, catalog, servers, typed)
    fits = relevance(keywords, catalog.checkpoints, checkpoints)
    loras = _lora_fits(tier, catalog, able, checkpoints, keywords) if auto_lora else {}
    loras = {name: fit for name, fit in loras.items() if name not in {use.name for use in typed}}
    return Pool(
        checkpoints=checkpoints,
        loras=tuple(loras),
        max_checkpoints=max_checkpoints if explore else 1,
        relevance={**fits, **loras},
    )


def _lora_fits(
    tier: Tier,
    catalog: Catalog,
    servers: Collection[str],
    checkpoints: Collection[str],
    keywords: Sequence[str],
) -> Mapping[str, float]:
    """Relevance of each LoRA of the family that shares a server with a checkpoint."""
    hosts = {s for name in checkpoints for s in catalog.checkpoints[name].spellings} & {*servers}
    fits = lora_relevance(keywords, catalog.loras, tier.family)
    usable = [
        name
        for name, record in catalog.loras.items()
        if record.family == tier.family and not hosts.isdisjoint(record.spellings)
    ]
    best = sorted(usable, key=lambda name: -fits.get(name, 0))[:MOST_RELEVANT]
    return {name: fits.get(name, 0.0) if name in best else 0.0 for name in usable}


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
        if not tier_checkpoints(tier, catalog, [server]):
            lacks.insert(0, f"{tier.family} checkpoint of this tier")
        reasons[server] = f"it has no {' and no '.join(lacks)}"
    details = "; ".join(f"{server}: {reason}" for server, reason in reasons.items())
    return NoServerCan(f"No online server can make this ({details}).", reasons=reasons)
