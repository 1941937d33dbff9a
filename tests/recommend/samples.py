from __future__ import annotations

from typing import Any

from vibes.catalog import ModelRecord
from vibes.prompts import keywords
from vibes.recommend import ModelFit, ModelLibrary


def lora(name: str, family: str | None = "sd15", **fields: Any) -> ModelRecord:
    """A record on the server "here"."""
    file = f"{name}.safetensors"
    return ModelRecord("lora", file, family, **{"spellings": {"here": file}, **fields})


def library(*records: ModelRecord, **more: Any) -> ModelLibrary:
    return ModelLibrary({record.name: record for record in records}, **more)


def fits(
    prompt: str, *records: ModelRecord, family: str | None = "sd15", **more: Any
) -> dict[str, ModelFit]:
    """What fits, best first, by names without extension."""
    found = library(*records, **more).fits(keywords(prompt), family=family)
    return {name.removesuffix(".safetensors"): fit for name, fit in found.items()}
