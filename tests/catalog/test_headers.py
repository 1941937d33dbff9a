from __future__ import annotations

import json
import os
import struct
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from vibes.catalog.headers import MAX_HEADER, Tensor, parse_header, read_header
from vibes.errors import InvalidInput

WHOLE = save({"a": np.zeros((2, 3), np.float16), "b": np.zeros(0, np.int64)}, {"k": "v"})


def file_of(header: object, data: int = 0) -> bytes:
    """A file with this header, and so many bytes behind it."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(data)


def tensor(dtype: str = "U8", shape: Any = (4,), offsets: Any = (0, 4)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def parse(data: bytes) -> Any:
    return parse_header(data, size=len(data), name="x.safetensors")


def test_metadata_and_shapes_of_a_file_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(WHOLE)
    header = read_header(path)
    assert header.metadata == {"k": "v"}
    assert header.tensors == {"a": Tensor("F16", (2, 3)), "b": Tensor("I64", (0,))}


def test_metadata_may_stand_anywhere_or_be_missing() -> None:
    assert parse(file_of({"a": tensor(), "__metadata__": {"k": "v"}}, 4)).metadata == {"k": "v"}
    assert parse(file_of({"a": tensor()}, 4)).metadata == {}
    assert parse(file_of(b' {\n"__metadata__" : {"k": "v"} , "a":' + b"%s}" % _json(), 4)).tensors
    assert parse(file_of(b"{}")).tensors == {}


def _json() -> bytes:
    return json.dumps(tensor()).encode()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "too short"),
        (b"\x01" * 7, "too short"),
        (b"\xff" * 8 + b"{}", "longer than the file"),
        (struct.pack("<Q", 10**12), "longer than the file"),
        (struct.pack("<Q", 3) + b"{}", "longer than the file"),
        (file_of(b"{"), "cannot be read"),
        (file_of(b"[]"), "cannot be read"),
        (file_of(b"\x80{}"), "cannot be read"),
        (file_of('{"a": 1}'.encode("utf-16")), "cannot be read"),
        (file_of(b"[" * 200_000), "cannot be read"),
        (file_of(b'{"__metadata__":{}' + b"[" * 200_000), "cannot be read"),
        (file_of({"a": 1}), "describes no tensors"),
        (file_of({"a": tensor(dtype="F17")}, 4), "describes no tensors"),
        (file_of({"a": tensor(shape="4")}, 4), "describes no tensors"),
        (file_of({"a": tensor(shape=[[4]])}, 4), "describes no tensors"),
        (file_of({"a": tensor(shape=[-4])}, 4), "describes no tensors"),
        (file_of({"a": tensor(shape=[True, 4])}, 4), "describes no tensors"),
        (file_of({"a": tensor(shape=[10**400] * 2)}, 4), "describes no tensors"),
        (file_of({"a": tensor(shape=[1] * 500)}, 4), "describes no tensors"),
        (file_of({"a": tensor(offsets=[0, 4, 8])}, 4), "describes no tensors"),
        (file_of({"a": tensor(shape=[4.0])}, 4), "cannot be read"),
        (file_of({"a": tensor(offsets=[0, True])}, 4), "contradicts itself"),
        (file_of({"a": tensor(shape=[5])}, 4), "contradicts itself"),
        (file_of({"a": tensor(offsets=[4, 8])}, 8), "overlap or leave gaps"),
        (file_of({"a": tensor(), "b": tensor(offsets=[2, 6])}, 6), "overlap or leave gaps"),
        (file_of({"a": tensor(offsets=[-4, 0])}, 4), "overlap or leave gaps"),
        (file_of({"__metadata__": {"k": 1}}), "metadata that is no text"),
        (file_of({"__metadata__": ["k"]}), "metadata that is no text"),
        (WHOLE[:-1], "not complete, 1 bytes are missing"),
        (WHOLE + b"x", "1 bytes that are no tensor's"),
    ],
)
def test_a_file_that_lies_is_refused_in_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence) as refused:
        parse(data)
    text = str(refused.value)
    assert text.startswith("x.safetensors ")
    assert text.endswith(".")


def test_a_header_longer_than_any_model_s_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "bomb.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", MAX_HEADER + 1))
        file.truncate(10**11)
    with pytest.raises(InvalidInput, match=r"bomb.safetensors has a header of 16777217 bytes"):
        read_header(path)


def test_a_header_of_more_parts_than_the_memory_holds_is_not_decoded() -> None:
    with pytest.raises(InvalidInput, match="more parts than any model"):
        parse(file_of(b"[" + b"[]," * 600_000 + b"[]]"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.safetensors"
    os.mkfifo(pipe)
    with pytest.raises(InvalidInput, match="is no file"):
        read_header(pipe)
    with pytest.raises(FileNotFoundError):
        read_header(tmp_path / "gone.safetensors")


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
sizes = st.integers(0, 3)
entries = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F16", "U8", "F4", "F8_E4M3", "C64", "X"]),
        "shape": st.lists(sizes | st.booleans(), max_size=3),
        "data_offsets": st.tuples(st.integers(-1, 12), st.integers(0, 12)),
    }
)
headers = st.dictionaries(
    st.sampled_from(["a", "b", "__metadata__"]),
    entries | values | st.dictionaries(st.text(max_size=3), st.text(max_size=3)),
)


@given(headers, st.integers(0, 16))
@example({"a": tensor("F4", (2,), (0, 1))}, 1)
@example({"a": tensor("F16", (0,), (0, 0)), "b": tensor("U8", (), (0, 1))}, 1)
def test_what_is_accepted_is_accepted_by_the_safetensors_library_too(
    header: dict[str, Any], data: int
) -> None:
    whole = file_of(header, data)
    try:
        ours = parse(whole)
    except InvalidInput:
        return
    names, metadata = library_s_view(whole)
    assert names == set(ours.tensors)
    assert metadata == ours.metadata


def library_s_view(whole: bytes) -> tuple[set[str], dict[str, str]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.safetensors"
        path.write_bytes(whole)
        with safe_open(path, "np") as file:
            return set(file.keys()), file.metadata() or {}


@given(st.dictionaries(st.text(max_size=8), st.sampled_from([(), (3,), (2, 2)]), max_size=5))
def test_what_the_safetensors_library_writes_is_read(shapes: dict[str, tuple[int, ...]]) -> None:
    shapes.pop("__metadata__", None)
    whole = save({name: np.zeros(shape, np.float32) for name, shape in shapes.items()})
    assert {name: found.shape for name, found in parse(whole).tensors.items()} == shapes


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(InvalidInput):
        parse(data)


@given(st.data())
def test_a_damaged_file_is_read_or_refused(data: st.DataObject) -> None:
    damaged = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    with suppress(InvalidInput):
        parse(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))


def test_the_library_refuses_what_is_refused_here() -> None:
    with pytest.raises(SafetensorError):
        library_s_view(WHOLE + b"x")
