"""What each node does: one small function per node class.

A function takes the run and the node's inputs by name and returns its outputs; an output node
returns the files it wrote as a mapping. Coroutines are the nodes that take time.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from typing import Any

from PIL import Image, PngImagePlugin

from .fitting import matched_keys
from .pictures import Order
from .run import Run
from .values import Clip, Conditioning, Latent, Model, Pictures, UpscaleModel, Vae

PREVIEWS = 4  # per picture
PREVIEW_SIDE = 384  # pixels, the longer side
_EMPTY_LATENT_COLOUR = (124, 117, 110)  # what an all-zero latent decodes to: a muddy grey
_FILTERS = {
    "nearest-exact": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "area": Image.Resampling.BOX,
    "bicubic": Image.Resampling.BICUBIC,
    "bislerp": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


class RenderFault(RuntimeError):
    """A failure asked for by a test."""


# Loaders


async def load_checkpoint(run: Run, *, ckpt_name: str) -> tuple[Model, Clip, Vae]:
    """Loading takes time when another checkpoint was in memory."""
    if run.machine.loaded_checkpoint != ckpt_name:
        await run.sleep_until(asyncio.get_running_loop().time() + run.machine.pace.loading())
        run.machine.loaded_checkpoint = ckpt_name
    return Model(ckpt_name), Clip(ckpt_name), Vae(ckpt_name)


def load_lora(
    run: Run,
    *,
    model: Model,
    clip: Clip,
    lora_name: str,
    strength_model: float,
    strength_clip: float,
) -> tuple[Model, Clip]:
    """Only the model's strength shows in the picture; a LoRA of another family never does."""
    fits = matched_keys(run.machine.models, model.checkpoint, lora_name)
    return (model.with_lora(lora_name, strength_model) if fits else model), clip


def load_upscale_model(run: Run, *, model_name: str) -> tuple[UpscaleModel]:
    """The list is not checked before running, so a foreign name fails here."""
    if run.machine.models.file("upscale_models", model_name) is None:
        raise FileNotFoundError(
            f"Model in folder 'upscale_models' with filename '{model_name}' not found."
        )
    return (UpscaleModel(model_name, 2 if "x2" in model_name or "2x" in model_name else 4),)


def load_image(run: Run, *, image: str) -> tuple[Pictures, Pictures]:
    """Picture and mask; a picture without transparency has an empty mask of 64 pixels."""
    with Image.open(run.machine.folders.annotated(image)) as opened:
        opened.load()
        mask = Image.new("L", (64, 64))
        if "A" in opened.getbands():
            mask = opened.getchannel("A").point(lambda alpha: 255 - alpha)
        return (opened.convert("RGB"),), (mask,)


def load_image_mask(run: Run, *, image: str, channel: str) -> tuple[Pictures]:
    """One channel of a picture as a mask."""
    (picture,), (alpha,) = load_image(run, image=image)
    return ((alpha if channel == "alpha" else picture.getchannel(channel[0].upper()),),)


# Conditioning and latents


def encode_text(run: Run, *, text: str, clip: Clip) -> tuple[Conditioning]:
    """The text is its own encoding."""
    return (Conditioning(text),)


def set_last_layer(run: Run, *, clip: Clip, stop_at_clip_layer: int) -> tuple[Clip]:
    """Which layer is read makes no difference to the painter."""
    return (clip,)


def empty_latent(run: Run, *, width: int, height: int, batch_size: int) -> tuple[Latent]:
    """Nothing drawn yet."""
    return (Latent(_multiple(width), _multiple(height), (None,) * batch_size),)


def upscale_latent(
    run: Run, *, samples: Latent, upscale_method: str, width: int, height: int, crop: str
) -> tuple[Latent]:
    """To a size in pixels; 0 keeps the proportions."""
    width, height = _proportional((samples.width, samples.height), width, height)
    return (_scaled_latent(samples, upscale_method, width, height),)


def upscale_latent_by(
    run: Run, *, samples: Latent, upscale_method: str, scale_by: float
) -> tuple[Latent]:
    """By a factor."""
    width, height = round(samples.width * scale_by), round(samples.height * scale_by)
    return (_scaled_latent(samples, upscale_method, width, height),)


def repeat_latent(run: Run, *, samples: Latent, amount: int) -> tuple[Latent]:
    """The batch, ``amount`` times over."""
    return (Latent(samples.width, samples.height, samples.pictures * amount),)


def encode_pictures(run: Run, *, pixels: Pictures, vae: Vae, **tiling: int) -> tuple[Latent]:
    """Sides are cut to multiples of 8 around the middle, as the autoencoder does."""
    width, height = _multiple(pixels[0].width), _multiple(pixels[0].height)
    return (Latent(width, height, tuple(_cut(picture, width, height) for picture in pixels)),)


def decode_latent(run: Run, *, samples: Latent, vae: Vae, **tiling: int) -> tuple[Pictures]:
    """What the sampler painted; grey where it painted nothing."""
    size = (samples.width, samples.height)
    empty = Image.new("RGB", size, _EMPTY_LATENT_COLOUR)
    return (tuple(picture or empty for picture in samples.pictures),)


# Sampling


async def sample(
    run: Run,
    *,
    model: Model,
    seed: int,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    denoise: float,
) -> tuple[Latent]:
    """Paint every item of the batch."""
    return (await _paint(run, model, positive, latent_image, seed, steps, denoise),)


async def sample_advanced(
    run: Run,
    *,
    model: Model,
    add_noise: str,
    noise_seed: int,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    start_at_step: int,
    end_at_step: int,
    return_with_leftover_noise: str,
) -> tuple[Latent]:
    """Paint from one step to another: starting late keeps that much of what came in."""
    count = min(end_at_step, steps) - start_at_step
    if count <= 0:
        return (latent_image,)
    denoise = 1 - start_at_step / steps
    return (await _paint(run, model, positive, latent_image, noise_seed, count, denoise),)


async def _paint(
    run: Run,
    model: Model,
    positive: Conditioning,
    latent: Latent,
    seed: int,
    steps: int,
    denoise: float,
) -> Latent:
    """The batch painted, one picture after the other in the time it would take."""
    faults = sorted(word for word in run.machine.faults if word in positive.text)
    if faults:
        raise RenderFault(f"asked to fail on '{faults[0]}'")
    orders = [
        Order(
            prompt=positive.text,
            checkpoint=model.checkpoint,
            loras=model.loras,
            seed=seed + index,
            width=latent.width,
            height=latent.height,
            source=source,
            denoise=denoise,
        )
        for index, source in enumerate(latent.pictures)
    ]
    pictures = await _sample_in_steps(run, orders, steps)
    return Latent(latent.width, latent.height, pictures)


async def _sample_in_steps(run: Run, orders: list[Order], steps: int) -> Pictures:
    """Paint first, then let the steps pass as if they had been needed."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    seconds = run.machine.pace.sampling(orders[0].width, orders[0].height, steps) * len(orders)
    pictures = tuple([await run.in_thread(run.machine.painter, order) for order in orders])
    for step in range(1, steps + 1):
        await run.sleep_until(started + seconds * step / steps)
        run.progress(step, steps, _preview(run, pictures[0], step, steps))
    return pictures


def _preview(run: Run, picture: Image.Image, step: int, steps: int) -> Image.Image | None:
    """The picture as blurred as it still is, at four points of the way."""
    if not run.machine.draws or (step * PREVIEWS) // steps == ((step - 1) * PREVIEWS) // steps:
        return None
    small = picture.copy()
    small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    blur = 2 ** (4 * (1 - step / steps)) - 1
    coarse = (max(4, round(small.width / (1 + blur))), max(4, round(small.height / (1 + blur))))
    return small.resize(coarse, Image.Resampling.BOX).resize(small.size, Image.Resampling.BICUBIC)


# Pictures


def scale_pictures(
    run: Run, *, image: Pictures, upscale_method: str, width: int, height: int, crop: str
) -> tuple[Pictures]:
    """To a size in pixels; 0 keeps the proportions, ``crop`` center cuts instead of squeezing."""
    width, height = _proportional(image[0].size, width, height)
    return (tuple(_resized(p, upscale_method, width, height, crop=crop) for p in image),)


def scale_pictures_by(
    run: Run, *, image: Pictures, upscale_method: str, scale_by: float
) -> tuple[Pictures]:
    """By a factor."""
    width, height = round(image[0].width * scale_by), round(image[0].height * scale_by)
    return (tuple(_resized(picture, upscale_method, width, height) for picture in image),)


def upscale_with_model(
    run: Run, *, upscale_model: UpscaleModel, image: Pictures
) -> tuple[Pictures]:
    """Enlarge by the model's own factor."""
    factor = upscale_model.factor
    return (tuple(_resized(p, "lanczos", p.width * factor, p.height * factor) for p in image),)


def save_pictures(
    run: Run, *, images: Pictures, filename_prefix: str, **texts: str
) -> Mapping[str, Any]:
    """Write PNG files with the graph inside, and further texts, below the output folder."""
    return _write(run, images, "output", filename_prefix, texts)


def preview_pictures(run: Run, *, images: Pictures) -> Mapping[str, Any]:
    """Write PNG files that last as long as the server."""
    return _write(run, images, "temp", f"ComfyUI_temp_{run.prompt_id[:5]}")


def _write(
    run: Run, images: Pictures, kind: str, prefix: str, texts: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    folders = run.machine.folders
    folder, stem, counter = folders.save_slot(kind, prefix)
    written = []
    for number, picture in enumerate(images, counter):
        path = folder / f"{stem}_{number:05}_.png"
        picture.save(path, pnginfo=_metadata(run, texts or {}), compress_level=1)
        written.append(folders.reference(kind, path))
    return {"images": written}


def _metadata(run: Run, texts: Mapping[str, str]) -> PngImagePlugin.PngInfo:
    """The text chunks from which ComfyUI restores a graph, and further ones."""
    beside = {"prompt": run.graph, **(run.extra_data.get("extra_pnginfo") or {})}
    chunks = PngImagePlugin.PngInfo()
    for name, text in {**{key: json.dumps(beside[key]) for key in beside}, **texts}.items():
        chunks.add_text(name, text)
    return chunks


# Sizes


def _multiple(side: int) -> int:
    return max(8, side // 8 * 8)


def _proportional(size: tuple[int, int], width: int, height: int) -> tuple[int, int]:
    """A side of 0 follows the other one; both 0 mean unchanged."""
    if not width and not height:
        return size
    return (
        width or max(1, round(size[0] * height / size[1])),
        height or max(1, round(size[1] * width / size[0])),
    )


def _scaled_latent(samples: Latent, method: str, width: int, height: int) -> Latent:
    width, height = _multiple(width), _multiple(height)
    pictures = (p and _resized(p, method, width, height) for p in samples.pictures)
    return Latent(width, height, tuple(pictures))


def _resized(
    picture: Image.Image, method: str, width: int, height: int, *, crop: str = "disabled"
) -> Image.Image:
    if crop == "center":
        shape = min(picture.width / width, picture.height / height)
        picture = _cut(picture, math.ceil(width * shape), math.ceil(height * shape))
    return picture.resize((width, height), _FILTERS[method])


def _cut(picture: Image.Image, width: int, height: int) -> Image.Image:
    """The middle of a picture."""
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))
