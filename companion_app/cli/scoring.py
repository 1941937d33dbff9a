"""``vibes scoring``: what scoring needs, whether it is there, and installing it."""

from __future__ import annotations

import importlib
import subprocess
from dataclasses import replace
from typing import Annotated, Literal

import typer

from vibes.errors import InvalidInput, ScoringUnavailable
from vibes.scoring.setup import Accelerator, Build, build_for, find_accelerator, sizes
from vibes.scoring.torch_modules import missing_modules
from vibes.scoring.weights import cached, fetch, scoring_state
from vibes.settings import ScoringModel, Settings, load_settings

from .options import Config, text
from .terminal import note, show, show_table

COLUMNS = ("model", "licence", "size", "here", "about")

group = typer.Typer(help="Score pictures: does one show what was asked?", no_args_is_help=True)


@group.command()
def status(config: Config = None) -> None:
    """Say whether pictures can be scored here, and with which models."""
    settings = load_settings(config)
    installed = not missing_modules()
    rows = [_row(name, model, installed) for name, model in settings.scoring_models.items()]
    show_table("Scoring models", COLUMNS, rows)
    show(scoring_state(settings.scoring, settings.scoring_models) or _ready(settings))


@group.command()
def install(
    model: Annotated[
        str | None,
        typer.Option(callback=text, help="Whose weights to fetch. [default: as the settings say]"),
    ] = None,
    accelerator: Annotated[
        Literal["auto", "cuda", "rocm", "mps", "cpu"],
        typer.Option(help="What torch is to compute with."),
    ] = "auto",
    index_url: Annotated[
        str | None,
        typer.Option(callback=text, metavar="URL", help="Another place to get torch from."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    config: Config = None,
) -> None:
    """Install what scoring needs, for this machine, and fetch a model's weights; sizes first."""
    settings = load_settings(config)
    build = _build(accelerator, index_url) if missing_modules() else None
    weights = _weights(model or settings.scoring.model, settings, installed=build is None)
    if build is None and weights is None:
        show("Everything is here already.")
        return
    _say(build, weights)
    if dry_run:
        return
    if not yes and not typer.confirm("Go on?"):
        raise typer.Exit(1)
    if build:
        _install(build)
    if weights:
        show(f"{fetch(weights)} holds the weights. Scoring works from the next start on.")


def _build(accelerator: str, index_url: str | None) -> Build:
    kind: Accelerator = find_accelerator() if accelerator == "auto" else accelerator  # type: ignore[assignment]
    build = build_for(kind)
    return replace(build, index_url=index_url) if index_url else build


def _weights(name: str, settings: Settings, *, installed: bool) -> ScoringModel | None:
    """The model to fetch; None where it is here, or the settings name a folder of one's own."""
    models = settings.scoring_models
    if name not in models:
        if name == settings.scoring.model:
            return None
        raise InvalidInput(f"There is no scoring model '{name}'; there are {', '.join(models)}.")
    return None if installed and cached(models[name]) else models[name]


def _say(build: Build | None, weights: ScoringModel | None) -> None:
    wanted = [(weights.repository, weights.megabytes)] if weights else []
    show("This fetches:")
    for line in sizes(build, wanted):
        show(f"  {line}")
    if weights:
        show(f"The weights' licence: {weights.licence}.")
    if build:
        show(f"By: {subprocess.list2cmdline(build.command())}")


def _install(build: Build) -> None:
    if subprocess.call(build.command()):
        raise ScoringUnavailable(
            "pip did not install it; its message above says why. Another place to get torch from "
            "can be given by --index-url, another build by --accelerator."
        )
    importlib.invalidate_caches()
    if missing := missing_modules():
        raise ScoringUnavailable(
            f"pip installed it elsewhere: {', '.join(missing)} not found here."
        )
    note("torch and open_clip are installed.")


def _row(name: str, model: ScoringModel, installed: bool) -> tuple[str, ...]:
    here = "yes" if installed and cached(model) else "no"
    return name, model.licence, f"{model.megabytes} MB", here, model.about


def _ready(settings: Settings) -> str:
    return f"Pictures are scored by '{settings.scoring.model}'."
