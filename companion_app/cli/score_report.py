"""What ``vibes score`` tells: the best and the worst, and every score as JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vibes.scoring.adherence import Adherence, ranks
from vibes.scoring.adherence_json import from_json
from vibes.scoring.archive import Archive, Result
from vibes.scoring.calibration import Calibrations
from vibes.scoring.gallery import Near
from vibes.scoring.recalibration import recalibrated
from vibes.scoring.records import name_of

from .terminal import note, show_table

COLUMNS = ("rank", "match", "picture", "least shown")
FIELDS = ("path", "width", "height", "rank", "of", "relative", "percent", "prompt", "why")
LISTED = 20
"""As many skipped files are told one by one."""


@dataclass(frozen=True, slots=True)
class Row:
    """A file and its place among all that were scored; ``why`` says why it has none."""

    result: Result
    rank: int | None
    adherence: Adherence | None

    @property
    def why(self) -> str | None:
        """Why there is no score."""
        record, prompt = self.result.record, self.result.prompt
        return (record.error if record else "it was not looked at") or prompt.reason


class Report:
    """The scores of an archive, ranked over all of it; what is looked at is read when it is."""

    def __init__(self, archive: Archive, paths: Sequence[Path], calibrations: Calibrations):
        self._archive = archive
        self._paths = paths
        self._calibrations = calibrations
        overall = [
            one.adherence.overall if one.adherence else None for one in archive.results(paths)
        ]
        self._scored = [n for n, value in enumerate(overall) if value is not None]
        places = ranks([value for value in overall if value is not None]).tolist()
        self._ranks = dict(zip(self._scored, places, strict=True))

    @property
    def scored(self) -> int:
        """How many pictures have a score."""
        return len(self._ranks)

    def rows(self) -> Iterator[Row]:
        """Every file, in the order of the folder."""
        return self._rows(range(len(self._paths)))

    def ends(self, count: int) -> list[Row]:
        """The best and the worst pictures, as many of each, the best one first."""
        order = sorted(self._ranks, key=self._ranks.__getitem__)
        chosen = order if len(order) <= 2 * count else [*order[:count], *order[-count:]]
        return list(self._rows(chosen))

    def _rows(self, places: Sequence[int]) -> Iterator[Row]:
        results = self._archive.results([self._paths[n] for n in places])
        for n, result in zip(places, results, strict=True):
            body = result.adherence.body if result.adherence else None
            found = recalibrated(from_json(body), self._calibrations) if body else None
            yield Row(result, self._ranks.get(n), found)


def show_scores(report: Report, count: int) -> None:
    """The best and the worst pictures; numbers are percentages only where they are calibrated."""
    rows = report.ends(count)
    show_table("Scores", COLUMNS, [_cells(row, report.scored) for row in rows])
    if rows and not any(row.adherence and row.adherence.calibrated for row in rows):
        note("Ranks are relative: for percentages, tell the studio what some pictures show.")


def show_counts(report: Report) -> None:
    """How many were scored, and which were not, with the reason."""
    lost = [row for row in report.rows() if row.adherence is None]
    broken = [row for row in lost if not _is_picture(row)]
    note(
        f"{report.scored + len(lost)} pictures: {report.scored} scored, "
        f"{len(lost) - len(broken)} without a prompt, {len(broken)} skipped."
    )
    for row in broken[:LISTED]:
        note(f"{name_of(row.result.path)}: {row.why}.")
    if len(broken) > LISTED:
        note(f"… and {len(broken) - LISTED} more: --csv FILE lists all.")


def show_near(title: str, found: Iterable[Near]) -> None:
    """Pictures with the cosine of what they show and what was looked for; it is no percentage."""
    rows = [(n, f"{one.cosine:.3f}", name_of(one.path)) for n, one in enumerate(found, start=1)]
    show_table(title, ("rank", "cosine", "picture"), rows)


def show_duplicates(groups: Sequence[Sequence[Path]]) -> None:
    """A line for each picture, with the number of its group."""
    rows = [(n, name_of(path)) for n, group in enumerate(groups, start=1) for path in group]
    show_table("Nearly the same", ("group", "picture"), rows)


def json_lines(report: Report) -> Iterator[str]:
    """A JSON array, an object for each file and line."""
    yield "["
    for n, row in enumerate(report.rows()):
        yield ("," if n else "") + json.dumps(_object(row, report.scored), ensure_ascii=False)
    yield "]"


def csv_lines(report: Report) -> Iterator[str]:
    """A line for each file, after the names of the columns."""
    yield _csv(FIELDS)
    for row in report.rows():
        found = _object(row, report.scored)
        yield _csv([found[field] for field in FIELDS])


def _csv(cells: Sequence[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _object(row: Row, of: int) -> dict[str, Any]:
    result, found = row.result, row.adherence
    record = result.record
    return {
        "path": name_of(result.path),
        "width": record.width if record else None,
        "height": record.height if record else None,
        "rank": row.rank,
        "of": of if row.rank else None,
        "relative": found.overall if found else None,
        "percent": found.percent if found else None,
        "prompt": result.prompt.text,
        "why": None if found else row.why,
        "requirements": [
            {
                "text": item.requirement.text,
                "slot": item.requirement.slot,
                "relative": item.p,
                "percent": item.percent,
            }
            for item in (found.items if found else ())
        ],
    }


def _cells(row: Row, of: int) -> list[object]:
    found = row.adherence
    percent = found.percent if found else None
    least = min(found.items, key=lambda item: item.margin, default=None) if found else None
    return [
        f"{row.rank} of {of}",
        "relative" if percent is None else f"{percent:.0f} %",
        name_of(row.result.path),
        least.requirement.text if least else None,
    ]


def _is_picture(row: Row) -> bool:
    return bool(row.result.record and row.result.record.pixel_hash)
