"""How one image's models came to be chosen: kept with the image, told by the event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Part = Literal["checkpoint", "loras"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Who chose, and how likely that was; what it says of names is about the image's own models.

    ``decided`` are the parts the user chose himself. ``probe`` is as in Proposal, ``relevance`` as
    in Pool. The propensities, marginal probabilities as in Propensity, are worked out after the
    grid is on its way: until then None and empty.
    """

    policy: str
    version: int
    probe: bool = False
    decided: tuple[Part, ...] = ()
    relevance: Mapping[str, float] = field(default_factory=dict)
    checkpoint_propensity: float | None = None
    lora_propensities: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form; ``from_dict`` inverts it exactly."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Choice:
        """Inverse of ``to_dict``."""
        return cls(**{**data, "decided": tuple(data["decided"])})
