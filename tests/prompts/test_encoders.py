from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.prompts.static_model import write_model
from vibes.errors import ConfigError
from vibes.prompts.encoders import Model2VecEncoder, RememberingEncoder, Vectors, unit_rows


@pytest.fixture
def encoder(tmp_path: Path) -> Model2VecEncoder:
    return Model2VecEncoder(write_model(tmp_path / "tiny", [["sunset", "dusk"], ["cat", "kitten"]]))


def test_like_meanings_lie_near_each_other(encoder: Model2VecEncoder) -> None:
    sunset, dusk, cat = encoder.encode(["Sunset", "dusk", "cat"])
    assert sunset @ dusk > 0.8
    assert abs(sunset @ cat) < 0.5
    assert encoder.name == "model2vec tiny"


def test_rows_have_unit_length_and_unknown_words_none(encoder: Model2VecEncoder) -> None:
    rows = encoder.encode(["sunset cat", "", "qwertz"])
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 0, 0], abs=1e-6)
    assert len(encoder.encode([])) == 0


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no model\.safetensors in the folder"):
        Model2VecEncoder(tmp_path / "gone")


def test_a_broken_model_is_refused_and_nothing_is_downloaded(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "tiny", [["a", "b"]])
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(ConfigError, match="This is no model2vec model"):
        Model2VecEncoder(folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ConfigError, match="This is no model2vec model"):
        Model2VecEncoder(folder)


def test_without_model2vec_the_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_model(tmp_path / "tiny", [["a", "b"]])
    monkeypatch.setitem(sys.modules, "model2vec", None)
    with pytest.raises(ConfigError, match="pip install model2vec"):
        Model2VecEncoder(folder)


class Counting:
    name = "counting"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([[len(text), 1] for text in texts], dtype=np.float32).reshape(-1, 2)


def test_a_text_is_encoded_only_once() -> None:
    inner = Counting()
    encoder = RememberingEncoder(inner)
    first = encoder.encode(["aa", "b", "aa"])
    again = encoder.encode(["b", "ccc"])
    assert inner.asked == ["aa", "b", "ccc"]
    assert first[:, 0].tolist() == [2, 1, 2]
    assert again[:, 0].tolist() == [1, 3]
    assert encoder.encode([]).shape == (0, 2)


numbers = st.lists(st.lists(st.floats(width=32), min_size=3, max_size=3), min_size=1, max_size=4)


@given(numbers)
def test_any_numbers_become_rows_of_length_one_or_zero(rows: list[list[float]]) -> None:
    lengths = np.linalg.norm(unit_rows(np.array(rows, dtype=np.float32)), axis=1)
    assert all(length < 1e-6 or abs(length - 1) < 1e-3 for length in lengths)
