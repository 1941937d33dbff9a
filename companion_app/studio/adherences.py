"""How well pictures show what was asked: kept once it is found out, read with each picture."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress

from companion_app.fleet import ProgressStream
from companion_app.scoring import Answer, Scored
from vibes.errors import Conflict, InvalidInput, NotFound
from vibes.scoring.adherence import Adherence, RequirementScore
from vibes.scoring.adherence_json import from_json, to_json
from vibes.scoring.recalibration import recalibrated
from vibes.scoring.records import AdherenceKey, AdherenceRecord, ScoredBatch
from vibes.scoring.verdicts import tag
from vibes.settings import Thresholds
from vibes.stages import Grid, Image
from vibes.storage import ScoreSource, StoreThread
from vibes.storage.scorebook import ScoreBook, SeenLabel

from .adherence_views import Known, adherence_view, detail_view, places
from .labels import Labels
from .score_book import BookThread
from .sessions import Clock, timestamp
from .views import View

log = logging.getLogger(__name__)

REMEMBERED = 6000
"""Pictures whose details stay in memory: some kilobytes each."""


class Adherences:
    """Use cases on what pictures show; percentages are those of the labels there are now."""

    def __init__(
        self,
        store: StoreThread,
        *,
        book: BookThread,
        progress: ProgressStream,
        thresholds: Thresholds,
        clock: Clock,
    ):
        self._store = store
        self._book = book
        self._progress = progress
        self._clock = clock
        self.thresholds = thresholds
        self.labels = Labels(book)
        self._known: dict[str, Known] = {}  # by image
        self._version = 0

    async def load(self) -> None:
        """Take up what users said before."""
        await self.labels.load()

    @property
    def calibrated(self) -> bool:
        """Whether any percentage can be told."""
        return bool(self.labels.calibrations.curves)

    # --- told --------------------------------------------------------------------------------

    async def keep(self, answer: Answer, model: str, scorer: str) -> None:
        """Keep what was found out about a picture, and tell the pages."""
        if not isinstance(answer, Scored):
            why = ScoreSource(image_id=answer.image_id, model=model, error=answer.why)
            log.warning("Image %s has no score: %s", answer.image_id, answer.why)
            await self._store.run(lambda store: store.scorings.record(why, {}))
            return
        await self._book.run(lambda book: book.write(model, _record(answer)))
        source = ScoreSource(
            image_id=answer.image_id,
            model=model,
            pixels=answer.pixel_hash,
            prompt=answer.prompt_hash,
            scorer=scorer,
        )
        scores = {**answer.scores, "adherence": answer.adherence.overall}
        if await self._store.run(lambda store: store.scorings.record(source, scores)):
            self._known.pop(answer.image_id, None)
            with suppress(NotFound):  # deleted in between
                await self._announce(answer.image_id)

    async def forget(self, image_ids: Collection[str]) -> None:
        """Forget what was seen in images that are about to be deleted."""
        if self._book.exists:
            gone = await self._store.run(lambda store: store.scorings.pixels_of_only(image_ids))
            await self._book.run(lambda book: book.forget(gone))

    async def label(self, image_id: str, requirement: str, shown: bool | None) -> View:
        """Keep whether a picture shows a requirement; raises as ``detail`` does."""
        known = await self._of(image_id)
        item = next((i for i in known.adherence.items if i.requirement.text == requirement), None)
        if item is None:
            raise NotFound(f"“{requirement}” is no requirement of image '{image_id}'.")
        if shown is None:
            await self.labels.remove(_model(known, item), known.pixels, requirement)
        else:
            await self.labels.put(self._label(known, item, shown))
        return await self.detail(image_id)

    # --- asked -------------------------------------------------------------------------------

    async def of(self, images: Iterable[Image]) -> dict[str, Known]:
        """What is known of those that were scored, by image."""
        return await self.of_ids([image.id for image in images if "adherence" in image.scores])

    async def of_ids(self, scored: Sequence[str]) -> dict[str, Known]:
        """The same of images that have a score."""
        if self._version != self.labels.version:
            self._known.clear()
            self._version = self.labels.version
        missing = [image_id for image_id in scored if image_id not in self._known]
        found = await self._read(missing) if missing else {}
        found |= {i: self._known[i] for i in scored if i in self._known}
        if len(self._known) + len(found) > REMEMBERED:
            self._known.clear()
        self._known |= found
        return found

    async def of_grid(self, grid: Grid) -> dict[str, View]:
        """The scored pictures of a grid as REST shows them, ranked among each other."""
        known = await self.of(grid.images)
        ranks = places(known)
        return {
            image_id: adherence_view(one, ranks[image_id], self.thresholds)
            for image_id, one in known.items()
        }

    async def tags(self, images: Iterable[Image]) -> dict[str, str | None]:
        """What each scored image is called, None where there is no percentage."""
        known = await self.of(images)
        return {i: tag(one.adherence.percent, self.thresholds) for i, one in known.items()}

    async def detail(self, image_id: str) -> View:
        """One picture, requirement by requirement; raises NotFound, Conflict when not scored."""
        known = await self._of(image_id)
        grid = await self._grid_of(image_id)
        others = await self.of(grid.images)

        def said(item: RequirementScore) -> bool | None:
            return self.labels.shown(_model(known, item), known.pixels, item.requirement.text)

        return detail_view(image_id, others, said, self.thresholds)

    # --- inside ------------------------------------------------------------------------------

    async def _of(self, image_id: str) -> Known:
        image, source = await self._store.run(
            lambda store: (store.grids.image(image_id), store.scorings.of([image_id]))
        )
        known = (await self.of([image])).get(image_id)
        if known is None:
            told = source.get(image_id)
            why = told.error if told and told.error else "It waits, or scoring is not possible here"
            raise Conflict(
                f"Image '{image_id}' is not scored. {why.rstrip('.')}. "
                "GET /api/scoring tells how scoring stands."
            )
        return known

    async def _grid_of(self, image_id: str) -> Grid:
        return await self._store.run(
            lambda store: store.grids.get(store.grids.image(image_id).batch_id)
        )

    async def _read(self, image_ids: Collection[str]) -> dict[str, Known]:
        sources = await self._store.run(lambda store: store.scorings.of(image_ids))
        calibrations = self.labels.calibrations

        def read(book: ScoreBook) -> dict[str, Known]:
            return {
                image_id: Known(recalibrated(found, calibrations), pixels, scorer)
                for image_id, pixels, scorer, found in _found(book, sources.values())
            }

        return await self._book.run(read)

    def _label(self, known: Known, item: RequirementScore, shown: bool) -> SeenLabel:
        return SeenLabel(
            model=_model(known, item),
            pixel_hash=known.pixels,
            requirement=item.requirement.text,
            slot=item.requirement.slot,
            margin=item.margin,
            shown=shown,
            time=timestamp(self._clock),
        )

    async def _announce(self, image_id: str) -> None:
        grid = await self._grid_of(image_id)
        views = await self.of_grid(grid)
        self._progress.publish(
            {
                "type": "image_scored",
                "batch_id": grid.id,
                "image_id": image_id,
                "scores": next(dict(i.scores) for i in grid.images if i.id == image_id),
                "adherence": views.get(image_id),
                "ranks": {image: view["rank"] for image, view in views.items()},
            }
        )


def _model(known: Known, item: RequirementScore) -> str:
    return item.model or known.adherence.model


def _record(answer: Scored) -> ScoredBatch:
    key = AdherenceKey(answer.pixel_hash, answer.prompt_hash)
    body = to_json(answer.adherence)
    return ScoredBatch(
        vectors={answer.pixel_hash: answer.vector},
        adherences=[AdherenceRecord(key, answer.adherence.overall, body)],
    )


def _found(
    book: ScoreBook, sources: Iterable[ScoreSource]
) -> Iterator[tuple[str, str, str, Adherence]]:
    """Image, hash of its pixels, name of the model and what it saw; damaged rows are left out."""
    by_model: dict[str, list[ScoreSource]] = {}
    for source in sources:
        by_model.setdefault(source.model, []).append(source)
    for model, some in by_model.items():
        keys = {one.image_id: AdherenceKey(one.pixels or "", one.prompt or "") for one in some}
        records = book.adherences(model, keys.values())
        for one in some:
            record = records.get(keys[one.image_id])
            if record is not None and one.pixels is not None:
                with suppress(InvalidInput):  # written by another hand
                    yield one.image_id, one.pixels, one.scorer or "", from_json(record.body)
