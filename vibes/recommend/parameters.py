"""Sampling parameters for a prompt: by rules, then the user's habits, then the limits.

What the user decided stays, and so does what a tier states: that is his configuration, and what
his own workflow decides. Everything else says why it is so, and what else it could be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from vibes.catalog import ModelRecord
from vibes.preferences import Habit, Habits
from vibes.prompts import PromptAnalysis
from vibes.settings import MAX_STEPS, AspectRatio, Stage, Tier

from .advice import PARAMETERS, Alternative, Chosen, Limits, ParameterAdvice, Parameters, Value
from .buckets import GRID, SMALLEST, shape_advice, shown
from .distilled import distillation
from .estimates import Costs, Estimates
from .limits import within_limits
from .rules import Case, fewest_steps, price, ruled, scaled
from .samplers import suits
from .sampling import Priority

MOST_CFG = 30.0
MOST_PIXELS = 8192  # of one side

_NAMES = {"cfg": "CFG"}
_UNTOLD = "assumed, for your workflow decides it without telling"


def advise(
    analysis: PromptAnalysis,
    *,
    tier: Tier,
    stage: Stage,
    aspect_ratio: AspectRatio,
    checkpoint: ModelRecord | None,
    loras: Sequence[ModelRecord],
    priority: Priority,
    limits: Limits = Limits(),  # noqa: B008 - an immutable value
    measured: Estimates | None = None,
    habits: Habits | None = None,
    decided: Mapping[str, object] | None = None,
    constants: Mapping[str, Value | None] | None = None,
) -> ParameterAdvice:
    """How to sample a prompt's images at a stage, and why.

    ``decided`` are the user's own values by parameter; other keys, and None, are passed over.
    ``constants`` are what the workflow decides whatever is advised, None where it does not tell.
    Nothing is refused: a limit that cannot be kept is named in ``trade_offs``.
    """
    case = Case(
        analysis=analysis,
        tier=tier,
        stage=stage,
        aspect=aspect_ratio,
        checkpoint=checkpoint,
        known=distillation(checkpoint, loras),
        priority=priority,
    )
    costs = Costs(tier.family, checkpoint, measured)
    by_rules = ruled(case)
    anyone = _given(_configured(by_rules, case), constants or {})
    own = habits.of(tier.family, analysis.style) if habits else {}
    wanted = _decided(_habitual(anyone, own, tier.family), decided or {})
    fewest = fewest_steps(case)
    draft, kept = within_limits(wanted, limits, costs, fewest=fewest)
    baseline, _ = within_limits(anyone, limits, costs, fewest=fewest)
    is_priced = not draft["steps"].settled and draft["steps"] == wanted["steps"]
    cost = price(case) if is_priced else None
    return _advice(
        draft,
        costs,
        baseline=_parameters(baseline),
        trade_offs=(*([cost] if cost else []), *kept),
        suggestions=tuple(_suggestions(by_rules, draft, case)),
    )


def _configured(draft: Mapping[str, Chosen], case: Case) -> dict[str, Chosen]:
    """What the tier states, instead of what the rules say."""
    tier = case.tier
    stated: dict[str, Value | None] = {
        "steps": None if tier.steps is None else scaled(tier.steps, case),
        "cfg": tier.cfg,
        "sampler": tier.sampler,
        "scheduler": tier.scheduler,
    }
    found = {name: value for name, value in stated.items() if value is not None}
    return {**draft, **_settled(draft, found, "as the tier's configuration states")}


def _given(draft: Mapping[str, Chosen], constants: Mapping[str, Value | None]) -> dict[str, Chosen]:
    """What the workflow decides, in place of anything else; where it does not tell, assumed."""
    changed = dict(draft)
    for name in PARAMETERS:
        if name not in constants:
            continue
        value = constants[name]
        assumed = draft[name].value if value is None else value
        how = "as your workflow has it" if value is not None else _UNTOLD
        reason = f"{_named(name, assumed)}: {how}."
        changed[name] = Chosen(assumed, reason, pinned=True, settled=True)
    return changed


def _decided(draft: Mapping[str, Chosen], decided: Mapping[str, object]) -> dict[str, Chosen]:
    found = {
        name: value
        for name in PARAMETERS
        if isinstance(value := decided.get(name), int | float | str)
    }
    return {**draft, **_settled(draft, found, "you decided it")}


def _settled(
    draft: Mapping[str, Chosen], values: Mapping[str, Value], why: str
) -> dict[str, Chosen]:
    """These parameters at these values, for good; the rules' own become alternatives."""
    return {
        name: replace(
            draft[name].moved(value, "", confidence=0),
            reason=f"{_named(name, value)}: {why}.",
            settled=True,
        )
        for name, value in values.items()
    }


def _named(name: str, value: Value) -> str:
    if isinstance(value, str):
        return value
    return f"{value:g} steps" if name == "steps" else f"{_NAMES.get(name, name.title())} {value:g}"


def _shown(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _habitual(
    draft: Mapping[str, Chosen], habits: Mapping[str, Habit], family: str
) -> dict[str, Chosen]:
    """The draft as the user would change it, as far as models and configuration leave it free."""
    changed = dict(draft)
    for name, habit in habits.items():
        before = draft[name]
        if before.pinned or before.settled:
            continue
        value = _by_habit(name, before.value, habit)
        if value == before.value or (name == "scheduler" and not suits(family, str(value))):
            continue
        sentence = f"{_named(name, value)} instead of {_shown(before.value)}. {habit.sentence}"
        changed[name] = before.moved(value, sentence, confidence=habit.confidence)
    return changed


def _by_habit(name: str, value: Value, habit: Habit) -> Value:
    if isinstance(value, str):
        return habit.value or value
    wanted = value * habit.ratio
    if name == "cfg":
        return min(max(round(wanted * 2) / 2, 1.0), MOST_CFG)
    if name == "steps":
        return min(max(round(wanted), 1), MAX_STEPS)
    return min(max(round(wanted / GRID) * GRID, SMALLEST), MOST_PIXELS)


def _advice(
    draft: Mapping[str, Chosen],
    costs: Costs,
    *,
    baseline: Parameters,
    trade_offs: tuple[str, ...],
    suggestions: tuple[str, ...],
) -> ParameterAdvice:
    parameters = _parameters(draft)
    size = parameters.width, parameters.height
    vram, is_measured = costs.vram(size)
    return ParameterAdvice(
        parameters=parameters,
        baseline=baseline,
        reasons={name: chosen.reason for name, chosen in draft.items()},
        alternatives={name: _others(name, chosen, size) for name, chosen in draft.items()},
        confidence={name: chosen.confidence for name, chosen in draft.items()},
        seconds=costs.seconds(size, parameters.steps),
        vram=vram,
        vram_is_measured=is_measured,
        fixed=frozenset(name for name, chosen in draft.items() if chosen.pinned),
        trade_offs=trade_offs,
        suggestions=suggestions,
    )


def _parameters(draft: Mapping[str, Chosen]) -> Parameters:
    return Parameters(
        steps=int(draft["steps"].value),
        cfg=float(draft["cfg"].value),
        sampler=str(draft["sampler"].value),
        scheduler=str(draft["scheduler"].value),
        width=int(draft["width"].value),
        height=int(draft["height"].value),
    )


def _others(name: str, chosen: Chosen, size: tuple[int, int]) -> tuple[Alternative, ...]:
    """The alternatives, each once and without the chosen one; sizes differ by their reasons."""
    found: dict[Value, Alternative] = {}
    for one in chosen.alternatives:
        if name in ("width", "height"):
            if not one.reason.startswith(f"{shown(size)}:"):
                found.setdefault(one.reason, one)
        elif one.value != chosen.value:
            found.setdefault(one.value, one)
    return tuple(found.values())


def _suggestions(
    by_rules: Mapping[str, Chosen], draft: Mapping[str, Chosen], case: Case
) -> Iterator[str]:
    """What the user's own values miss."""
    if shape := shape_advice(case.analysis, case.aspect):
        yield shape
    for name in ("steps", "cfg") if case.known else ():
        if draft[name].settled and draft[name].value != by_rules[name].value:
            yield by_rules[name].reason
