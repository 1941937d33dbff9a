"""What a server says, as values: it reaches the page, the terminal, the database and the disk."""

from __future__ import annotations

import json
from typing import Any

import pytest

from companion_app.fleet import replies, wire

LONG = "x" * 1_000_000
NASTY = [
    "\x1b]0;owned\x07\x1b[2J",  # a terminal obeys these
    "two\r\nlines",
    "\x00",
    "\u202egnp.exe",  # shown backwards
    "\ud800",  # half a character: no file and no answer can hold it
    LONG,
]
DEEP = "[" * 200_000
PROMPT = "a" * 32


def is_plain(text: str) -> bool:
    """One line of bounded length that page, terminal and database can bear."""
    return text.isprintable() and len(text) < 5000


@pytest.mark.parametrize("nasty", NASTY, ids=range(len(NASTY)))
def test_a_message_of_a_server_is_one_plain_line(nasty: str) -> None:
    error = {"type": nasty, "message": nasty, "details": nasty}
    faults = {"1": {"errors": [error], "class_type": nasty}}
    assert is_plain(replies.refusal({"error": error}))
    assert is_plain(replies.refusal({"error": nasty}))
    assert is_plain(replies.refusal({"error": error, "node_errors": faults}))
    told = {"exception_message": nasty, "node_type": nasty, "exception_type": nasty}
    status = {"status_str": "error", "messages": [["execution_error", told]]}
    ended = replies.finished({PROMPT: {"status": status}}, PROMPT)
    assert ended
    assert is_plain(ended.message)
    device = replies.device({"devices": [{"name": nasty}], "system": {"comfyui_version": nasty}})
    assert is_plain(device.name)


def test_a_refusal_of_a_thousand_faults_is_a_line_too() -> None:
    errors = [{"message": f"{number}" * 100, "details": ""} for number in range(100)]
    faults = {str(n): {"errors": errors, "class_type": "KSampler"} for n in range(10)}
    assert is_plain(replies.refusal({"node_errors": faults}))


@pytest.mark.parametrize("nasty", NASTY, ids=range(len(NASTY)))
def test_a_name_that_cannot_be_shown_is_no_name(nasty: str) -> None:
    assert replies.strings([f"{nasty}.safetensors", "good.safetensors"]) == ("good.safetensors",)


def test_markup_and_paths_in_names_stay_what_they_are() -> None:
    """The page never writes markup and nothing is stored under a server's name."""
    names = (
        "<img src=x onerror=alert(1)>",
        "../../etc/passwd",
        "/etc/passwd",
        "C:\\x",
        "日本.ckpt",
    )
    assert replies.strings(list(names)) == names


def test_a_list_of_a_million_models_is_cut() -> None:
    assert len(replies.strings([f"{n}.safetensors" for n in range(1_000_000)])) <= 100_000


@pytest.mark.parametrize("document", [DEEP, '{"a":' * 100_000, "[" + "9" * 10_000 + "]"])
def test_what_nests_or_counts_without_end_is_nothing(document: str) -> None:
    from companion_app.fleet.client import _decoded

    assert _decoded(document.encode()) is None
    assert wire.parse(document) is None
    head = document.encode()
    assert wire.parse(b"\x00\x00\x00\x04" + len(head).to_bytes(4, "big") + head + b"x") is None


@pytest.mark.parametrize("number", ['"1"', "null", "[]", "{}"])
def test_progress_in_words_is_no_progress(number: str) -> None:
    assert progress(number, "20") is progress("1", number) is None


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "true"])
def test_progress_that_is_no_number_is_no_progress(number: str) -> None:
    assert progress(number, "20") is progress("1", number) is None


def progress(value: str, maximum: str) -> wire.Message | None:
    data = f'{{"prompt_id": "{PROMPT}", "value": {value}, "max": {maximum}}}'
    return wire.parse(f'{{"type": "progress", "data": {data}}}')


@pytest.mark.parametrize("number", ["-1", "true", "9" * 4000], ids=["debt", "truth", "galaxies"])
def test_memory_that_cannot_be_is_not_believed(number: str) -> None:
    reply = json.loads(f'{{"devices": [{{"vram_total": {number}, "vram_free": {number}}}]}}')
    device = replies.device(reply)
    assert (device.vram_total, device.vram_free) == (None, None)


SHAPES: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x",
    [],
    [[]],
    {},
    {"x": {}},
    [None],
    [{}],
    [[0, 1]],
]


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_a_reply_of_any_other_shape_says_nothing(shape: Any) -> None:
    inner = [shape, dict.fromkeys(("error", "node_errors", "devices", "system", PROMPT), shape)]
    for reply in inner:
        assert replies.queue_state(reply) == replies.QueueState()
        assert replies.device(reply).vram_total is None
        assert isinstance(replies.refusal(reply), str)
        told = replies.model_files(reply)
        assert all(file == replies.ModelFile() for file in told.values())
        assert replies.catalog_page(reply) is None
        replies.finished(reply, PROMPT)
        replies.options(reply, "ckpt_name")


@pytest.mark.parametrize("mime", ["text/html", "image/svg+xml", "image/png; x=<script>", "", 5])
def test_a_preview_is_a_picture_by_its_type(mime: object) -> None:
    head = json.dumps({"prompt_id": PROMPT, "image_type": mime}).encode()
    frame = b"\x00\x00\x00\x04" + len(head).to_bytes(4, "big") + head + b"<script>"
    assert wire.parse(frame) is None


@pytest.mark.parametrize("size", [0, 1, 7, 2**31, 2**32 - 1])
def test_a_frame_that_lies_about_its_length_is_nothing(size: int) -> None:
    assert wire.parse(b"\x00\x00\x00\x04" + size.to_bytes(4, "big") + b"{}") is None
    assert wire.parse(b"\x00\x00\x00\x04"[: size % 4]) is None
