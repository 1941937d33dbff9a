"""What is asked of the servers there now, one after the other, until one answers.

``servers`` are by name; one that fails to answer is passed over, for another may.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from vibes.catalog import ModelRecord
from vibes.errors import ServerError

from .server import Server


async def node_definitions(
    servers: Mapping[str, Server], classes: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Inputs and outputs of these node classes; those that no server has are left out."""
    found: dict[str, dict[str, Any]] = {}
    for server in servers.values():
        known = server.listing.node_classes if server.online and server.listing else frozenset()
        with suppress(ServerError):
            for wish in sorted((known & set(classes)) - found.keys()):
                found[wish] = await server.node_definition(wish)
    return found


async def model_preview(servers: Mapping[str, Server], record: ModelRecord) -> bytes | None:
    """A picture of a model; None where no server gives one.

    Those known to have one are asked first; those without the node pack do not tell before.
    """
    others = (name for name in record.spellings if name not in record.previews)
    for name in (*record.previews, *others):
        server = servers.get(name)
        if server is not None and server.online:
            with suppress(ServerError):
                found = await server.preview(record.kind, record.spellings[name])
                if found is not None:
                    return found
    return None
