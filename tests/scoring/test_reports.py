"""What another machine tells of a picture is believed only where it can be true."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibes.errors import InvalidInput
from vibes.scoring.reports import LONGEST, answers, from_json, to_json

from .reported import make_report

PROMPT = "a red boat at dusk"


def embedding(*values: float) -> str:
    return base64.b64encode(np.array(values, "<f2").tobytes()).decode()


def told(**changes: Any) -> str:
    return json.dumps({**json.loads(to_json(make_report(PROMPT))), **changes})


def adherence_with(**changes: Any) -> dict[str, Any]:
    return {**json.loads(to_json(make_report(PROMPT)))["adherence"], **changes}


def item_with(**changes: Any) -> dict[str, Any]:
    first, *others = adherence_with()["items"]
    return adherence_with(items=[{**first, **changes}, *others])


def test_a_report_comes_back_as_it_was_sent() -> None:
    sent = make_report(PROMPT)
    back = from_json(to_json(sent))
    assert back.adherence == sent.adherence
    assert back.phash == sent.phash
    assert np.allclose(back.vector, sent.vector, atol=1e-3)


def test_a_report_answers_the_prompt_it_was_made_for_and_no_other() -> None:
    report = make_report(PROMPT)
    assert answers(report, PROMPT)
    assert answers(report, "a (red:1.2) boat at dusk")  # the same words
    assert not answers(report, "a blue boat at dusk")
    assert not answers(replace(report, prompt_hash="b" * 64), PROMPT)
    foreign = replace(report, adherence=make_report("a cat at noon").adherence)
    assert not answers(foreign, PROMPT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "[" * 100_000,
        "{}",
        '{"version": 1}',
        told(version=2),
        told(more=1),
        told(model=""),
        told(model="any"),
        told(name="x" * 1000),
        told(pixel_hash="A" * 64),
        told(phash="1"),
        told(width=0),
        told(height=10**9),
        told(width="64"),
        told(embedding="?"),
        told(embedding=embedding()),
        told(embedding=embedding(0.6, 0.8)[:-3]),
        told(embedding=embedding(3, 4)),
        told(embedding=embedding(float("nan"), 1)),
        told(embedding=embedding(*[0.0] * 8192, 1.0)),
        told(adherence={}),
        told(adherence=adherence_with(overall=1.5)),
        told(adherence=adherence_with(raw=-7)),
        told(adherence=adherence_with(percent=99)),
        told(adherence=adherence_with(calibration="x")),
        told(adherence=adherence_with(model="other")),
        told(adherence=adherence_with(method="a\nb")),
        told(adherence=item_with(p=-0.1)),
        told(adherence=item_with(margin=1e9)),
        told(adherence=item_with(percent=5)),
        told(adherence=item_with(model="other")),
        told(adherence=item_with(method="x" * 5000)),
        told().replace('"overall": 0.5', '"overall": NaN'),
        told().replace('"overall": 0.5', '"overall": 1e999'),
        told(name="x") + " " * LONGEST,
    ],
)
def test_what_no_scorer_can_have_written_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        from_json(text)
    assert "\n" not in str(caught.value)


@given(at=st.integers(0, 5000), byte=st.characters())
def test_a_damaged_report_is_refused_or_still_a_report(at: int, byte: str) -> None:
    text = to_json(make_report(PROMPT))
    at %= len(text)
    try:
        found = from_json(text[:at] + byte + text[at + 1 :])
    except InvalidInput:
        return
    assert 0 <= found.adherence.overall <= 1
    assert abs(float(np.linalg.norm(found.vector)) - 1) < 0.01
