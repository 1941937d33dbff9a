"""Prompts of ours on a server that nobody wants any more."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress

from vibes.errors import ServerError

from .client import ComfyClient
from .replies import QueueState


class Orphans:
    """Takes unwanted prompts off a server, by their ids only, and sees them off.

    ``gone`` is told of each one that is off, and whether it had been made after all.
    """

    def __init__(self, client: ComfyClient, gone: Callable[[str, bool], None]):
        self._client = client
        self._gone = gone
        self._prompts: set[str] = set()

    def __contains__(self, prompt_id: str) -> bool:
        return prompt_id in self._prompts

    def add(self, prompt_ids: Collection[str]) -> None:
        """These are to be taken off as soon as the server answers."""
        self._prompts.update(prompt_ids)

    def adopt(self, prompt_id: str) -> None:
        """This one is wanted again."""
        self._prompts.discard(prompt_id)

    def occupy(self, queue: QueueState) -> bool:
        """Whether the server is still rendering one of them."""
        return not self._prompts.isdisjoint(queue.running)

    async def tend(self, queue: QueueState) -> None:
        """Take off what the queue still has.

        What the server does not answer about is asked again next time: its health is not judged by
        prompts nobody wants.
        """
        for prompt_id in tuple(self._prompts):
            with suppress(ServerError):
                await self._tend(prompt_id, queue)

    async def _tend(self, prompt_id: str, queue: QueueState) -> None:
        if prompt_id in queue:
            await self._client.delete_pending(prompt_id)
            await self._client.interrupt(prompt_id)
            return
        finished = await self._client.finished(prompt_id)
        if prompt_id in self._prompts:  # else it was adopted meanwhile
            self._prompts.discard(prompt_id)
            self._gone(prompt_id, finished is not None and finished.how == "success")
