"""The text for AUTOMATIC1111, read by a reader of its own that follows that program's rules."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from comfy_nodes.picture_files import Encoding, encode
from vibes.scoring.metadata import embedded_prompt
from vibes.workflows import Record, RecordedLora, infotext

_SETTING = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')


def read(text: str) -> tuple[str, str, dict[str, str]]:
    """Prompt, negative prompt and settings, as AUTOMATIC1111 takes such a text apart."""
    *lines, last = text.strip().split("\n")
    found = _SETTING.findall(last)
    if len(found) < 3:
        lines, found = [*lines, last], []
    parts: dict[bool, list[str]] = {False: [], True: []}
    negative = False
    for line in (line.strip() for line in lines):
        if line.startswith("Negative prompt:"):
            negative, line = True, line[16:].strip()
        parts[negative].append(line)
    settings = {
        name: json.loads(value) if value[:1] == value[-1:] == '"' else value
        for name, value in found
    }
    return "\n".join(parts[False]), "\n".join(parts[True]), settings


def written(record: Record, **hashes: str) -> str:
    text = infotext(record, lora_hashes=hashes, version="Vibes 0.1.0")
    assert text is not None
    return text


FULL = Record(
    prompt="a boat, (red:1.2)",
    negative_prompt="blurry",
    checkpoint="sd15/epicrealism.safetensors",
    checkpoint_sha256="0123456789abcdef",
    loras=(RecordedLora(name="sub/grain.safetensors", strength=0.7),),
    seed=2**64 - 1,
    steps=20,
    cfg=6.5,
    sampler="dpmpp_2m",
    scheduler="karras",
    width=512,
    height=768,
)


def test_a_whole_text_is_as_automatic1111_writes_it() -> None:
    text = written(FULL, **{"sub/grain.safetensors": "fedcba9876543210"})
    assert text == (
        "a boat, (red:1.2) <lora:grain:0.7>\n"
        "Negative prompt: blurry\n"
        "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5,"
        " Seed: 18446744073709551615, Size: 512x768, Model hash: 0123456789, Model: epicrealism,"
        ' Lora hashes: "grain: fedcba987654", Version: Vibes 0.1.0'
    )


def test_what_is_not_known_is_left_out_and_without_steps_there_is_no_text() -> None:
    assert written(Record(steps=4)) == "Steps: 4, Version: Vibes 0.1.0"
    assert infotext(Record(prompt="a boat", seed=1), lora_hashes={}, version="1") is None


def test_names_automatic1111_does_not_know_stay_and_a_share_that_is_redrawn_is_told() -> None:
    record = Record(steps=4, sampler="res_multistep", scheduler="linear_quadratic", denoise=0.4)
    settings = read(written(record))[2]
    assert settings["Sampler"] == "res_multistep"
    assert settings["Schedule type"] == "linear_quadratic"
    assert settings["Denoising strength"] == "0.4"
    assert "Denoising strength" not in written(Record(steps=4, denoise=1.0))


def test_a_lora_the_prompt_names_is_not_named_again() -> None:
    loras = (RecordedLora(name="grain2", strength=1), RecordedLora(name="grain", strength=0.5))
    record = Record(prompt="a boat <lora:grain2:1>", loras=loras, steps=1, seed=2)
    assert read(written(record))[0] == "a boat <lora:grain2:1> <lora:grain:0.5>"


PIECES = st.sampled_from(
    [
        "Negative prompt:",
        "Steps: 20",
        "\n",
        "\r\n",
        ", ",
        ": ",
        '"',
        "\\",
        "{",
        "a",
        "Ä",
        "😀",
        "\0",
    ]
)
PROMPTS = st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=60)
NAMES = st.text(st.characters(exclude_categories=["Cc"]), min_size=1, max_size=20)


def as_written(prompt: str) -> str:
    """Read this way a prompt comes back: in lines without blanks around them, and defused."""
    text = prompt.replace("\0", "").encode("utf-8", "replace").decode()
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    defused = (re.sub(r"^(\s*(?:Negative prompt|Steps)):", r"\1 :", line) for line in lines)
    return "\n".join(line.strip() for line in "\n".join(defused).strip().split("\n"))


@given(PROMPTS, PROMPTS, NAMES, st.integers(0, 2**64), st.floats(0, 100, allow_subnormal=False))
@example("{a|b} cat", "", "x", 0, 0.0)
@example("a cat", "", "no utf-8: \udcff", 0, 0.0)
@example("Steps: 9, Sampler: x, Seed: 1", "Negative prompt: y\nSteps: 1", 'a "b", c: d', 1, 2.0)
def test_any_prompt_is_read_back_with_its_settings(
    prompt: str, negative: str, model: str, seed: int, cfg: float
) -> None:
    record = Record(
        prompt=prompt,
        negative_prompt=negative,
        checkpoint=model + ".safetensors",
        seed=seed,
        steps=20,
        cfg=cfg,
    )
    found, against, settings = read(written(record))
    assert (found, against) == (as_written(prompt), as_written(negative))
    assert settings["Seed"] == str(seed)
    assert float(settings["CFG scale"]) == pytest.approx(cfg, rel=1e-5)
    model = model.encode("utf-8", "replace").decode()
    assert settings["Model"] == re.split(r"[/\\]", model)[-1]


@given(PROMPTS, PROMPTS)
@example("{a|b} cat", "")
@example("{}", "x")
@example("Ã©", "")  # in Latin-1 what "é" is in UTF-8
def test_our_own_reader_of_files_finds_the_prompt_in_it(prompt: str, negative: str) -> None:
    record = Record(prompt=prompt, negative_prompt=negative, steps=20)
    texts = {"parameters": written(record)}
    file = encode(Image.new("RGB", (1, 1)), Encoding("PNG"), texts)
    found = embedded_prompt(file.data).text or ""
    lines = [line.strip() for line in found.split("\n")]
    assert "\n".join(lines).strip() == as_written(prompt)
