"""Folders of models as hubs have them, with random weights: they show plumbing, not quality."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vibes.scoring.clip import CONFIG, WEIGHTS
from vibes.scoring.torch_modules import load_modules

PREPROCESS = {
    "mean": [0.5, 0.5, 0.5],
    "std": [0.5, 0.5, 0.5],
    "interpolation": "bicubic",
    "resize_mode": "squash",
}
_WORDS = ("<pad>", "<eos>", "<bos>", "<unk>", "a", "red", "blue", "circle", "square", "picture")
SIGMOID: Mapping[str, Any] = {
    "embed_dim": 32,
    "init_logit_bias": -10,
    "custom_text": True,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}
"""A model that is trained on pairs, each by itself."""
BY_PARTS: Mapping[str, Any] = {
    "embed_dim": 64,
    "init_logit_bias": -10,
    "custom_text": True,
    "vision_cfg": {
        "image_size": 32,
        "timm_model_name": "test_vit",
        "timm_model_pretrained": False,
        "timm_pool": "map",
        "timm_proj": "none",
    },
    "text_cfg": {
        "context_length": 8,
        "vocab_size": len(_WORDS),
        "hf_tokenizer_name": "nobody/has-this",
        "tokenizer_kwargs": {"clean": "canonicalize"},
        "width": 64,
        "heads": 2,
        "layers": 1,
        "no_causal_mask": True,
        "proj_bias": True,
        "pool_type": "last",
        "norm_kwargs": {"eps": 1e-6},
        "act_kwargs": {"approximate": "tanh"},
    },
}
"""A small one of the shape of the default models: parts by timm, a tokenizer of its own."""


def write_model(folder: Path, model: Mapping[str, Any]) -> Path:
    """Write the folder of a model of this shape; equal shapes, equal weights."""
    from safetensors.torch import save_file

    torch, open_clip = load_modules()
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"model_cfg": model, "preprocess_cfg": PREPROCESS}
    (folder / CONFIG).write_text(json.dumps(settings), encoding="utf-8")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    save_file(made.state_dict(), folder / WEIGHTS[0])
    return folder


def write_tokenizer(folder: Path) -> None:
    """A tokenizer that knows ten words, in the files that transformers reads."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    known = {word: n for n, word in enumerate(_WORDS)}
    tokenizer = Tokenizer(models.WordLevel(known, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <eos>", special_tokens=[("<eos>", known["<eos>"])]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {name: f"<{name[:3]}>" for name in ("pad_token", "eos_token", "bos_token", "unk_token")}
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "padding_side": "right", **names}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
