"""A picture's prompt is found wherever programs write it, and rubbish is a reason, not an error."""

from __future__ import annotations

import json
import struct
import tracemalloc
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from companion_app.studio.jobs import record_of
from tests.stages.samples import make_recipe
from vibes.prompts.graphs import api_graph, graph_prompt
from vibes.scoring.embedded_texts import MAX_TEXT, embedded_texts
from vibes.scoring.metadata import embedded_prompt, sidecar_prompt
from vibes.settings import data_root

BOAT = "a red boat, (calm sea:1.2)"
PARAMETERS = f"{BOAT}\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7"
DRAFT = json.loads((data_root() / "workflows" / "api" / "draft.json").read_text())


def png(**texts: str) -> bytes:
    chunks = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        chunks.add_text(name, text)
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG", pnginfo=chunks)
    return out.getvalue()


def with_exif(kind: str, fill) -> bytes:
    exif = Image.Exif()
    exif[0x0131] = "a program"  # for Pillow, EXIF without such a tag is none
    fill(exif)
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, kind, exif=exif)
    return out.getvalue()


def commented(kind: str, comment: bytes) -> bytes:
    return with_exif(kind, lambda exif: exif.get_ifd(0x8769).update({0x9286: comment}))


def node(kind: str, **inputs) -> dict:
    return {"class_type": kind, "inputs": inputs}


def sampled(positive: list, **others: dict) -> dict:
    return {
        "save": node("SaveImage", images=["decode", 0]),
        "decode": node("VAEDecode", samples=["sampler", 0]),
        "sampler": node("KSampler", positive=positive, negative=["no", 0]),
        "no": node("CLIPTextEncode", text="blurry"),
        **others,
    }


# What programs write


def test_our_own_record_is_believed_before_anything_else():
    record = record_of(make_recipe(prompt="a lighthouse"), "Because.", {})
    found = embedded_prompt(png(parameters=PARAMETERS, vibes=json.dumps(record)))
    assert found == ("a lighthouse", "vibes", None)


@pytest.mark.parametrize(
    ("parameters", "prompt"),
    [
        (PARAMETERS, BOAT),
        (f"{BOAT}\nSteps: 20, Sampler: Euler a", BOAT),
        ("two\nlines\nNegative prompt: x\nSteps: 1, Size: 8x8", "two\nlines"),
        (BOAT, BOAT),
        (json.dumps({"prompt": BOAT, "steps": 30}), BOAT),
        ("Negative prompt: blurry\nSteps: 20, Sampler: Euler", None),
    ],
)
def test_parameters_are_read_up_to_the_negative_prompt_or_the_settings(parameters, prompt):
    assert embedded_prompt(png(parameters=parameters)).text == prompt


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
@pytest.mark.parametrize(
    "comment",
    [
        b"UNICODE\0" + PARAMETERS.encode("utf-16-be"),
        b"UNICODE\0" + PARAMETERS.encode("utf-16-le"),
        b"UNICODE\0" + PARAMETERS.encode("utf-16"),
        b"ASCII\0\0\0" + PARAMETERS.encode(),
        bytes(8) + PARAMETERS.encode(),
        PARAMETERS.encode(),
    ],
    ids=["big end first", "little end first", "marked", "ascii", "undefined", "bare"],
)
def test_parameters_are_read_from_the_users_comment(kind, comment):
    assert embedded_prompt(commented(kind, comment)) == (BOAT, "parameters", None)


@pytest.mark.parametrize("compressed", [False, True])
def test_texts_are_read_in_every_kind_of_chunk(compressed):
    chunks = PngImagePlugin.PngInfo()
    chunks.add_itxt("parameters", "a café, 海", zip=compressed)
    chunks.add_text("Title", "plain " * 50, zip=compressed)
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG", pnginfo=chunks)
    assert embedded_texts(out.getvalue()) == {"parameters": "a café, 海", "Title": "plain " * 50}


def test_texts_after_the_pixels_are_read_too():
    whole = png(parameters=BOAT)
    start = whole.index(b"tEXt") - 4
    length = 12 + int.from_bytes(whole[start : start + 4], "big")
    moved = whole[:start] + whole[start + length : -12] + whole[start : start + length]
    assert embedded_prompt(moved + whole[-12:]).text == BOAT


def test_the_graph_of_our_own_template_gives_its_prompt():
    found = embedded_prompt(png(prompt=json.dumps(DRAFT["graph"])))
    assert found == (DRAFT["graph"]["2"]["inputs"]["text"], "prompt", None)


@pytest.mark.parametrize("name", ["draft", "refine", "finish"])
def test_a_graph_as_the_editor_saves_it_gives_the_same_prompt(name):
    saved = json.loads((data_root() / "workflows" / f"{name}.json").read_text())
    api = json.loads((data_root() / "workflows" / "api" / f"{name}.json").read_text())
    prompt = graph_prompt(api["graph"])
    assert prompt
    assert embedded_prompt(png(workflow=json.dumps(saved))) == (prompt, "workflow", None)


def test_a_graph_is_read_from_a_webp_as_comfyui_writes_it():
    def fill(exif):
        exif[0x0110] = "prompt:" + json.dumps(DRAFT["graph"])
        exif[0x010F] = "workflow:{}"

    assert embedded_prompt(with_exif("WEBP", fill)).source == "prompt"


# Through graphs


def text(words: str) -> dict:
    return node("CLIPTextEncode", text=words)


@pytest.mark.parametrize(
    ("graph", "prompt"),
    [
        (sampled(["yes", 0], yes=text("a boat")), "a boat"),
        (sampled(["yes", 0], yes=node("CLIPTextEncodeSDXL", text_g="a", text_l="b")), "a, b"),
        (sampled(["yes", 0], yes=node("CLIPTextEncodeFlux", clip_l="a", t5xxl="a")), "a"),
        (
            sampled(
                ["both", 0],
                both=node("ConditioningCombine", conditioning_1=["a", 0], conditioning_2=["b", 0]),
                a=text("sea"),
                b=text("boat"),
            ),
            "sea, boat",
        ),
        (
            sampled(
                ["net", 0],
                net=node("ControlNetApplyAdvanced", positive=["yes", 0], negative=["no", 0]),
                yes=text("a boat"),
            ),
            "a boat",
        ),
        (
            sampled(
                ["yes", 0],
                yes=node("CLIPTextEncode", text=["join", 0]),
                join=node("StringConcatenate", string_a=["p", 0], string_b="sea", delimiter=" "),
                p=node("PrimitiveString", value="a boat"),
            ),
            "a boat, sea",
        ),
        (sampled(["turn", 0], turn=node("Reroute", any=["yes", 0]), yes=text("a boat")), "a boat"),
        (sampled(["zero", 0], zero=node("ConditioningZeroOut", conditioning=["no", 0])), None),
        (sampled(["self", 0], self=node("ConditioningCombine", conditioning_1=["self", 0])), None),
    ],
)
def test_words_are_followed_through_the_usual_nodes(graph, prompt):
    assert graph_prompt(graph) == prompt


def test_a_sampler_with_a_guider_is_followed_too():
    graph = {
        "save": node("SaveImage", images=["sampler", 0]),
        "sampler": node("SamplerCustomAdvanced", guider=["guide", 0], sigmas=["s", 0]),
        "guide": node("BasicGuider", model=["m", 0], conditioning=["flux", 0]),
        "flux": node("FluxGuidance", guidance=3.5, conditioning=["yes", 0]),
        "yes": text("a boat"),
    }
    assert graph_prompt(graph) == "a boat"


def test_of_two_samplers_the_one_that_made_the_saved_picture_counts():
    graph = {
        "preview": node("PreviewImage", images=["first", 0]),
        "first": node("KSampler", positive=["one", 0]),
        "one": text("a sketch"),
        "save": node("SaveImage", images=["second", 0]),
        "second": node("KSampler", positive=["two", 0], latent_image=["first", 0]),
        "two": text("a painting"),
    }
    assert graph_prompt(graph) == "a painting"


def test_an_old_file_of_the_editor_that_names_no_widgets_is_read():
    workflow = {
        "nodes": [
            {"id": 1, "type": "CLIPTextEncode", "widgets_values": ["a boat"], "inputs": []},
            {"id": 2, "type": "KSampler", "inputs": [{"name": "positive", "link": 7}]},
        ],
        "links": [[7, 1, 0, 2, 0, "CONDITIONING"]],
    }
    assert graph_prompt(api_graph(workflow)) == "a boat"


# Files beside the picture


@pytest.mark.parametrize(
    ("name", "content", "prompt"),
    [
        ("boat.txt", BOAT, BOAT),
        ("boat.png.txt", f"\ufeff{BOAT}\n", BOAT),
        ("boat.txt", PARAMETERS, BOAT),
        ("boat.json", json.dumps({"prompt": BOAT}), BOAT),
        ("boat.json", json.dumps(DRAFT["graph"]), DRAFT["graph"]["2"]["inputs"]["text"]),
    ],
)
def test_a_file_beside_the_picture_tells_its_prompt(tmp_path, name, content, prompt):
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert sidecar_prompt(tmp_path / "boat.png") == (prompt, name, None)


def test_no_file_an_empty_one_and_one_too_long_are_reasons(tmp_path):
    picture = tmp_path / "boat.png"
    assert "no boat.txt" in sidecar_prompt(picture).reason
    (tmp_path / "boat.txt").write_text(" \n")
    assert sidecar_prompt(picture) == (None, None, "No prompt is found in boat.txt.")
    (tmp_path / "boat.txt").write_bytes(b"x" * (MAX_TEXT + 1))
    assert "too long" in sidecar_prompt(picture).reason


# Rubbish


def test_a_picture_that_tells_nothing_says_so():
    assert embedded_prompt(png()) == (None, None, "Its file does not tell how it was made.")
    assert embedded_prompt(b"") == (None, None, "Its file does not tell how it was made.")


@pytest.mark.parametrize(
    "graph", ["{", "[]", "[" * 100_000, '{"1": 3}', '{"1": {"inputs": {"positive": ["1", 0]}}}']
)
def test_a_graph_without_words_is_a_reason(graph):
    found = embedded_prompt(png(prompt=graph, workflow=graph))
    assert found == (None, None, "No prompt is found in its prompt and workflow.")


def test_a_text_that_unpacks_without_end_is_left_out():
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("parameters", "x" * (MAX_TEXT + 1), zip=True)
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG", pnginfo=chunks)
    assert embedded_texts(out.getvalue()) == {}


def packed_texts(count: int, length: int) -> bytes:
    chunks = PngImagePlugin.PngInfo()
    for number in range(count):
        chunks.add_text(f"text {number}", "x" * length, zip=True)
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG", pnginfo=chunks)
    return out.getvalue()


def exif_of_one_text(count: int, length: int) -> bytes:
    """Entries that all hold the same bytes, in a WebP file."""
    place = 8 + 2 + 12 * count
    entries = b"".join(struct.pack("<HHII", tag, 2, length, place) for tag in range(1, count + 1))
    tiff = b"II*\0" + struct.pack("<IH", 8, count) + entries + b"name:" + b"x" * length
    chunk = b"EXIF" + struct.pack("<I", len(tiff)) + tiff
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


@pytest.mark.parametrize(
    "data",
    [packed_texts(300, MAX_TEXT // 4), exif_of_one_text(900, MAX_TEXT // 4)],
    ids=["PNG", "WebP"],
)
def test_a_file_whose_texts_would_fill_the_memory_does_not(data):
    tracemalloc.start()
    embedded_texts(data)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20 * MAX_TEXT


def test_a_graph_whose_branches_double_at_every_node_takes_no_time():
    chain = {}
    for n in range(3000):
        after = [str(n + 1), 0]
        chain[str(n)] = node("ConditioningCombine", conditioning_1=after, conditioning_2=after)
    assert graph_prompt(sampled(["0", 0], **chain, **{"3000": text("a boat")})) == "a boat"


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)
INPUTS = st.dictionaries(
    st.sampled_from(["positive", "negative", "text", "conditioning", "images", "guider"]),
    JSON | st.tuples(st.sampled_from("abc"), st.integers(0, 1)).map(list),
)
GRAPHS = st.dictionaries(st.sampled_from("abc"), JSON | INPUTS.map(lambda i: node("N", **i)))


@settings(deadline=None)
@given(GRAPHS, JSON)
def test_no_json_is_an_error(graph, value):
    for document in (graph, value, {"nodes": value, "links": value}, {"nodes": [graph, value]}):
        embedded_prompt(png(prompt=json.dumps(document), vibes=json.dumps(document)))


WHOLE = [
    png(parameters=PARAMETERS, prompt=json.dumps(DRAFT["graph"])),
    commented("JPEG", b"UNICODE\0" + PARAMETERS.encode("utf-16-be")),
    commented("WEBP", b"UNICODE\0" + PARAMETERS.encode("utf-16-be")),
]


@settings(deadline=None)
@given(
    whole=st.sampled_from(WHOLE),
    damage=st.dictionaries(st.integers(0, 4_000), st.integers(0, 255)),
    end=st.integers(0, 4_000),
)
def test_no_damage_is_an_error(whole, damage, end):
    data = bytearray(whole)
    for place, byte in damage.items():
        data[place % len(data)] = byte
    for part in (data, data[:end]):
        found = embedded_prompt(bytes(part))
        assert found.text or found.reason
