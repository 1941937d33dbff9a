"""``vibes loras``, ``vibes checkpoints``, ``vibes analyze``: what there is, and what would suit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from vibes.settings import load_settings

from .connection import StudioClient, connect
from .options import Config, DataDir, text
from .terminal import note, percent, show, show_table

LORA_COLUMNS = ("name", "family", "trigger words", "picked", "servers", "remarks")
CHECKPOINT_COLUMNS = ("name", "family", "tiers", "picked", "servers", "remarks")
TEST_COLUMNS = ("LoRA", "score", "strength", "adds", "why")

Prompt = Annotated[str, typer.Argument(callback=text, help="What the pictures show.")]
Profile = Annotated[
    str, typer.Option(callback=text, help="Whose picks and blocks count.", show_default=True)
]
LoraName = Annotated[str, typer.Argument(callback=text, help="The LoRA's name.")]

Ask = Callable[[StudioClient], Awaitable[Any]]

group = typer.Typer(invoke_without_command=True)


@group.callback()
def loras(
    context: typer.Context,
    query: Annotated[
        str, typer.Option(callback=text, help="Only those whose name, words or tags have this.")
    ] = "",
    family: Annotated[
        str | None, typer.Option(callback=text, help="Only this family, as in sdxl or unknown.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 100,
    profile: Profile = "default",
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """List the LoRAs of all servers, or ask which would suit a prompt."""
    if context.invoked_subcommand is not None:
        return
    asked = {"query": query, "limit": limit, "profile": profile}
    if family is not None:
        asked["base_model"] = family
    found = _run(config, data_dir, lambda studio: studio.get("/api/loras", **asked))
    show_table("LoRAs", LORA_COLUMNS, [_lora_row(lora) for lora in found])


@group.command("test")
def suited(
    prompt: Prompt,
    checkpoint: Annotated[
        str | None, typer.Option(callback=text, help="For this checkpoint. [default: the tier's]")
    ] = None,
    tier: Annotated[
        str | None, typer.Option(callback=text, help="In this tier. [default: automatic]")
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=50, help="How many at most.")] = 10,
    profile: Profile = "default",
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Say which LoRAs would be chosen for a prompt, why, and which were left out."""
    named = {"checkpoint": checkpoint, "tier": tier}
    body: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    body |= {"prompt": prompt, "count": count, "profile": profile}
    told = _run(config, data_dir, lambda studio: studio.post("/api/loras/test", body))
    show_table(f"LoRAs for {told['family']}", TEST_COLUMNS, map(_test_row, told["loras"]))
    if told["matcher"] == "words":
        note("Matched by words only: there is no text encoder.")
    for left in told["left_out"]:
        note(left["reason"])


@group.command()
def block(
    name: LoraName,
    profile: Profile = "default",
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Never let the studio choose a LoRA by itself; you can still name it in a prompt."""
    _block(name, profile, config, data_dir, blocked=True)
    show(f"{name} is not chosen any more. Undo: vibes loras unblock {name}")


@group.command()
def unblock(
    name: LoraName,
    profile: Profile = "default",
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Let the studio choose a LoRA again."""
    _block(name, profile, config, data_dir, blocked=False)
    show(f"{name} may be chosen again.")


def checkpoints(
    profile: Profile = "default", config: Config = None, data_dir: DataDir = None
) -> None:
    """List the checkpoints of all servers with the tiers they may be chosen for."""
    found = _run(config, data_dir, lambda studio: studio.get("/api/checkpoints", profile=profile))
    show_table("Checkpoints", CHECKPOINT_COLUMNS, [_checkpoint_row(one) for one in found])


def analyze(prompt: Prompt, config: Config = None, data_dir: DataDir = None) -> None:
    """Say how a prompt is understood: concepts, style, content, complexity."""
    told = _run(config, data_dir, lambda studio: studio.post("/api/analyze", {"prompt": prompt}))
    complexity = told["complexity"]
    parts = ", ".join(f"{name} {value:.2f}" for name, value in complexity["parts"].items())
    rows: list[tuple[str, object]] = [
        ("keywords", ", ".join(told["keywords"])),
        *((name, ", ".join(words)) for name, words in told["concepts"].items()),
        ("style", told["style"] or "none in particular"),
        ("content", told["content"] or "none in particular"),
        ("quality", told["quality"]),
        ("complexity", f"{complexity['level']} ({complexity['score']:.2f}: {parts})"),
    ]
    show_table("Prompt", ("what", "found"), rows)


def _block(
    name: str, profile: str, config: Path | None, data_dir: Path | None, *, blocked: bool
) -> None:
    body = {"name": name, "profile": profile, "blocked": blocked}
    _run(config, data_dir, lambda studio: studio.put("/api/loras/block", body))


def _run(config: Path | None, data_dir: Path | None, ask: Ask) -> Any:
    settings = load_settings(config, data_dir=data_dir)

    async def run() -> Any:
        async with connect(settings) as studio:
            return await ask(studio)

    return asyncio.run(run())


def _lora_row(lora: dict[str, Any]) -> list[object]:
    return [
        lora["name"],
        lora["base_model"] or "unknown",
        ", ".join(lora["triggers"][:3]),
        _picked(lora["usage"]),
        ", ".join(lora["servers"]),
        _remarks(lora, lora["blocked"]),
    ]


def _checkpoint_row(checkpoint: dict[str, Any]) -> list[object]:
    return [
        checkpoint["name"],
        checkpoint["family"] or "unknown",
        ", ".join(checkpoint["tiers"]),
        _picked(checkpoint["usage"]),
        ", ".join(checkpoint["servers"]),
        _remarks(checkpoint, None),
    ]


def _test_row(lora: dict[str, Any]) -> list[object]:
    adds = ", ".join(lora["triggers"])
    return [lora["lora"], f"{lora['score']:.2f}", f"{lora['strength']:g}", adds, lora["reason"]]


def _picked(usage: dict[str, Any]) -> str:
    if not usage["total"]:
        return ""
    return f"{usage['selected']} of {usage['total']} ({percent(usage['selection_rate'])})"


def _remarks(model: dict[str, Any], blocked: str | None) -> str:
    return " ".join(filter(None, (blocked, model["fault"], model["conflict"])))
