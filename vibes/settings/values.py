"""What settings are made of: numbers that are no truth values, and tables without unknown keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError


def _no_truth(value: object) -> object:
    if isinstance(value, bool):  # which Python, and so pydantic, counts as 1 or 0
        raise PydanticCustomError("truth_value", "a number is expected")
    return value


Whole = Annotated[int, BeforeValidator(_no_truth)]
Real = Annotated[float, BeforeValidator(_no_truth)]


class Table(BaseModel):
    """A table of settings: unknown keys are refused, nothing in it changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
