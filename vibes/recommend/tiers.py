"""Tiers: which checkpoints belong to one, and which tier to use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase

from vibes.catalog import Catalog, ModelRecord
from vibes.catalog.names import without_extension
from vibes.errors import NoServerCan, NotFound
from vibes.settings import Tier

AUTO = "auto"


def belongs(record: ModelRecord, tier: Tier) -> bool:
    """Whether a checkpoint is of the tier's family, named by its patterns and not left out.

    Patterns are matched without regard to case, against the name with and without folder and
    extension. A checkpoint of unknown family must be named exactly; one that is named exactly
    stays in, whatever ``without`` says.
    """
    if record.family not in (tier.family, None):
        return False
    spellings = _spellings(record.name)
    if _is_named(spellings, tier.checkpoints):
        return True
    if record.family is None or _is_named(spellings, tier.without):
        return False
    return _fits(spellings, tier.checkpoints) and not _fits(spellings, tier.without)


def _spellings(name: str) -> frozenset[str]:
    names = (name, name.rsplit("/", 1)[-1])
    return frozenset(one.casefold() for one in (*names, *map(without_extension, names)))


def _is_named(spellings: frozenset[str], patterns: Iterable[str]) -> bool:
    return not spellings.isdisjoint(pattern.casefold() for pattern in patterns)


def _fits(spellings: frozenset[str], patterns: Iterable[str]) -> bool:
    return any(
        fnmatchcase(spelling, pattern.casefold()) for pattern in patterns for spelling in spellings
    )


def tier_checkpoints(tier: Tier, catalog: Catalog, servers: Collection[str]) -> tuple[str, ...]:
    """Names of the tier's checkpoints that at least one of the servers has."""
    return tuple(
        name
        for name, record in catalog.checkpoints.items()
        if belongs(record, tier) and not record.spellings.keys().isdisjoint(servers)
    )


def choose_tier(
    name: str | None, tiers: Mapping[str, Tier], catalog: Catalog, *, servers: Collection[str]
) -> str:
    """The tier's name; for None or "auto" the first tier with a checkpoint on one of the servers.

    Raises NotFound for a name that is no tier's, NoServerCan when "auto" finds none.
    """
    if name in tiers:
        return str(name)
    if name not in (None, AUTO):
        near = get_close_matches(str(name), tiers, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"There are {', '.join(tiers)}."
        raise NotFound(f"There is no tier '{name}'. {hint}")
    for tier_name, tier in tiers.items():
        if tier_checkpoints(tier, catalog, servers):
            return tier_name
    if not servers:
        raise NoServerCan("No server is online: the Servers tab and `vibes servers` say why.")
    families = sorted({tier.family for tier in tiers.values()})
    lacks = f"it has no checkpoint of a family the tiers use ({', '.join(families)})"
    raise NoServerCan(
        "No online server has a checkpoint for any tier: put one into its checkpoints folder,"
        " or name it in pools.yaml.",
        reasons=dict.fromkeys(servers, lacks),
    )
