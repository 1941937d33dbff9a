"""HTTP replies become values, whatever a server sends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion_app.fleet import replies
from companion_app.fleet.replies import Device, FileRef, Finished
from vibes.recipes import Ran, RanModel

FIELDS = """
p status messages outputs images devices input required x options error node_errors errors name
queue_running queue_pending exception_message
"""
known_fields = st.sampled_from(FIELDS.split())
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(known_fields, inner, max_size=4),
    max_leaves=12,
)


def history(*messages: list, status: str = "success", outputs: dict | None = None) -> dict:
    return {
        "p": {
            "outputs": outputs or {},
            "status": {"status_str": status, "completed": True, "messages": list(messages)},
        }
    }


def test_a_finished_prompt_names_its_files_by_node():
    image = {"filename": "a_00001_.png", "subfolder": "vibes", "type": "output"}
    reply = history(["execution_success", {}], outputs={"9": {"images": [image]}})
    file = FileRef("a_00001_.png", "vibes", "output")
    assert replies.finished(reply, "p") == Finished("success", "", {"9": (file,)})


def test_a_failed_prompt_keeps_the_servers_own_words():
    failure = {"node_type": "KSampler", "exception_message": "no such sampler\n"}
    reply = history(["execution_start", {}], ["execution_error", failure], status="error")
    assert replies.finished(reply, "p") == Finished("error", "KSampler: no such sampler")


@pytest.mark.parametrize(
    "failure",
    [
        {"exception_type": "torch.OutOfMemoryError", "exception_message": "Allocation failed"},
        {"exception_type": "RuntimeError", "exception_message": "CUDA error: out of memory"},
        {"exception_message": "Allocation on device 0 would exceed allowed memory."},
    ],
)
def test_want_of_memory_is_told_from_other_failures(failure):
    reply = history(["execution_error", failure], status="error")
    assert replies.finished(reply, "p").how == "memory"


def test_a_servers_words_are_one_printable_line_of_bounded_length():
    assert replies.plain("a\n\tb\x1b[31m c\x00") == "a b[31m c"
    assert len(replies.plain("x" * 10**6)) == 600


def test_an_interrupted_prompt_is_told_from_a_failed_one():
    reply = history(["execution_interrupted", {}], status="error")
    assert replies.finished(reply, "p").how == "interrupted"


def test_an_unknown_prompt_is_not_finished():
    assert replies.finished({}, "p") is None


def test_the_weights_each_lora_changed_are_read_as_far_as_they_are_numbers():
    report = [
        {"name": "styles\\ink.safetensors", "strength": 0.7, "keys": 264},
        {"name": "foreign.safetensors", "strength": 0.5, "keys": 0},
        {"name": "odd.safetensors", "keys": "many"},
        {"name": "minus.safetensors", "keys": -1},
        {"name": "true.safetensors", "keys": True},
        {"name": "line\nbreak", "keys": 1},
        {"name": 3, "keys": 1},
        "nonsense",
    ]
    ended = replies.finished({"p": {"outputs": {"7": {"vibes_loras": report}}}}, "p")
    assert ended.lora_keys == {"styles\\ink.safetensors": 264, "foreign.safetensors": 0}


@pytest.mark.parametrize("shown", [{}, {"vibes_loras": None}, {"vibes_loras": {"a": 1}}, [1], None])
def test_a_server_that_does_not_count_weights_says_nothing_of_them(shown):
    assert replies.finished({"p": {"outputs": {"7": shown}}}, "p").lora_keys is None


def test_a_report_without_end_is_cut_off():
    report = [{"name": f"{number}.safetensors", "keys": 1} for number in range(100_000)]
    ended = replies.finished({"p": {"outputs": {"7": {"vibes_loras": report}}}}, "p")
    assert len(ended.lora_keys) <= 100


def test_a_server_s_score_is_handed_on_as_it_is():
    outputs = {"7": {"images": []}, "8": {"vibes_scores": ["first", "second"]}}
    assert replies.finished({"p": {"outputs": outputs}}, "p").score == "first"


@pytest.mark.parametrize("told", [None, [], {}, "text", [1], [None], [["x"]], ["x" * 10**6]])
def test_what_can_be_no_score_is_none(told):
    ended = replies.finished({"p": {"outputs": {"8": {"vibes_scores": told}}}}, "p")
    assert ended.score is None


HASH = "0123456789abcdef" * 4


def ran(**outputs):
    return replies.finished({"p": {"outputs": outputs}}, "p").ran


def test_the_models_that_made_a_picture_are_read_with_their_hashes():
    files = {
        "checkpoint": {"name": "sd15\\epic.safetensors", "sha256": HASH},
        "loras": [{"name": "ink.safetensors", "strength": 0.7, "sha256": None}, {"name": 3}, "x"],
    }
    shown = {"vibes_files": [files, "more"]}
    assert ran(save=shown, loader={"vibes_checkpoint": ["other"]}) == Ran(
        RanModel("sd15\\epic.safetensors", HASH), (RanModel("ink.safetensors", strength=0.7),)
    )


def test_without_files_the_checkpoint_is_the_one_the_loader_names():
    assert ran(loader={"vibes_checkpoint": ["epic"]}) == Ran(RanModel("epic"))
    shown = {"vibes_files": [{"checkpoint": None, "loras": None}]}
    assert ran(save=shown, loader={"vibes_checkpoint": ["epic"]}) == Ran(RanModel("epic"))


@pytest.mark.parametrize(
    "told",
    [
        *(None, 1, [], {}, [None], [1], [[]], [{}], [{"checkpoint": "epic"}]),
        *([{"checkpoint": {"name": "line\nbreak"}}], [{"checkpoint": {"name": "x" * 10_000}}]),
        *([{"checkpoint": {"name": 7}, "loras": {}}], ["line\nbreak"]),
    ],
)
def test_what_tells_of_no_model_is_none(told):
    assert ran(save={"vibes_files": told}, loader={"vibes_checkpoint": told}) is None


def test_every_checkpoint_that_was_loaded_is_told():
    outputs = {
        "base": {"vibes_checkpoint": ["base", 7, "line\nbreak"]},
        "save": {"vibes_files": [{"checkpoint": {"name": "refiner"}}]},
    }
    ended = replies.finished({"p": {"outputs": outputs}}, "p")
    assert ended.checkpoints == {"base", "refiner"}
    assert replies.finished({"p": {"outputs": {"1": [1]}}}, "p").checkpoints == set()


def test_hashes_and_strengths_that_are_none_are_left_out():
    lora = {"name": "x", "sha256": "z" * 64, "strength": True}
    checkpoint = {"name": "c", "sha256": HASH.upper(), "strength": float("nan")}
    told = ran(save={"vibes_files": [{"checkpoint": checkpoint, "loras": [lora] * 1000}]})
    assert told.checkpoint == RanModel("c")
    assert set(told.loras) == {RanModel("x")}
    assert len(told.loras) == 100


def test_the_queue_is_read_by_prompt_id():
    item = [3, "p", {}, {}, []]
    queue = replies.queue_state({"queue_running": [item], "queue_pending": [[4, "q", {}, {}, []]]})
    assert queue.running == {"p"}
    assert queue.pending == {"q"}
    assert "p" in queue
    assert "q" in queue
    assert "r" not in queue


@pytest.mark.parametrize(
    "spec", [[["euler", "ddim"], {}], ["COMBO", {"options": ["euler", "ddim"]}]]
)
def test_choices_are_read_in_both_notations(spec):
    info = {"input": {"required": {"sampler_name": spec}}}
    assert replies.options(info, "sampler_name") == ("euler", "ddim")
    assert replies.options(info, "absent") == ()


def test_a_refusal_names_node_and_value():
    reply = {
        "error": {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed"},
        "node_errors": {
            "4": {
                "class_type": "CheckpointLoaderSimple",
                "errors": [{"message": "Value not in list", "details": "ckpt_name: 'x' not in []"}],
            }
        },
    }
    assert replies.refusal(reply) == (
        "CheckpointLoaderSimple: Value not in list – ckpt_name: 'x' not in []"
    )


def test_a_refusal_without_node_errors_falls_back_to_the_error_itself():
    assert replies.refusal({"error": {"message": "No prompt", "details": ""}}) == "No prompt"
    assert replies.refusal({}) == "it does not say why"


def test_memory_of_the_device_is_optional():
    stats = {"system": {}, "devices": [{"name": "cpu", "vram_total": 8, "vram_free": 4}]}
    assert replies.device(stats) == Device("cpu", "", 8, 4)
    assert replies.device({"system": {}, "devices": []}) == Device()


@given(anything)
def test_replies_of_any_shape_never_raise(reply):
    replies.finished(reply, "p")
    replies.queue_state(reply)
    replies.device(reply)
    replies.options(reply, "x")
    replies.model_files(reply)
    replies.catalog_page(reply)
    replies.boot(reply)
    replies.strings(reply)
    replies.refusal(reply)
    replies.is_system_stats(reply)
