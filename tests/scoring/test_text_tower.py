from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vibes.errors import ConfigError
from vibes.scoring.text_tower import OpenClipEncoder, load_text_encoder
from vibes.scoring.torch_modules import load_modules, missing_modules

TINY = {
    "embed_dim": 32,
    "vision_cfg": {
        "image_size": 32,
        "layers": 2,
        "width": 32,
        "head_width": 16,
        "patch_size": 8,
    },
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}


def test_no_path_means_no_encoder() -> None:
    assert load_text_encoder(None) is None


def test_a_path_that_leads_nowhere_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="folder of a model2vec model, or a file of CLIP"):
        load_text_encoder(tmp_path / "gone")


@pytest.mark.skipif(not missing_modules(), reason="torch and open_clip are installed here")
def test_where_open_clip_is_missing_the_sentence_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "clip.safetensors").write_bytes(b"")
    with pytest.raises(ConfigError, match=r"vibes scoring install.*Or use a model2vec model"):
        load_text_encoder(tmp_path / "clip.safetensors")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Random weights of a tiny CLIP model, and its architecture made known to open_clip."""
    if missing := missing_modules():
        pytest.skip(f"CLIP needs {', '.join(missing)}")
    torch, open_clip = load_modules()
    (tmp_path / "tiny-test.json").write_text(json.dumps(TINY))
    open_clip.add_model_config(tmp_path)
    torch.manual_seed(1)
    file = tmp_path / "weights.pt"
    torch.save(open_clip.create_model("tiny-test", pretrained=None).state_dict(), file)
    return file


def test_texts_become_rows_of_unit_length(weights: Path) -> None:
    encoder = OpenClipEncoder(weights, "tiny-test")
    texts = [f"a {thing} on a beach" for thing in range(300)]
    rows = encoder.encode(texts)
    assert rows.shape == (300, 32)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert np.allclose(encoder.encode(texts[7:8])[0], rows[7], atol=1e-5)


def test_other_weights_are_refused(weights: Path) -> None:
    weights.write_bytes(b"no weights")
    with pytest.raises(ConfigError, match="no weights of the CLIP model tiny-test"):
        OpenClipEncoder(weights, "tiny-test")
