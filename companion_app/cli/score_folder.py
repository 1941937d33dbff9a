"""Scoring a folder, with a bar while it lasts, and telling what came out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from vibes.errors import InvalidInput
from vibes.prompts.encoders import Vectors
from vibes.scoring.archive import (
    Archive,
    PromptOf,
    Read,
    beside_prompt,
    same_prompt,
    told_prompt,
)
from vibes.scoring.archive_ray import load_ray, ray_reader
from vibes.scoring.calibration import Label, fit_calibrations
from vibes.scoring.clip import Clip, load_clip
from vibes.scoring.folder import pictures_in
from vibes.scoring.gallery import gallery
from vibes.scoring.judge import Judge
from vibes.scoring.readers import Readers, read_file
from vibes.scoring.weights import model_folder
from vibes.settings import Settings
from vibes.storage.scorebook import ScoreBook

from .score_report import (
    Report,
    csv_lines,
    json_lines,
    show_counts,
    show_duplicates,
    show_near,
    show_scores,
)
from .terminal import STANDARD_OUTPUT, note, write_lines

STOPPED = 130
"""The exit code after Ctrl+C."""

Engine = Literal["local", "ray"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown of the scored pictures."""

    duplicates: bool
    search: str | None
    like: Path | None
    count: int
    json: Path | None
    csv: Path | None


def score_folder(
    folder: Path,
    wanted: Wanted,
    settings: Settings,
    *,
    recursive: bool,
    prompt_from: str,
    model: str | None,
    engine: Engine,
) -> None:
    """Score what is not scored yet, then tell; raises VibesError for whatever cannot be."""
    paths = _listed(folder, recursive=recursive)
    prompt_of = _prompt_of(prompt_from)
    if engine == "ray":
        load_ray()  # first of all: a model takes a while to load
    place = model_folder(model or settings.scoring.model, settings.scoring_models)
    clip = load_clip(place, device=settings.scoring.device)
    with closing(ScoreBook(settings.data_dir)) as book:
        archive = Archive(Judge(clip, folder=settings.lexicons), book, prompt_of)
        with _engine(engine, place, clip, settings.scoring.device) as read:
            _score(archive, paths, read)
        _show(wanted, archive, paths, clip, book)


def _listed(folder: Path, *, recursive: bool) -> list[Path]:
    try:
        paths = list(pictures_in(folder, recursive=recursive))
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be read: {error.strerror or error}.") from error
    if not paths:
        hint = "" if recursive else " --recursive looks into the folders in it, too."
        raise InvalidInput(f"{folder} holds no PNG, JPEG or WebP.{hint}")
    return paths


def _prompt_of(origin: str) -> PromptOf:
    if not origin.strip():
        raise InvalidInput("An empty prompt asks for nothing: see --prompt-from.")
    return {"metadata": told_prompt, "sidecar": beside_prompt}.get(origin) or same_prompt(origin)


def _engine(engine: Engine, place: Path, clip: Clip, device: str) -> AbstractContextManager[Read]:
    return ray_reader(place, clip.fit, device=device) if engine == "ray" else _local(clip)


@contextmanager
def _local(clip: Clip) -> Iterator[Read]:
    with Readers(clip.fit) as readers:
        yield readers.read


def _score(archive: Archive, paths: Sequence[Path], read: Read) -> None:
    """Score with a bar where somebody looks."""
    done = 0
    console = Console(stderr=True)
    shown = (TextColumn("Scoring"), BarColumn(), MofNCompleteColumn(), _Rate())
    with Progress(
        *shown,
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("", total=len(paths))
        try:
            for progress in archive.score(paths, read):
                done = progress.done
                bar.update(task, completed=done)
        except KeyboardInterrupt:
            note(f"Stopped: {done} of {len(paths)} are done. The same command goes on from there.")
            raise typer.Exit(STOPPED) from None


class _Rate(ProgressColumn):
    """Files in a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "")


def _show(
    wanted: Wanted, archive: Archive, paths: Sequence[Path], clip: Clip, book: ScoreBook
) -> None:
    said = [Label(one.model, one.slot, one.margin, one.shown) for one in book.labels()]
    report = Report(archive, paths, fit_calibrations(said))
    for file, lines in ((wanted.json, json_lines), (wanted.csv, csv_lines)):
        if file is not None:
            write_lines(file, lines(report))
    if STANDARD_OUTPUT not in (wanted.json, wanted.csv):
        _show_tables(wanted, archive, paths, clip, book, report)
    show_counts(report)


def _show_tables(
    wanted: Wanted,
    archive: Archive,
    paths: Sequence[Path],
    clip: Clip,
    book: ScoreBook,
    report: Report,
) -> None:
    if not (wanted.duplicates or wanted.search or wanted.like):
        show_scores(report, wanted.count)
        return
    pictures = gallery(archive.results(paths), book.embeddings(clip.key))
    if wanted.search:
        vector = clip.encode_texts([wanted.search])[0]
        show_near(f"Nearest to “{wanted.search}”", pictures.near(vector, wanted.count))
    if wanted.like:
        vector = _vector_of(wanted.like, clip)
        show_near(f"Nearest to {wanted.like.name}", pictures.near(vector, wanted.count))
    if wanted.duplicates:
        show_duplicates(pictures.duplicates())


def _vector_of(picture: Path, clip: Clip) -> Vectors:
    read = read_file(picture, clip.fit)
    if read.pixels is None:
        raise InvalidInput(f"{picture} is no picture to look for: {read.record.error}.")
    found: Vectors = clip.encode_images(read.pixels[None])[0]
    return found
