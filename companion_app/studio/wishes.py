"""What a request asks for, with every name in it resolved against settings and catalog."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from vibes.catalog import Catalog, ModelRecord
from vibes.errors import AmbiguousName, InvalidInput, NotFound
from vibes.prompts import Prompt, keywords, parse
from vibes.recipes import LoraUse
from vibes.recommend import choose_tier, typed_loras
from vibes.settings import Settings, Tier
from vibes.stages import Brief

from .requests import ImageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user decided; ``checkpoint`` and ``loras`` are None where the studio may choose.

    ``typed`` are the LoRAs the prompt names, in any of its variants. ``servers`` are those that
    may make the pictures, None for all that are of use.
    """

    brief: Brief
    tier: Tier
    prompt: Prompt
    profile: str
    typed: tuple[LoraUse, ...] = ()
    checkpoint: str | None = None
    loras: tuple[LoraUse, ...] | None = None
    servers: frozenset[str] | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The prompt's keywords."""
        return keywords(self.prompt)


def read_prompt(text: str) -> Prompt:
    """The parsed prompt; raises InvalidInput where it says nothing."""
    prompt = parse(text)
    if not any(unicodedata.category(letter)[0] in "LNS" for letter in prompt.plain()):
        raise InvalidInput("The prompt is empty. Write what the pictures should show.")
    return prompt


def resolve(
    request: ImageRequest,
    profile: str,
    *,
    settings: Settings,
    catalog: Catalog,
    servers: Collection[str],
) -> Wish:
    """The request with its names resolved.

    Raises NotFound and AmbiguousName for names that lead nowhere, InvalidInput for models of
    different families, NoServerCan where no tier has a checkpoint.
    """
    prompt = read_prompt(request.prompt)
    _check_sampling(request, catalog)
    checkpoint = _checkpoint(request, catalog)
    tier_name = find_tier(
        request.tier, settings=settings, catalog=catalog, servers=servers, checkpoint=checkpoint
    )
    tier = settings.tiers[tier_name]
    loras = _loras(request, catalog)
    typed = typed_loras(prompt.loras, catalog)
    family = checkpoint.family if checkpoint and checkpoint.family else tier.family
    check_families((*(loras or ()), *typed), family, catalog)
    return Wish(
        brief=_brief(request, tier_name),
        tier=tier,
        prompt=prompt,
        profile=profile,
        typed=typed,
        checkpoint=checkpoint.name if checkpoint else None,
        loras=loras,
        servers=frozenset(servers),
    )


def find_tier(
    name: str | None,
    *,
    settings: Settings,
    catalog: Catalog,
    servers: Collection[str],
    checkpoint: ModelRecord | None = None,
) -> str:
    """The tier asked for, else one of the chosen checkpoint's family, else the default."""
    tiers = settings.tiers
    if checkpoint is None or checkpoint.family is None:
        return choose_tier(name or settings.default_tier, tiers, catalog, servers=servers)
    if name is None:
        name = next((key for key in tiers if tiers[key].family == checkpoint.family), None)
    else:
        name = choose_tier(name, tiers, catalog, servers=servers)
    if name is None or tiers[name].family != checkpoint.family:
        other = f"tier '{name}' is {tiers[name].family}" if name else "no tier is"
        raise InvalidInput(f"Checkpoint '{checkpoint.name}' is {checkpoint.family}; {other}.")
    return name


def fitting(uses: Iterable[LoraUse], family: str, catalog: Catalog) -> tuple[LoraUse, ...]:
    """The LoRAs that may work on this family: of it, or of none that is known."""
    return tuple(use for use in uses if catalog.loras[use.name].family in (None, family))


def check_family(checkpoint: ModelRecord, family: str) -> None:
    """Raise InvalidInput for a checkpoint of another family than the pictures'."""
    if checkpoint.family not in (None, family):
        raise InvalidInput(
            f"Checkpoint '{checkpoint.name}' is {checkpoint.family}, but the pictures are "
            f"{family}: choose one of that family, or another tier."
        )


def check_families(uses: Iterable[LoraUse], family: str, catalog: Catalog) -> None:
    """Raise InvalidInput for a LoRA of another family: it would silently change nothing."""
    for use in uses:
        own = catalog.loras[use.name].family
        if own not in (None, family):
            raise InvalidInput(
                f"LoRA '{use.name}' is made for {own}, but the pictures are {family}, where it "
                "would change nothing. Leave it out or choose another tier."
            )


def still_known(uses: Iterable[LoraUse], catalog: Catalog) -> tuple[LoraUse, ...]:
    """Those of an older prompt's LoRAs that still lead to one file, by catalog name."""
    found: list[LoraUse] = []
    for use in uses:
        try:
            found += typed_loras([use], catalog)
        except (NotFound, AmbiguousName):
            continue
    return tuple(found)


def _checkpoint(request: ImageRequest, catalog: Catalog) -> ModelRecord | None:
    name = request.overrides.checkpoint
    if name is not None:
        return catalog.resolve("checkpoint", name)
    if request.mode == "manual":
        raise InvalidInput(
            "Manual mode needs overrides.checkpoint. GET /api/checkpoints/stats lists them."
        )
    return None


def _loras(request: ImageRequest, catalog: Catalog) -> tuple[LoraUse, ...] | None:
    chosen = request.overrides.loras
    if chosen is None:
        return () if request.mode == "manual" else None
    return typed_loras([LoraUse(lora.name, lora.strength) for lora in chosen], catalog)


def _check_sampling(request: ImageRequest, catalog: Catalog) -> None:
    """Refuse a sampler or scheduler that no server has, before every image fails for it."""
    listings = catalog.listings.values()
    known = {
        "sampler": {name for listing in listings for name in listing.samplers},
        "scheduler": {name for listing in listings for name in listing.schedulers},
    }
    for field, names in known.items():
        chosen = getattr(request.overrides, field)
        if chosen is not None and names and chosen not in names:
            near = get_close_matches(chosen, names, n=1)
            hint = (
                f"Did you mean '{near[0]}'?" if near else f"There are {', '.join(sorted(names))}."
            )
            raise InvalidInput(f"overrides.{field}: no server has '{chosen}'. {hint}")


def _brief(request: ImageRequest, tier: str) -> Brief:
    return Brief(
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        aspect_ratio=request.aspect_ratio,
        tier=tier,
        explore=request.explore_mode,
        auto_lora=request.auto_lora,
        seed=request.seed,
    )
