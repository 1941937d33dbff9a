"""A picture's parameters in one text, as AUTOMATIC1111 writes and reads it.

First the prompt, then ``Negative prompt:``, then one line of settings. The format cannot quote a
prompt: a line in it that would read as one of the other parts gets a space before its colon.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from vibes.catalog.names import stem
from vibes.recipes import LoraUse

from .record import Record

_SAMPLERS = {
    "ddim": "DDIM",
    "dpm_2": "DPM2",
    "dpm_2_ancestral": "DPM2 a",
    "dpm_adaptive": "DPM adaptive",
    "dpm_fast": "DPM fast",
    "dpmpp_2m": "DPM++ 2M",
    "dpmpp_2m_sde": "DPM++ 2M SDE",
    "dpmpp_2m_sde_gpu": "DPM++ 2M SDE",
    "dpmpp_2m_sde_heun": "DPM++ 2M SDE Heun",
    "dpmpp_2m_sde_heun_gpu": "DPM++ 2M SDE Heun",
    "dpmpp_2s_ancestral": "DPM++ 2S a",
    "dpmpp_3m_sde": "DPM++ 3M SDE",
    "dpmpp_3m_sde_gpu": "DPM++ 3M SDE",
    "dpmpp_sde": "DPM++ SDE",
    "dpmpp_sde_gpu": "DPM++ SDE",
    "euler": "Euler",
    "euler_ancestral": "Euler a",
    "heun": "Heun",
    "lcm": "LCM",
    "lms": "LMS",
    "uni_pc": "UniPC",
}
_SCHEDULERS = {
    "beta": "Beta",
    "ddim_uniform": "DDIM",
    "exponential": "Exponential",
    "karras": "Karras",
    "kl_optimal": "KL Optimal",
    "normal": "Normal",
    "sgm_uniform": "SGM Uniform",
    "simple": "Simple",
}
"""Names where AUTOMATIC1111 has the same thing; others are written as they are."""

_MODEL_HASH, _LORA_HASH = 10, 12
"""Digits of a hash that are written."""
_LIKE_A_PART = re.compile(r"^(\s*(?:Negative prompt|Steps))(?=:)", re.MULTILINE)
_NEEDS_QUOTES = re.compile(r'[,:"\n\r]|^\s|\s$')


def infotext(record: Record, *, lora_hashes: Mapping[str, str], version: str) -> str | None:
    """The text for a picture; what the record does not tell is left out.

    None where it does not tell the steps: by them every reader finds where the settings begin.
    ``lora_hashes`` are, by the LoRAs' names in the record, the SHA-256 of what their files hold
    behind the header: AUTOMATIC1111 knows LoRAs by them, so that a changed note in a file is none
    of a changed LoRA.
    """
    if record.steps is None:
        return None
    parts = [_prompt(record)]
    if record.negative_prompt:
        parts.append(f"Negative prompt: {_plain(record.negative_prompt)}")
    settings = _settings(record, lora_hashes, version)
    parts.append(", ".join(f"{name}: {_quoted(value)}" for name, value in settings))
    return "\n".join(parts).strip().encode("utf-8", "replace").decode()  # no half characters


def with_tags(prompt: str, loras: Iterable[LoraUse]) -> str:
    """The prompt with ``<lora:name:strength>`` for each LoRA it does not name itself."""
    tags = (f"<lora:{stem(use.name)}:{use.strength:g}>" for use in loras)
    missing = [tag for tag in tags if tag[: tag.rindex(":") + 1] not in prompt]
    return " ".join(filter(None, (prompt, *missing)))


def _prompt(record: Record) -> str:
    loras = (LoraUse(lora.name, lora.strength) for lora in record.loras or ())
    return _plain(with_tags(record.prompt or "", loras))


def _settings(
    record: Record, lora_hashes: Mapping[str, str], version: str
) -> Iterator[tuple[str, object]]:
    sampler, scheduler = record.sampler, record.scheduler
    hashes = (
        f"{stem(lora.name)}: {lora_hashes[lora.name][:_LORA_HASH]}"
        for lora in record.loras or ()
        if lora.name in lora_hashes
    )
    is_sized = record.width is not None and record.height is not None
    settings = {
        "Steps": record.steps,
        "Sampler": sampler and _SAMPLERS.get(sampler, sampler),
        "Schedule type": scheduler and _SCHEDULERS.get(scheduler, scheduler),
        "CFG scale": record.cfg,
        "Seed": record.seed,
        "Size": f"{record.width}x{record.height}" if is_sized else None,
        "Model hash": record.checkpoint_sha256 and record.checkpoint_sha256[:_MODEL_HASH],
        "Model": record.checkpoint and stem(record.checkpoint),
        "Denoising strength": record.denoise if (record.denoise or 1) < 1 else None,
        "Lora hashes": ", ".join(hashes) or None,
        "Version": version,
    }
    return ((name, value) for name, value in settings.items() if value is not None)


def _plain(prompt: str) -> str:
    """In lines that end as they do everywhere, none of which reads as another part of the text."""
    lines = prompt.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    return _LIKE_A_PART.sub(r"\1 ", lines).strip()


def _quoted(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return json.dumps(text, ensure_ascii=False) if _NEEDS_QUOTES.search(text) else text
