"""Bad graphs are refused in ComfyUI's words."""

from __future__ import annotations

import pytest


def problems(reply, node):
    return [found["type"] for found in reply["node_errors"][node]["errors"]]


@pytest.mark.parametrize(
    ("change", "node", "kind"),
    [
        ({"sampler__steps": 0}, "sampler", "value_smaller_than_min"),
        ({"sampler__denoise": 1.5}, "sampler", "value_bigger_than_max"),
        ({"sampler__seed": "abc"}, "sampler", "invalid_input_type"),
        ({"sampler__model": ["lora"]}, "sampler", "bad_linked_input"),
        ({"sampler__model": ["empty", 0]}, "sampler", "return_type_mismatch"),
        ({"sampler__model": ["absent", 0]}, "sampler", "exception_during_inner_validation"),
        ({"sampler__sampler_name": "absent"}, "sampler", "value_not_in_list"),
        ({"loader__ckpt_name": "absent.safetensors"}, "loader", "value_not_in_list"),
        ({"save__images": ["absent", 0]}, "save", "exception_during_validation"),
    ],
)
async def test_a_faulty_input_is_named_with_its_node(client, graph, change, node, kind):
    status, reply = await client.post("/prompt", {"prompt": graph(**change)})
    assert (status, reply["error"]["type"]) == (400, "prompt_outputs_failed_validation")
    assert problems(reply, node) == [kind]
    assert reply["node_errors"][node]["dependent_outputs"] == ["save"]


async def test_a_missing_input_is_named(client, graph):
    lacking = graph()
    del lacking["sampler"]["inputs"]["seed"]
    _, reply = await client.post("/prompt", {"prompt": lacking})
    assert reply["node_errors"]["sampler"]["errors"][0]["details"] == "seed"


async def test_faults_of_the_output_node_itself_show_in_the_summary(client, graph):
    lacking = graph()
    del lacking["save"]["inputs"]["filename_prefix"]
    _, reply = await client.post("/prompt", {"prompt": lacking})
    assert reply["error"]["details"] == "Required input is missing: filename_prefix"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({}, "no_prompt"),
        ({"prompt": {}}, "prompt_no_outputs"),
        ({"prompt": {"1": {"inputs": {}}}}, "invalid_prompt"),
        ({"prompt": {"1": {"class_type": "Unheard", "inputs": {}}}}, "invalid_prompt"),
    ],
)
async def test_what_is_no_graph_is_refused_before_its_nodes(client, body, kind):
    status, reply = await client.post("/prompt", body)
    assert (status, reply["error"]["type"], reply["node_errors"]) == (400, kind, {})


async def test_malformed_json_gets_a_plain_500(client):
    async with client.http.post("/prompt", data=b"{nope") as reply:
        assert reply.status == 500
        assert "Server got itself in trouble" in await reply.text()


async def test_one_good_output_is_run_though_another_is_bad(client, graph):
    mixed = graph()
    mixed["bad"] = {"class_type": "PreviewImage", "inputs": {"images": ["absent", 0]}}
    status, reply = await client.post("/prompt", {"prompt": mixed})
    assert (status, list(reply["node_errors"])) == (200, ["bad"])
    assert list((await client.finished(reply["prompt_id"]))["outputs"]) == ["save"]


async def test_numbers_are_converted_to_their_types(client, graph):
    entry = await client.run(graph(sampler__seed="3"))
    assert entry["prompt"][2]["sampler"]["inputs"]["seed"] == 3


async def test_a_graph_in_a_circle_is_refused(client):
    def scale(source):
        inputs = {"image": [source, 0], "upscale_method": "area", "scale_by": 1.0}
        return {"class_type": "ImageScaleBy", "inputs": inputs}

    show = {"class_type": "PreviewImage", "inputs": {"images": ["a", 0]}}
    status, _ = await client.post(
        "/prompt", {"prompt": {"a": scale("b"), "b": scale("a"), "show": show}}
    )
    assert status == 400


async def test_a_long_list_of_choices_is_not_echoed(client, graph):
    _, reply = await client.post("/prompt", {"prompt": graph(sampler__scheduler="absent")})
    assert "karras" in reply["node_errors"]["sampler"]["errors"][0]["details"]
    _, reply = await client.post("/prompt", {"prompt": graph(sampler__sampler_name="absent")})
    told = reply["node_errors"]["sampler"]["errors"][0]
    assert told["extra_info"]["input_config"] is None
    assert "list of length" in told["details"]
