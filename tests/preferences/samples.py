"""Grids and events to learn from, and strategies that make odd ones."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from vibes.preferences import (
    Candidate,
    Event,
    GridEvent,
    GridOutcome,
    GridRejected,
    GridSubmitted,
    ImageActed,
    ImageRated,
    LoraUse,
    ParametersChanged,
    Policy,
    Proposal,
    ShownImage,
    SuggestionChanged,
)

NOON = "2026-01-31T12:00:00+00:00"

names = st.sampled_from(["epic.safetensors", "dreamshaper_8.safetensors", "sd15/toon", "ü:1"])
lora_names = st.sampled_from(["beach_sunset", "film grain", "anime:2"])
keywords = st.lists(st.sampled_from(["beach", "sunset", "don't", "8:30", "海"]), unique=True).map(
    tuple
)
strengths = st.floats(-2, 2)
lora_uses = st.builds(LoraUse, lora_names, strengths)
candidates = st.builds(
    Candidate, names, st.lists(lora_uses, unique_by=lambda use: use.name, max_size=3).map(tuple)
)


@st.composite
def outcomes(draw: st.DrawFn) -> GridOutcome:
    shown = draw(st.lists(candidates, min_size=1, max_size=8))
    picked = draw(st.sets(st.integers(0, len(shown) - 1)))
    return GridOutcome(draw(keywords), draw(st.integers(0, 3)), tuple(shown), frozenset(picked))


@st.composite
def grid_events(draw: st.DrawFn) -> GridEvent:
    outcome = draw(outcomes())
    rejected = not outcome.picked and draw(st.booleans())
    event_id = draw(st.uuids()).hex
    batch = draw(st.integers(0, 5))
    return (GridRejected if rejected else GridSubmitted)(
        id=event_id,
        time=NOON,
        profile=draw(st.sampled_from(["default", "anime"])),
        session="s",
        batch=f"batch-{batch}",
        stage=outcome.stage,
        prompt=draw(st.text(max_size=20)),
        keywords=outcome.keywords,
        images=tuple(
            ShownImage(
                image_id=f"{batch}/{i}",
                index=i,
                candidate=candidate,
                picked=i in outcome.picked,
                scores=draw(st.dictionaries(st.text(max_size=5), st.floats(-1, 1), max_size=2)),
                checkpoint_propensity=draw(st.none() | st.floats(0, 1)),
                lora_propensities=draw(st.dictionaries(lora_names, st.floats(0, 1), max_size=1)),
                relevance=draw(st.dictionaries(names | lora_names, st.floats(0, 1), max_size=2)),
                probe=draw(st.booleans()),
                decided=draw(st.sampled_from([(), ("loras",), ("checkpoint", "loras")])),
                inert=draw(st.lists(lora_names, unique=True, max_size=1).map(tuple)),
            )
            for i, candidate in enumerate(outcome.candidates)
        ),
        policy=draw(st.sampled_from(["taste", "selection_rate"])),
        feedback=draw(st.none() | st.text(max_size=10)),
        policy_version=draw(st.integers(0, 2)),
    )


@st.composite
def image_events(draw: st.DrawFn) -> Event:
    number = draw(st.integers(0, 2))
    about = {
        "id": draw(st.uuids()).hex,
        "time": NOON,
        "profile": draw(st.sampled_from(["default", "anime"])),
        "session": "s",
        "batch": "batch-1",
        "image": f"1/{number}",
        "keywords": draw(keywords),
        "candidate": draw(st.none() | candidates),
        "stage": draw(st.integers(0, 3)),
    }
    if draw(st.booleans()):
        return ImageActed(**about, action=draw(st.sampled_from(["saved", "flagged"])))
    aesthetics = draw(st.none() | st.integers(1, 5))
    overall = draw(st.integers(1, 5))
    return ImageRated(**about, overall=overall, aesthetics=aesthetics, tags=("warm",), comment="ö")


@st.composite
def changes(draw: st.DrawFn) -> SuggestionChanged:
    return SuggestionChanged(
        id=draw(st.uuids()).hex,
        time=NOON,
        profile=draw(st.sampled_from(["default", "anime"])),
        session="s",
        batch="batch-1",
        stage=0,
        prompt=draw(st.text(max_size=20)),
        keywords=draw(keywords),
        suggested=draw(candidates),
        chosen=draw(candidates),
        policy="taste",
        policy_version=1,
    )


_numbers = st.integers(0, 10**6) | st.floats(0, 10**6)
_settings = st.fixed_dictionaries(
    {"steps": st.integers(1, 150), "cfg": _numbers, "sampler": st.text(min_size=1, max_size=9)}
)


@st.composite
def adjustments(draw: st.DrawFn) -> ParametersChanged:
    return ParametersChanged(
        id=draw(st.uuids()).hex,
        time=NOON,
        profile=draw(st.sampled_from(["default", "anime"])),
        session="s",
        batch="batch-1",
        stage=0,
        prompt=draw(st.text(max_size=20)),
        keywords=draw(keywords),
        family=draw(st.sampled_from(["sd15", "sdxl"])),
        style=draw(st.sampled_from([None, "photo"])),
        suggested=draw(_settings),
        chosen=draw(_settings),
    )


any_event = grid_events() | image_events() | changes() | adjustments()
events = st.lists(any_event, max_size=8)


def submitted(
    batch: str,
    shown: Sequence[tuple[str, bool]],
    *,
    keywords: tuple[str, ...] = ("beach",),
    loras: tuple[str, ...] = (),
    event_id: str | None = None,
    kind: type[GridEvent] = GridSubmitted,
) -> GridEvent:
    """A submitted grid of (checkpoint, picked), every image with the same LoRAs at 0.7."""
    uses = tuple(LoraUse(name, 0.7) for name in loras)
    return kind(
        id=event_id or f"event-{batch}",
        time=NOON,
        profile="default",
        session="s",
        batch=batch,
        stage=0,
        prompt=", ".join(keywords),
        keywords=keywords,
        images=tuple(
            ShownImage(f"{batch}/{i}", i, Candidate(checkpoint, uses), picked)
            for i, (checkpoint, picked) in enumerate(shown)
        ),
        policy="selection_rate",
    )


def teach(policy: Policy, keyword: str, counts: dict[str, tuple[int, int]]) -> None:
    """One grid in which each checkpoint was picked in so many of so many images."""
    shown = [
        (Candidate(checkpoint), i < selected)
        for checkpoint, (selected, total) in counts.items()
        for i in range(total)
    ]
    picked = frozenset(i for i, (_, is_picked) in enumerate(shown) if is_picked)
    policy.update(GridOutcome((keyword,), 0, tuple(made for made, _ in shown), picked))


def judged(proposals: Sequence[Proposal], keyword: str, favourites: Sequence[str]) -> GridOutcome:
    """What a user does who picks exactly the images of some checkpoints."""
    shown = tuple(proposal.candidate for proposal in proposals)
    picked = frozenset(i for i, made in enumerate(shown) if made.checkpoint in favourites)
    return GridOutcome((keyword,), 0, shown, picked)
