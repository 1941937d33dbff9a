"""What an embedded server pretends to have on its disk: model files with sizes and metadata."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file: name as the server lists it, size in bytes, safetensors header metadata."""

    name: str
    size: int
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Models:
    """The model folders of one server."""

    checkpoints: tuple[ModelFile, ...] = ()
    loras: tuple[ModelFile, ...] = ()
    embeddings: tuple[ModelFile, ...] = ()
    upscale_models: tuple[ModelFile, ...] = ()

    def folders(self) -> dict[str, tuple[ModelFile, ...]]:
        """Files by the folder name of ``/models/{folder}``; the empty ones are there too."""
        return {
            "checkpoints": self.checkpoints,
            "loras": self.loras,
            "vae": (),
            "text_encoders": (),
            "diffusion_models": (),
            "embeddings": self.embeddings,
            "controlnet": (),
            "upscale_models": self.upscale_models,
        }

    def names(self, folder: str) -> list[str]:
        """Names in one folder, sorted as a server sorts them."""
        return sorted(file.name for file in self.folders()[folder])

    def file(self, folder: str, name: str) -> ModelFile | None:
        """The file of exactly that name, None when it is not there."""
        return next((file for file in self.folders().get(folder, ()) if file.name == name), None)

    def without(self, names: Collection[str]) -> Models:
        """The same library lacking some files."""
        return self._map(lambda files: tuple(file for file in files if file.name not in names))

    def with_windows_separators(self) -> Models:
        """The same library as a Windows server spells it: ``styles\\ink.safetensors``."""
        return self._map(
            lambda files: tuple(replace(f, name=f.name.replace("/", "\\")) for f in files)
        )

    def _map(self, change: Callable[[tuple[ModelFile, ...]], tuple[ModelFile, ...]]) -> Models:
        return Models(
            change(self.checkpoints),
            change(self.loras),
            change(self.embeddings),
            change(self.upscale_models),
        )


_ARCHITECTURES = {
    "sd15": "stable-diffusion-v1",
    "sdxl": "stable-diffusion-xl-v1-base",
    "sd3": "stable-diffusion-v3-medium",
}
_BASE_MODELS = {"sd15": "sd_v1", "sdxl": "sdxl_base_v1-0", "sd3": "sd3_m"}
_CHECKPOINT_SIZES = {"sd15": 2034 * MIB, "sdxl": 6617 * MIB, "sd3": 6 * MIB}
_LORA_SIZES = {"sd15": 36 * MIB, "sdxl": 218 * MIB, "sd3": 9 * 1024}


def _checkpoint(name: str, family: str) -> ModelFile:
    metadata = {"modelspec.architecture": _ARCHITECTURES[family], "modelspec.title": name}
    return ModelFile(f"{name}.safetensors", _CHECKPOINT_SIZES[family], metadata)


def _lora(name: str, family: str, tags: str, trigger: str | None = None) -> ModelFile:
    """``tags``: what the LoRA was trained on, the commonest first; ``trigger``: to answer to."""
    trigger = trigger or name.rpartition("/")[2]
    counts = {tag: 120 - 10 * place for place, tag in enumerate(tags.split(", "))}
    metadata = {
        "ss_base_model_version": _BASE_MODELS[family],
        "ss_output_name": name.rpartition("/")[2],
        "ss_tag_frequency": json.dumps({f"10_{trigger}": counts}),
    }
    return ModelFile(f"{name}.safetensors", _LORA_SIZES[family], metadata)


def _embedding(name: str, family: str) -> ModelFile:
    metadata = {"modelspec.architecture": f"{_ARCHITECTURES[family]}/textual-inversion"}
    return ModelFile(f"{name}.safetensors", 25 * 1024, metadata)


FULL_LIBRARY = Models(
    checkpoints=(
        _checkpoint("epicrealism", "sd15"),
        _checkpoint("dreamshaper_8", "sd15"),
        _checkpoint("ghibli_background", "sd15"),
        _checkpoint("toonyou_beta6", "sd15"),
        _checkpoint("majesticmix_v7", "sd15"),
        _checkpoint("woodblock_diffusion", "sd15"),
        _checkpoint("sdxl/epicrealismXL", "sdxl"),
        _checkpoint("sdxl/juggernautXL_v9", "sdxl"),
        _checkpoint("tiny-a", "sd3"),
        _checkpoint("tiny-b", "sd3"),
    ),
    loras=(
        _lora("beach_sunset", "sd15", "beach, sunset, ocean, golden light", "bchsnst"),
        _lora("misty_forest", "sd15", "forest, mist, fog, trees, morning"),
        _lora("neon_city", "sd15", "city, neon, night, street, cyberpunk"),
        _lora("snowy_mountain", "sd15", "mountain, snow, winter, peak"),
        _lora("starry_night", "sd15", "night, stars, milky way, sky"),
        _lora("cherry_blossom", "sd15", "cherry blossom, spring, petals, pink"),
        _lora("autumn_leaves", "sd15", "autumn, leaves, forest, orange"),
        _lora("stormy_sea", "sd15", "sea, storm, waves, clouds, rain"),
        _lora("desert_dunes", "sd15", "desert, dunes, sand, heat"),
        _lora("wildflower_meadow", "sd15", "meadow, flowers, field, summer"),
        _lora("aurora_sky", "sd15", "aurora, northern lights, night, sky"),
        _lora("portrait_light", "sd15", "portrait, woman, man, face, soft light"),
        _lora("castle_fantasy", "sd15", "castle, fantasy, tower, dragon"),
        _lora("golden_hour", "sd15", "golden hour, sunset, backlight, warm"),
        _lora("styles/watercolor", "sd15", "watercolor, painting, paper, wet edges"),
        _lora("styles/film_grain", "sd15", "film grain, analog, photo, 35mm"),
        _lora("styles/anime_lineart", "sd15", "anime, lineart, outline, ink"),
        _lora("styles/bokeh_lights", "sd15", "bokeh, lights, blurry background"),
        _lora("styles/vintage_photo", "sd15", "vintage, faded, photo, sepia"),
        _lora("styles/soft_pastel", "sd15", "pastel, soft, dreamy"),
        _lora("sdxl/cinematic_light_xl", "sdxl", "cinematic, light, film still"),
        _lora("sdxl/watercolor_xl", "sdxl", "watercolor, painting, paper"),
        _lora("sdxl/neon_glow_xl", "sdxl", "neon, glow, night, city"),
        _lora("sdxl/misty_mountains_xl", "sdxl", "mountains, mist, fog, morning"),
        _lora("tiny-lora", "sd3", "tiny"),
    ),
    embeddings=(
        _embedding("easynegative", "sd15"),
        ModelFile("badhands_v4.pt", 19 * 1024),
    ),
    upscale_models=(
        ModelFile("4x-UltraSharp.pth", 64 * MIB),
        ModelFile("RealESRGAN_x2plus.pth", 64 * MIB),
    ),
)

# A second server of another taste and another operating system.
PARTIAL_LIBRARY = FULL_LIBRARY.without(
    {
        "toonyou_beta6.safetensors",
        "sdxl/juggernautXL_v9.safetensors",
        "stormy_sea.safetensors",
        "styles/vintage_photo.safetensors",
        "badhands_v4.pt",
    }
).with_windows_separators()
