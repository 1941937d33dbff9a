"""Hostile inputs to what reads foreign data: ``python -m benchmarks.fuzz [--inputs N] [--json]``.

Headers of model files and prompts, most of them damaged from good ones by rules that know the
format. Any exception but this project's own is a crash; one input may take a second at most.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import signal
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TypeVar

from benchmarks.libraries import FAMILIES
from benchmarks.libraries.layouts import checkpoint_shapes, lora_shapes
from vibes.catalog import facts_from_dict, facts_of
from vibes.catalog.headers import parse_outline
from vibes.catalog.weights import weights_of
from vibes.errors import InvalidInput, VibesError
from vibes.prompts import keywords, parse

INPUTS = 100_000
LONGEST_SECONDS = 1.0
T = TypeVar("T")
KEPT = 5  # crashes that are shown

SNIPPETS = (
    *("(", ")", "[", "]", "{", "}", "|", ":", ",", "<lora:", ">", "\\", "BREAK", "AND", "__", "::"),
    *("1.5", "1e999", "-0", "nan", "0.5)", "((((", "))))", "[a:b:0.5]", "{a|b}", "<lora:x:1>"),
    *(
        "embedding:bad",
        "a cat",
        "best quality",
        "sunset",
        "\u0130",
        "\u00df",
        "\u202e",
        "\U0001f600",
    ),
    *("\x00", "\ud800", "\n\n", "\t", "e\u0301", "ﬁ", "漢字", "٣", "½"),
)
JSON_SNIPPETS = (
    *(
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"',
        "null",
        "true",
        "NaN",
        "1e400",
        "-1",
        "9" * 400,
        "\\u0000",
    ),
    *(
        '"__metadata__":{',
        '"dtype":"F16"',
        '"shape":[',
        '"data_offsets":[0,',
        "\\ud800",
        "[[[[[[[[",
    ),
)
METADATA = (
    *("ss_tag_frequency", "ss_base_model_version", "modelspec.architecture", "modelspec.tags"),
    *("modelspec.title", "modelspec.trigger_phrase", "ss_sd_model_name", "ss_output_name", "tags"),
)


@dataclass(slots=True)
class Report:
    """What one target did with its inputs."""

    inputs: int = 0
    refused: int = 0
    slowest: float = 0.0
    slowest_input: str = ""
    crashes: list[str] = field(default_factory=list)


def main() -> None:
    """Feed all targets, print, and exit 1 on a crash or where one input took too long."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=INPUTS, help="inputs in all")
    parser.add_argument("--seed", type=int, default=1, help="which inputs")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    half = options.inputs // 2
    reports = {
        "header": feed(read_header, islice(headers(rng), half)),
        "prompt": feed(read_prompt, islice(prompts(rng), options.inputs - half)),
    }
    for name, report in reports.items():
        print(f"{name}: {report.inputs} inputs, {report.refused} refused, ", end="")
        print(f"{len(report.crashes)} crashes, slowest {report.slowest * 1000:.1f} ms")
        print(*report.crashes[:KEPT], sep="\n")
    goals = {
        "no_crash": not any(report.crashes for report in reports.values()),
        "no_hang": all(report.slowest < LONGEST_SECONDS for report in reports.values()),
    }
    if options.json:
        figures = {f"{name}_slowest_ms": 1000 * r.slowest for name, r in reports.items()}
        counts = {f"{name}_inputs": r.inputs for name, r in reports.items()}
        print(json.dumps({**counts, **figures, "goals": goals}))
    sys.exit(0 if all(goals.values()) else 1)


class TooSlow(BaseException):
    """An input took longer than any may."""


def feed(target: Callable[[T], None], inputs: Iterator[T]) -> Report:
    """Give each input to the target and see what comes of it."""
    report = Report()
    for given in inputs:
        report.inputs += 1
        began = time.process_time()
        try:
            with interrupted_after(LONGEST_SECONDS):
                target(given)
        except VibesError:
            report.refused += 1
        except (Exception, TooSlow) as error:  # noqa: BLE001 - whatever it is, it is the finding
            report.crashes.append(f"{error!r} by {given!r:.300}")
        if (seconds := time.process_time() - began) > report.slowest:
            report.slowest, report.slowest_input = seconds, f"{given!r:.300}"
    return report


@contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    """End what hangs, counted in the processor's time, on systems that can."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def end(*_: object) -> None:
        raise TooSlow

    signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def read_header(data: bytes) -> None:
    """What a scan does with a file that begins so; the weights behind may be left out."""
    outline = parse_outline(data, size=len(data), name="x.safetensors")
    try:
        tensors = outline.tensors()
    except InvalidInput as error:
        missing = re.search(r"(\d+) bytes are missing", str(error))
        if not missing:
            raise
        tensors = replace(outline, size=outline.size + int(missing[1])).tensors()
    for kind in ("lora", "checkpoint", "embedding"):
        facts_of(kind, "x", metadata=outline.metadata, weights=weights_of(kind, tensors))
    facts_from_dict(dict(outline.metadata))


def read_prompt(text: str) -> None:
    """What the studio does with a prompt."""
    prompt = parse(text)
    keywords(prompt)
    prompt.without_loras().render()


def headers(rng: random.Random) -> Iterator[bytes]:
    """Beginnings of files, without end: whole, damaged, and invented."""
    good = [_file(_header(family, rng)) for family in ("sd15", "sdxl", "flux", "sd3") * 2]
    good += [small for family in ("sd15", "sd3") for small in _small(family, rng)]
    while True:
        match rng.randrange(6):
            case 0:
                yield rng.randbytes(rng.randrange(80))
            case 1:
                yield struct.pack("<Q", rng.getrandbits(rng.randrange(1, 65))) + b"{}" * 20
            case 2:
                yield _file("".join(rng.choices(JSON_SNIPPETS, k=rng.randrange(30))).encode())
            case 3:
                yield _rewritten(rng) if rng.random() < 0.9 else _file(b"[" * 30_000)
            case _:
                yield _damaged(rng.choice(good if rng.random() < 0.02 else good[8:]), rng)


def prompts(rng: random.Random) -> Iterator[str]:
    """Prompts, without end: pieces of the syntax in any order, some very long."""
    while True:
        pieces = rng.choices(SNIPPETS, k=rng.randrange(40))
        match rng.randrange(20):
            case 0:
                yield rng.choice(SNIPPETS) * rng.randrange(1, 3000)
            case 1:
                yield "(" * rng.randrange(2000) + "a" + ")" * rng.randrange(2000)
            case 2:
                yield "".join(chr(rng.randrange(0x110000)) for _ in range(rng.randrange(60)))
            case _:
                yield rng.choice(("", " ", ", ")).join(pieces)


def _header(family: str, rng: random.Random) -> dict[str, object]:
    offset, entries = 0, {}
    for name, shape in list(lora_shapes(family, rng.choice((4, 16))).items()):
        size = 2
        for side in shape:
            size *= side
        entries[name] = {"dtype": "F16", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    tags = json.dumps({"10_ink": {f"tag {n}": n + 1 for n in range(20)}})
    return {"__metadata__": {"ss_tag_frequency": tags, "ss_base_model_version": "sd_v1"}, **entries}


def _small(family: str, rng: random.Random) -> Iterator[bytes]:
    """Files of a few tensors, which are damaged where it matters more often."""
    whole = _header(family, rng)
    for count in (1, 3, 9):
        offset, part = 0, {}
        for name, entry in list(whole.items())[: count + 1]:
            if name != "__metadata__":
                size = min(entry["data_offsets"][1] - entry["data_offsets"][0], 4096)
                entry = {"dtype": "U8", "shape": [size], "data_offsets": [offset, offset + size]}
                offset += size
            part[name] = entry
        yield _file(part, offset)


def _rewritten(rng: random.Random) -> bytes:
    """A file without fault in its form, of parts that do not belong together."""
    names = list(lora_shapes(rng.choice(FAMILIES), 4, rng.choice(("kohya", "peft", "lycoris"))))
    names += checkpoint_shapes(rng.choice(FAMILIES))
    offset, entries = 0, {}
    for name in rng.sample(names, rng.randrange(12)):
        shape = [rng.choice((0, 1, 4, 320, 768, 1280, 2048)) for _ in range(rng.randrange(4))]
        size = 0 if 0 in shape else math.prod(shape)
        entries[name] = {
            "dtype": "F4",
            "shape": [2, *shape],
            "data_offsets": [offset, offset + size],
        }
        offset += size
    said = {rng.choice(METADATA): rng.choice((*SNIPPETS, *JSON_SNIPPETS)) for _ in range(3)}
    text = json.dumps({"__metadata__": said, **entries}, ensure_ascii=rng.random() < 0.5)
    encoded = text.encode(errors="surrogatepass")
    return struct.pack("<Q", len(encoded)) + encoded + bytes(min(offset, 1024))


def _file(header: object, data: int = 0) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(data)


def _damaged(data: bytes, rng: random.Random) -> bytes:
    broken = bytearray(data)
    for _ in range(rng.randrange(4)):
        place = rng.randrange(len(broken) or 1)
        match rng.randrange(5):
            case 0:
                broken[place : place + 1] = rng.randbytes(1)
            case 1:
                del broken[place : place + rng.randrange(1, 9)]
            case 2:
                broken[place:place] = rng.choice(JSON_SNIPPETS).encode()
            case 3:
                del broken[place:]
            case _:
                digit = next((i for i in range(place, len(broken)) if 48 <= broken[i] < 58), None)
                broken[digit or 0] = rng.choice(b"0123456789-.e")
    if rng.random() < 0.7:  # so that the damage is not seen by the length alone
        broken[:8] = struct.pack("<Q", max(0, len(broken) - 8 - rng.choice((0, 0, 1, 4096))))
    return bytes(broken)


if __name__ == "__main__":
    main()
