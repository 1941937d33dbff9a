"""The modules of a LoRA file: which parts of a model it changes, and their sizes.

Trainers spell the same thing in a dozen ways; known here are those that ComfyUI loads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .headers import Tensor

Shape = tuple[int, ...]

# Ends of tensor names, to what they are.
_PARTS = {
    "lora_down.weight": "down",
    "lora_up.weight": "up",
    "lora_A.weight": "down",
    "lora_B.weight": "up",
    "lora_A.default.weight": "down",
    "lora_B.default.weight": "up",
    "lora_A": "down",
    "lora_B": "up",
    "down.weight": "down",  # with a module that ends in one of _BEFORE
    "up.weight": "up",
    "a1.weight": "glora",
    "oft_blocks": "oft",
    **{part: part for part in ("hada_w1_a", "hada_w1_b")},
    **{f"lokr_{part}": part for part in ("w1", "w1_a", "w1_b", "w2", "w2_a", "w2_b")},
    **dict.fromkeys(("diff", "set_weight", "w_norm"), "whole"),
    **dict.fromkeys(("diff_b", "b_norm"), "bias"),
}
_BEFORE = ("_lora", ".lora", ".lora_linear_layer")
_LONGEST = 3  # dots in such an end, and before it


@dataclass(slots=True)
class Module:
    """One changed part; ``parts`` are the shapes of its tensors by what they are."""

    parts: dict[str, Shape] = field(default_factory=dict)

    @property
    def rank(self) -> int | None:
        """Its rank, None where it has none or does not tell."""
        for part, axis in (("down", 0), ("hada_w1_b", 0), ("w2_b", 0), ("w1_b", 0)):
            if len(shape := self.parts.get(part, ())) > axis:
                return shape[axis]
        return None

    @property
    def inputs(self) -> int | None:
        """How many numbers the changed part takes, None where that cannot be told."""
        for part in ("down", "hada_w1_b", "whole"):
            if len(shape := self.parts.get(part, ())) > 1:
                return shape[1]
        first, second = self._factor("w1"), self._factor("w2")
        return first[1] * second[1] if first and second else None

    @property
    def outputs(self) -> int | None:
        """How many numbers it gives."""
        for part in ("up", "hada_w1_a", "whole"):
            if len(shape := self.parts.get(part, ())) > 1:
                return shape[0]
        first, second = self._factor("w1"), self._factor("w2")
        return first[0] * second[0] if first and second else None

    def _factor(self, part: str) -> Shape | None:
        """Rows and columns of one factor of a Kronecker product, whole or in two."""
        whole = self.parts.get(part, ())
        a, b = self.parts.get(f"{part}_a", ()), self.parts.get(f"{part}_b", ())
        if len(whole) > 1:
            return whole
        return (a[0], b[1]) if len(a) > 1 and len(b) > 1 else None


def modules_of(tensors: Mapping[str, Tensor]) -> dict[str, Module]:
    """The modules by name, written with "_" for "." as most trainers do; none in other files."""
    modules: dict[str, Module] = {}
    for key, tensor in tensors.items():
        at = len(key)
        for _ in range(_LONGEST):
            at = key.rfind(".", 0, at)
            if at < 0:
                break
            if part := _PARTS.get(key[at + 1 :]):
                if part != key[at + 1 : -7] or key.endswith(_BEFORE, 0, at):  # 7: ".weight"
                    modules.setdefault(key[:at], Module()).parts[part] = tensor.shape
                break
    return {name.replace(".", "_"): module for name, module in modules.items()}


def common_rank(modules: Iterable[Module]) -> int | None:
    """The rank of most modules."""
    ranks = Counter(module.rank for module in modules if module.rank is not None)
    return ranks.most_common(1)[0][0] if ranks else None
