"""The same archive, read and shown to the model by Ray Data: for many machines, and for millions.

Workers need Vibes with its extra ``scoring``, the model's folder and the pictures under the same
paths. What they find goes through the score book of the process that asks, so that both engines
leave the same rows. Ray is loaded when it is asked for.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from vibes.errors import ScoringUnavailable

from .archive import Read
from .clip import load_clip
from .pictures import Fit
from .readers import ReadFile, encoded, read_files

Row = dict[str, Any]
"""What Ray hands on: a batch, pickled, because file names need not be text."""


@contextmanager
def ray_reader(model: Path, fit: Fit, *, device: str = "auto") -> Iterator[Read]:
    """An engine on the cluster that ``RAY_ADDRESS`` names, else on one of its own, here.

    ``model`` is the folder of the model that ``fit`` belongs to. Raises ScoringUnavailable where
    Ray is not installed.
    """
    ray = load_ray()
    if started := not ray.is_initialized():
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="warning")
    try:
        yield lambda batches: _read(ray, batches, model, fit, device)
    finally:
        if started:
            ray.shutdown()


class Encoder:
    """Shows batches to a model; one stays on each accelerator."""

    def __init__(self, model: str, device: str):
        self._clip = load_clip(Path(model), device=device)

    def __call__(self, row: Row) -> Row:
        """The files of a row, with vectors instead of pixels."""
        batch: list[ReadFile] = pickle.loads(row["batch"])
        return {"batch": pickle.dumps(encoded(batch, self._clip.encode_images))}


def _read(
    ray: Any, batches: Iterable[Sequence[Path]], model: Path, fit: Fit, device: str
) -> Iterator[list[ReadFile]]:
    rows = [{"batch": pickle.dumps(list(batch))} for batch in batches]
    accelerators = int(ray.cluster_resources().get("GPU", 0))
    # A batch is a block, which is what Ray hands out; the model's process takes no reader's place.
    found = (
        ray.data.from_items(rows, override_num_blocks=len(rows))
        .map(_read_row, fn_args=(fit,), num_cpus=1)
        .map(
            Encoder,
            fn_constructor_args=(str(model), device),
            concurrency=max(1, accelerators),
            num_gpus=1 if accelerators else 0,
            num_cpus=0,
        )
    )
    for row in found.iter_rows():
        yield pickle.loads(row["batch"])


def _read_row(row: Row, fit: Fit) -> Row:
    return {"batch": pickle.dumps(read_files(pickle.loads(row["batch"]), fit))}


def load_ray() -> Any:
    """Ray, untyped; raises ScoringUnavailable where it is not installed."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # else it reports to its makers
    try:
        ray = import_module("ray")
        data = import_module("ray.data")
    except ModuleNotFoundError as error:
        raise ScoringUnavailable(
            f"The engine 'ray' needs {error.name}, which is not installed: "
            "`pip install 'vibes-imgen[ray]'`, or use the engine 'local'."
        ) from error
    data.DataContext.get_current().enable_progress_bars = False
    return ray
