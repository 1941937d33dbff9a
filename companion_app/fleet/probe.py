"""Who is at an address, and what would it bring to the fleet?"""

from __future__ import annotations

import time

from .client import ComfyClient
from .status import Probe

_PACK_NODE = "VibesCheckpointPool"


async def probe(client: ComfyClient) -> Probe:
    """Ask once; raises what the client raises."""
    began = time.monotonic()
    device = await client.device()
    seconds = time.monotonic() - began
    nodes = await client.object_info()
    return Probe(
        version=device.version,
        device=device.name,
        vram_total=device.vram_total,
        checkpoints=len(await client.models("checkpoints")),
        loras=len(await client.models("loras")),
        nodes=len(nodes),
        pack=_PACK_NODE in nodes,
        seconds=seconds,
    )
