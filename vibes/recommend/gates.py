"""Gates: why a LoRA must not be added to a picture, however well it fits; each a named reason."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from vibes.catalog import ModelRecord
from vibes.catalog.names import stem

from .exclusions import Styles, against, clash
from .phrases import Phrase, is_common, phrase

OTHER_BRANCH = 0.5  # of its relevance, what a LoRA keeps beside a fine-tune of another branch


@dataclass(frozen=True, slots=True)
class Blocks:
    """What a user never wants chosen by itself."""

    names: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Target:
    """What LoRAs would be used beside, for whom, and on which servers; None is any.

    ``inert`` maps checkpoints to LoRAs that changed nothing beside them; ``asked`` are the styles
    of the prompt by group; ``shared`` the trigger phrases that call no LoRA in particular.
    """

    family: str | None
    checkpoints: tuple[ModelRecord, ...] = ()
    servers: frozenset[str] | None = None
    blocks: Blocks = Blocks()
    inert: Mapping[str, Collection[str]] = field(default_factory=dict)
    asked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    shared: frozenset[Phrase] = frozenset()


def refusal(record: ModelRecord, styles: Styles, target: Target) -> str | None:
    """Why this LoRA must not be added there, as a whole sentence; None where it may be."""
    for gate in _GATES:
        if sentence := gate(record, styles, target):
            return sentence
    return None


def rivalry(
    record: ModelRecord,
    other: ModelRecord,
    styles: Styles,
    others: Styles,
    shared: Collection[Phrase] = (),
) -> str | None:
    """Why ``record`` must not stand beside ``other``, which goes before it; None where it may.

    ``shared`` trigger phrases call no LoRA in particular, so that having them too is no rivalry.
    """
    mine, its = stem(record.name), stem(other.name)
    if excluded := clash(styles, others):
        return f"{mine} is left out: its style, {excluded[0]}, excludes {excluded[1]} of {its}."
    both = {phrase(trigger): trigger for trigger in record.triggers}
    for trigger in other.triggers:
        words = phrase(trigger)
        if words in both and words not in shared and not all(map(is_common, words)):
            return f"{mine} is left out: {its} answers to '{trigger}' too, and goes before it."
    return None


def branch_factor(record: ModelRecord, checkpoints: Collection[ModelRecord]) -> float:
    """What a LoRA's relevance is multiplied by, beside the best suited of these checkpoints."""
    if record.branch is None or not checkpoints:
        return 1.0
    same = any(one.branch in (None, record.branch) for one in checkpoints)
    return 1.0 if same else OTHER_BRANCH


def _family(record: ModelRecord, _: Styles, target: Target) -> str | None:
    name = stem(record.name)
    if target.family is None:
        return f"{name} is left out: what family the checkpoint is of is not known."
    if record.family is None:
        return f"{name} is left out: its family is not known, so it might change nothing."
    if record.family != target.family:
        return (
            f"{name} is left out: it is made for {record.family} and would change nothing in "
            f"{target.family}."
        )
    return None


def _file(record: ModelRecord, _: Styles, __: Target) -> str | None:
    name = stem(record.name)
    if record.fault is not None:
        return f"{name} is left out: {record.fault}"
    if record.modules == 0:
        return f"{name} is left out: its file changes no part of any model."
    if record.conflict is not None:
        return f"{name} is left out: {record.conflict}"
    return None


def _server(record: ModelRecord, _: Styles, target: Target) -> str | None:
    if target.servers is not None and target.servers.isdisjoint(record.spellings):
        return f"{stem(record.name)} is left out: no server has it beside such a checkpoint."
    return None


def _blocked(record: ModelRecord, _: Styles, target: Target) -> str | None:
    return blocked_by(record, target.blocks)


def blocked_by(record: ModelRecord, blocks: Blocks) -> str | None:
    """What of the user's block list keeps this LoRA out, as a sentence; None where nothing does."""
    name = stem(record.name)
    if not blocks.names.isdisjoint((record.name, *record.aliases)):
        return f"{name} is left out: you blocked it."
    if record.family in blocks.families:
        return f"{name} is left out: you blocked LoRAs for {record.family}."
    if blocks.tags:
        wanted = {phrase(tag): tag for tag in blocks.tags}
        for text in (*record.triggers, *record.tags):
            if tag := wanted.get(phrase(text)):
                return f"{name} is left out: you blocked the tag '{tag}'."
    return None


def _style(record: ModelRecord, styles: Styles, target: Target) -> str | None:
    if excluded := against(styles, target.asked):
        own, asked = excluded
        return f"{stem(record.name)} is left out: its style is {own}, the prompt asks for {asked}."
    return None


def _inert(record: ModelRecord, _: Styles, target: Target) -> str | None:
    """Beside every checkpoint of a choice; beside single ones, the choice is seen to later."""
    names = [one.name for one in target.checkpoints]
    if names and all(record.name in target.inert.get(name, ()) for name in names):
        beside = stem(names[0]) if len(names) == 1 else "any of these checkpoints"
        return f"{stem(record.name)} is left out: it changed nothing beside {beside}."
    return None


_GATES: tuple[Callable[[ModelRecord, Styles, Target], str | None], ...] = (
    _file,
    _family,
    _server,
    _blocked,
    _style,
    _inert,
)
