"""The node that says how well pictures show what was asked."""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from vibes.errors import VibesError

from .choices import settings
from .scoring_models import LocalModel, LocalModels

if TYPE_CHECKING:
    from .scoring import Scorer

log = logging.getLogger(__name__)

_DEVICES = ("cuda", "mps", "cpu")

_loaded: dict[str, tuple[Scorer, Any]] = {}
"""The last model used, with what ComfyUI manages its memory by."""


class VibesClipScore(io.ComfyNode):
    """Scores pictures against a text; the pictures pass through as they are."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe inputs and outputs; the models are those whose weights are here."""
        return io.Schema(
            node_id="VibesClipScore",
            display_name="CLIP Score",
            category="Vibes/Scoring",
            description="Says how well pictures show what was asked, phrase by phrase.",
            inputs=[
                io.Image.Input("image"),
                io.String.Input("text", multiline=True, default=""),
                io.Combo.Input("model", options=_models().choices()),
            ],
            outputs=[
                io.Image.Output(display_name="image"),
                io.Float.Output(display_name="score"),
                io.String.Output(display_name="table"),
            ],
        )

    @classmethod
    def validate_inputs(cls, model: str | None = None) -> bool | str:
        """Check what ComfyUI does not: that there is such a model. None is a link.

        One whose weights are elsewhere passes: a workflow runs also where nothing can be scored.
        """
        if model is None or _models().is_known(model):
            return True
        choices = ", ".join(_models().choices())
        return f"There is no scoring model '{model}'; here there are: {choices}."

    @classmethod
    def fingerprint_inputs(cls, model: str | None = None, **others: Any) -> str:
        """Weights that came or went since are another input."""
        return "" if model is None else _models().state(model)

    @classmethod
    def execute(cls, image: Any, text: str, model: str) -> io.NodeOutput:
        """Score; whatever goes wrong is told in the table, and the graph goes on."""
        import comfy.model_management

        try:
            return _scored(image, text, model)
        except comfy.model_management.InterruptProcessingException:
            raise
        except VibesError as error:
            why = str(error)
        except Exception as error:  # memory that does not suffice, weights that do not work
            log.exception("Pictures were not scored")
            why = f"{type(error).__name__}: {error}"
        log.warning("Pictures were not scored: %s", why)
        return io.NodeOutput(image, 0.0, f"Not scored. {why}", ui={"vibes_scores": []})


@cache
def _models() -> LocalModels:
    return LocalModels(settings())


def _scored(image: Any, text: str, model: str) -> io.NodeOutput:
    import comfy.model_management
    import comfy.utils

    from vibes.scoring.reports import to_json

    from .pixels import pictures_of
    from .scoring import check_text, mean_score, table

    check_text(text)
    scorer, patcher = _scorer(_models().get(model))
    comfy.model_management.load_models_gpu([patcher], force_full_load=True)
    bar = comfy.utils.ProgressBar(len(image))
    found, told = [], []
    pictures = (picture.convert("RGB") for picture in pictures_of(image))
    for report in scorer.reports(pictures, text):
        found.append(report.adherence)
        told.append(to_json(report))
        bar.update(1)
    return io.NodeOutput(image, mean_score(found), table(found), ui={"vibes_scores": told})


def _scorer(model: LocalModel) -> tuple[Scorer, Any]:
    """The loaded model, kept until another one is wanted."""
    if model.state not in _loaded:
        _loaded.clear()
        _loaded[model.state] = _new_scorer(model)
    return _loaded[model.state]


def _new_scorer(model: LocalModel) -> tuple[Scorer, Any]:
    """Load a model, its memory managed by ComfyUI: it moves away when another model needs it."""
    import comfy.model_management
    from comfy.model_patcher import ModelPatcher

    from .scoring import load_scorer

    device = _device()
    if device.type == "cuda":
        comfy.model_management.free_memory(1.5 * model.size, device)
    scorer = load_scorer(model, str(device), settings().lexicons)
    offload = comfy.model_management.text_encoder_offload_device()
    return scorer, ModelPatcher(scorer.clip.module, load_device=device, offload_device=offload)


def _device() -> Any:
    """Where ComfyUI computes; the processor where a scoring model cannot be there as a whole."""
    import comfy.model_management as management

    device = management.get_torch_device()
    apart = management.vram_state is management.VRAMState.NO_VRAM
    return type(device)("cpu") if apart or device.type not in _DEVICES else device
