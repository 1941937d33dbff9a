"""The workflows pictures are made with: the shipped ones, and those a person brought along."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from companion_app.fleet import Fleet
from vibes.errors import Conflict, InvalidInput, NotFound
from vibes.settings import Stage, data_root
from vibes.storage import StoreThread, WorkflowFiles
from vibes.workflows import Template, Templates
from vibes.workflows.compile import WIDGETS, classes_of, compile_workflow
from vibes.workflows.editor import Widgets, widget_order
from vibes.workflows.markers import MARKED_SLOTS
from vibes.workflows.template import to_template

from .views import View
from .workflow_documents import read_document

UNNAMED = "workflow"
"""What a workflow is called while it is only looked at."""


class Workflows:
    """Use cases on workflows; those added are kept in files and outlive the studio."""

    def __init__(
        self,
        store: StoreThread,
        *,
        templates: Templates,
        files: WorkflowFiles,
        fleet: Fleet,
        stages: Sequence[Stage],
    ):
        self._store = store
        self._templates = templates
        self._files = files
        self._fleet = fleet
        self._stages = stages
        self._changing = asyncio.Lock()  # one change of the files after the other

    def all(self) -> list[View]:
        """Every workflow, one's own first, with what it takes and which servers can run it."""
        own = [self._view(one, "own") for _, one in sorted(self._templates.own.items())]
        broken = [_broken_view(name, why) for name, why in sorted(self._templates.broken.items())]
        shipped = [self._view(one, "shipped") for one in self._templates.shipped.values()]
        return own + broken + shipped

    async def document(self, name: str) -> bytes:
        """The workflow as it was brought, for the graph editor; raises NotFound."""
        if name in self._templates.shipped:
            path = data_root() / "workflows" / f"{name}.json"
            return await asyncio.to_thread(path.read_bytes)
        if name not in self._templates.broken:
            self._templates.get(name)
        return await asyncio.to_thread(self._files.document, name)

    async def look(self, data: bytes, name: str | None = None) -> View:
        """What ``add`` would make of it; raises as that does, of the name only if there is one."""
        if name is not None:
            self._templates.check_new(name)
        compiled, _ = await self._compiled(data)
        return self._view(to_template(name or UNNAMED, compiled), "own")

    async def add(self, name: str, data: bytes) -> View:
        """Take a workflow into use.

        Raises InvalidInput for a name that is none, Conflict for one that is taken,
        FaultyWorkflow with all that keeps the workflow from being a template, StorageError.
        """
        self._templates.check_new(name)
        compiled, file = await self._compiled(data)
        template = to_template(name, compiled)
        async with self._changing:
            self._templates.check_new(name)  # it may have been taken meanwhile
            await asyncio.to_thread(self._files.write, name, compiled, file)
            self._templates.add(template)
        self._fleet.templates_changed()
        return self._view(template, "own")

    async def remove(self, name: str) -> None:
        """Let go of one of one's own; raises NotFound, and Conflict while it is in use."""
        async with self._changing:
            if name not in self._templates.broken:
                await self._check_removable(name)
            await asyncio.to_thread(self._files.remove, name)
            self._templates.remove(name)
        self._fleet.templates_changed()

    async def _check_removable(self, name: str) -> None:
        self._templates.get(name)
        if name in self._templates.shipped:
            raise Conflict(f"The workflow '{name}' comes with Vibes and stays.")
        stages = self._stages_of(name)
        if stages:
            raise Conflict(f"The stage {stages[0]} uses '{name}': name another in stages.yaml.")
        open_jobs = await self._store.run(lambda store: store.queue.open_jobs())
        count = sum(job.recipe.template == name for job in open_jobs)
        if count:
            pictures = "picture is" if count == 1 else "pictures are"
            raise Conflict(
                f"{count} {pictures} still to be made with '{name}'. Wait, or cancel them first."
            )

    async def _compiled(self, data: bytes) -> tuple[dict[str, Any], bytes]:
        document = await asyncio.to_thread(read_document, data)
        widgets = await self._widgets(document.workflow)
        return await asyncio.to_thread(compile_workflow, document.workflow, widgets), document.file

    async def _widgets(self, workflow: Mapping[str, Any]) -> Widgets:
        """What is known of the workflow's node classes; servers know their own versions best."""
        if "nodes" not in workflow:  # in API format every value has its name
            return WIDGETS
        told = await self._fleet.node_definitions(classes_of(workflow))
        return {**WIDGETS, **{name: widget_order(told[name]) for name in told}}

    def _stages_of(self, name: str) -> list[str]:
        return [stage.name for stage in self._stages if stage.template == name]

    def _view(self, template: Template, source: str) -> View:
        servers = [self._server_view(template, status.name) for status in self._fleet.statuses()]
        return {
            "name": template.name,
            "source": source,
            "slots": [slot for slot in MARKED_SLOTS if slot in template.slots],
            "starts_from": "picture" if "source" in template.slots else "noise",
            "nodes": sorted(template.needs.nodes),
            "models": [model.name for model in template.needs.models],
            "stages": self._stages_of(template.name),
            "servers": servers,
            "problem": None,
        }

    def _server_view(self, template: Template, server: str) -> View:
        """Whether a server can run it; ``can`` is null where nobody has seen the server yet."""
        catalog = self._fleet.catalog
        if server not in catalog.listings:
            return {"name": server, "can": None, "lacks": []}
        lacks = catalog.lacking(server, template.needs.nodes, template.upscale_models)
        return {"name": server, "can": not lacks, "lacks": lacks}


def _broken_view(name: str, why: str) -> View:
    nothing: View = {key: [] for key in ("slots", "nodes", "models", "stages", "servers")}
    return {"name": name, "source": "own", **nothing, "starts_from": "noise", "problem": why}


def check_stages(stages: Sequence[Stage], templates: Templates) -> None:
    """Raise InvalidInput for a stage whose workflow cannot render it."""
    for index, stage in enumerate(stages):
        try:
            slots = templates.get(stage.template).slots
        except NotFound as error:
            raise InvalidInput(f"The stage {stage.name}: {error}") from error
        if index == 0 and "source" in slots:
            raise InvalidInput(
                f"The stage {stage.name} is the first, but its workflow '{stage.template}' starts "
                "from a picture. Name one without the slot 'source'."
            )
        if index > 0 and "source" not in slots:
            raise InvalidInput(
                f"The stage {stage.name} goes on from picks, but its workflow '{stage.template}' "
                "has no slot 'source' for them."
            )
        if "loras" not in slots:
            raise InvalidInput(
                f"The workflow '{stage.template}' of the stage {stage.name} has no slots 'loras' "
                "and 'loras_clip', which pictures of every stage may need."
            )
