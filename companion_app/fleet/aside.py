"""One picture made beside the line of jobs, for the studio's own eyes: posted, polled, fetched."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import uuid4

from vibes.errors import Conflict, RenderFailed, RenderStalled, ServerError
from vibes.workflows import Graph

from .client import ComfyClient
from .replies import Finished

#: Seconds from the post to the picture. A checkpoint may have to be loaded first.
PATIENCE = 120.0
_PAUSE = 0.1  # seconds between two looks, doubled up to the longest
_LONGEST_PAUSE = 1.0
_PARTING = 5.0  # seconds to have a prompt taken off that is given up


async def render(client: ComfyClient, graph: Graph, *, patience: float) -> bytes:
    """The picture the graph gives; whoever else is served there goes first.

    Raises Conflict when the server has something to do, and ServerError. What is given up, here or
    by the caller, is taken off the server.
    """
    queue = await client.queue()
    if queue.running or queue.pending:
        raise Conflict(f"{client.server} has something to do; ask again when it is idle.")
    prompt_id = uuid4().hex
    try:
        await client.post_prompt(graph.graph, prompt_id=prompt_id, client_id=uuid4().hex)
        finished = await asyncio.wait_for(_end(client, prompt_id), patience)
    except asyncio.TimeoutError as error:
        await _take_off(client, prompt_id)
        raise RenderStalled(
            f"{client.server} did not finish a small test picture in {patience:g} seconds.",
            server=client.server,
        ) from error
    except (ServerError, asyncio.CancelledError):
        await _take_off(client, prompt_id)
        raise
    return await _picture(client, finished, graph.output_node)


async def _end(client: ComfyClient, prompt_id: str) -> Finished:
    pause = _PAUSE
    while (finished := await client.finished(prompt_id)) is None:
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    return finished


async def _picture(client: ComfyClient, finished: Finished, node: str) -> bytes:
    files = finished.files.get(node)
    if finished.how != "success" or not files:
        why = finished.message or "it finished without a picture"
        raise RenderFailed(f"{client.server}: a small test picture: {why}.", server=client.server)
    return await client.view(files[0])


async def _take_off(client: ComfyClient, prompt_id: str) -> None:
    """Ours alone, and only as well as the server lets itself be told."""

    async def tell() -> None:
        await client.delete_pending(prompt_id)
        await client.interrupt(prompt_id)

    with suppress(ServerError, asyncio.TimeoutError):
        await asyncio.wait_for(tell(), _PARTING)
