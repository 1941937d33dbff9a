"""What is believed of models for a prompt, without ComfyUI."""

from __future__ import annotations

from vibes.catalog import Catalog, ModelRecord
from vibes.errors import InvalidInput
from vibes.preferences import Policy, Pool
from vibes.preferences.ratings import Ratings
from vibes.preferences.sentences import Level
from vibes.prompts import keywords
from vibes.recipes import Candidate, LoraUse
from vibes.workflows import parse_loras

from .choice_reports import checkpoint_report
from .choices import Decision


def explanation(
    catalog: Catalog,
    policy: Policy,
    ratings: Ratings,
    *,
    prompt: str,
    checkpoint: str,
    loras: str,
    level: Level,
) -> str:
    """What is believed of a checkpoint with LoRAs for a prompt, a sentence a line.

    It is compared with the other checkpoints of its family. Raises InvalidInput where no checkpoint
    is named, NotFound or AmbiguousName for a model that is not here.
    """
    if not checkpoint.strip():
        raise InvalidInput("Name a checkpoint, or connect one to 'checkpoint'.")
    chosen = catalog.resolve("checkpoint", checkpoint)
    uses = [
        LoraUse(catalog.resolve("lora", use.name).name, use.strength) for use in parse_loras(loras)
    ]
    pool = Pool(_kin(chosen, catalog), tuple(use.name for use in uses))
    candidate = Candidate(chosen.name, tuple(uses))
    made = Decision(candidate, reason="", keywords=keywords(prompt), pool=pool)
    told: list[str] = checkpoint_report(made, policy, ratings)["why"][level]
    return "\n".join(told)


def _kin(chosen: ModelRecord, catalog: Catalog) -> tuple[str, ...]:
    others = [
        name for name, record in catalog.checkpoints.items() if record.family == chosen.family
    ]
    return tuple(dict.fromkeys((chosen.name, *others)))
