"""What a server says to a graph it will not run."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.contract.graphs import (
    CHECKPOINT,
    DECODE,
    LORA,
    POSITIVE,
    SAMPLER,
    SAVE,
    Graph,
    draft,
)
from tests.contract.recordings import Recordings
from tests.contract.wire import Server


def without(node: str, *names: str) -> Graph:
    graph = draft()
    for name in names:
        del graph[node]["inputs"][name]
    return graph


def linked(node: str, name: str, source: Any) -> Graph:
    graph = draft()
    graph[node]["inputs"][name] = source
    return graph


def of_class(node: str, class_type: str | None) -> Graph:
    graph = draft()
    if class_type is None:
        del graph[node]["class_type"]
    else:
        graph[node]["class_type"] = class_type
    return graph


def from_missing_file() -> Graph:
    graph = draft()
    graph["9"] = {"class_type": "LoadImage", "inputs": {"image": "absent.png"}}
    graph["10"] = {
        "class_type": "VAEEncode",
        "inputs": {"pixels": ["9", 0], "vae": [CHECKPOINT, 2]},
    }
    graph[SAMPLER]["inputs"]["latent_image"] = ["10", 0]
    return graph


def only(*nodes: str) -> Graph:
    return {node: draft()[node] for node in nodes}


def in_order(body: dict[str, Any]) -> dict[str, Any]:
    """Sort what a real server lists in the order of a set."""
    for node in body["node_errors"].values():
        node["errors"].sort(key=lambda error: (error["type"], error["details"]))
    return body


REFUSED: dict[str, Graph] = {
    "no-class-type": of_class(LORA, None),
    "unknown-class": of_class(LORA, "NoSuchNode"),
    "no-output": only(CHECKPOINT),
    "empty-graph": {},
    "input-missing": without(SAMPLER, "steps"),
    "link-missing": without(SAMPLER, "model", "positive"),
    "link-malformed": linked(SAMPLER, "latent_image", ["5"]),
    "link-of-another-type": linked(SAMPLER, "latent_image", [CHECKPOINT, 0]),
    "link-to-an-absent-node": linked(SAVE, "images", ["99", 0]),
    "link-to-an-absent-node-further-up": linked(DECODE, "samples", ["99", 0]),
    "value-of-another-type": draft(steps="many"),
    "value-too-small": draft(steps=0),
    "value-too-big": draft(cfg=1000.0),
    "checkpoint-not-in-list": draft(ckpt_name="absent.safetensors"),
    "lora-not-in-list": draft(lora_name="absent.safetensors"),
    "scheduler-not-in-list": draft(scheduler="absent"),
    "image-file-missing": from_missing_file(),
    "several-faults": draft(steps=0, ckpt_name="absent.safetensors"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_faulty_graph_is_refused_with_the_reason(
    name: str, server: Server, recordings: Recordings
) -> None:
    prompt_id = uuid4().hex

    reply = await server.post("/prompt", {"prompt": REFUSED[name], "prompt_id": prompt_id})

    assert reply.status == 400
    recordings.check("refusals", name, in_order(reply.body))
    assert (await server.get(f"/history/{prompt_id}")).body == {}


async def test_a_body_without_a_graph_is_refused(server: Server, recordings: Recordings) -> None:
    reply = await server.post("/prompt", {"client_id": uuid4().hex})

    assert reply.status == 400
    recordings.check("refusals", "no-prompt", reply.body)


async def test_many_options_are_not_listed_in_the_refusal(server: Server) -> None:
    reply = await server.post("/prompt", {"prompt": draft(sampler_name="absent")})

    [error] = reply.body["node_errors"][SAMPLER]["errors"]
    assert error["type"] == "value_not_in_list"
    assert error["extra_info"]["input_config"] is None


async def test_one_good_output_beside_a_bad_one_is_accepted_with_node_errors(
    server: Server, recordings: Recordings
) -> None:
    graph = draft(filename_prefix=uuid4().hex)
    graph["9"] = {"class_type": "SaveImage", "inputs": {"images": [DECODE, 0]}}

    reply = await server.post("/prompt", {"prompt": graph})

    assert reply.status == 200
    recordings.check("refusals", "one-of-two-outputs", reply.body["node_errors"])
    entry = await server.entry(reply.body["prompt_id"])
    assert set(entry["outputs"]) == {SAVE}


@pytest.mark.parametrize("body", [b"{", b'{"prompt": [1]}'])
async def test_a_body_that_is_no_request_gets_a_plain_500(server: Server, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}

    reply = await server.post("/prompt", data=body, headers=headers)

    assert reply.status == 500
    assert reply.body.startswith("500 Internal Server Error")


async def test_numbers_written_as_text_are_understood(server: Server) -> None:
    entry = await server.run(draft(steps="2", cfg="1.0"))

    assert entry["status"]["status_str"] == "success"


async def test_keys_a_server_does_not_know_are_ignored(server: Server) -> None:
    graph = draft()
    graph[POSITIVE]["_meta"] = {"title": "Prompt"}

    entry = await server.run(graph)

    assert entry["status"]["status_str"] == "success"
