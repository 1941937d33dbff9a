"""Choosing a checkpoint and LoRAs in a library as people have them, against core's loaders."""

from __future__ import annotations

from itertools import cycle, islice
from statistics import median, quantiles
from uuid import uuid4

from benchmarks.libraries.files import write_lora_file
from tests.comfyui.servers import CHECKPOINTS

from .graphs import Graph, core_models, node, sampled
from .server import Server, cached_nodes

LORAS = 500
"""Files beside the one that is chosen, of families that are kept apart from it."""
RUNS = 80
PROMPT = "a speckled egg on a beach at sunset"


def measure(server: Server, runs: int = RUNS, loras: int = LORAS) -> dict[str, float]:
    """Milliseconds of runs in turn, and what choosing adds to them.

    ``choose``: both sides load a checkpoint and a LoRA anew, which takes now longer, now shorter,
    by ten times what is to be measured. Compared are the lower quartiles: of 200 runs, those of any
    80 in a row differ by 4 ms (standard deviation), medians by 9, the fastest runs by 18.
    ``kept``: models stay, only the sampler's seed is new; medians.
    ``repeat_uncached`` is how many nodes ran again when nothing had changed.
    """
    _fill(server, loras)
    first = server.milliseconds(_chosen(0))
    core, pack = [], []
    for number, checkpoint in enumerate(islice(cycle(CHECKPOINTS[:2]), runs), 1):
        core.append(server.milliseconds(_named(checkpoint)))
        pack.append(server.milliseconds(_chosen(number)))
    core_load, load = quantiles(core, n=4)[0], quantiles(pack, n=4)[0]
    core_kept = _kept(server, runs, _named(CHECKPOINTS[0]))
    kept = _kept(server, runs, _chosen(1))
    return {
        "core_load_ms": core_load,
        "choose_ms": load,
        "first_choose_ms": first,
        "choose_added_ms": load - core_load,
        "core_kept_ms": core_kept,
        "kept_ms": kept,
        "kept_added_ms": kept - core_kept,
        "repeat_uncached": _uncached(server),
    }


def _kept(server: Server, runs: int, graph: Graph) -> float:
    times = []
    for seed in range(runs + 1):
        graph["5"]["inputs"]["seed"] = seed
        times.append(server.milliseconds(graph))
    return median(times[1:])


def _fill(server: Server, loras: int) -> None:
    folder = server.base / "models" / "loras"
    for number in range(loras):
        family = ("sdxl", "sd15", "flux")[number % 3]
        tags = {f"style {number}": 20, "beach": number % 7, "portrait": number % 11}
        write_lora_file(folder / f"style_{number:03}.safetensors", family=family, rank=1, tags=tags)


def _uncached(server: Server) -> int:
    graph = _chosen(1)
    server.run(graph)
    return len(graph.keys() - cached_nodes(server.run(graph)))


def _chosen(seed: int) -> Graph:
    pool = node("VibesCheckpointPool", mode="explore", tier="tiny_test", prompt=PROMPT, seed=seed)
    loras = node("VibesAutoLora", model=["1", 0], clip=["1", 1], mode="auto", prompt=PROMPT)
    loras["inputs"] |= {"loras": "", "max_loras": 1, "seed": seed}
    return _saved(sampled(pool, loras, prompt=PROMPT))


def _named(checkpoint: str) -> Graph:
    return _saved(sampled(*core_models(checkpoint), prompt=PROMPT))


def _saved(graph: Graph) -> Graph:
    prefix = f"benchmark/{uuid4().hex}"
    return {**graph, "7": node("SaveImage", images=["6", 0], filename_prefix=prefix)}
