"""The node that rates pictures inside a graph."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from vibes.errors import VibesError

from .options import check_option

RATINGS = {"like": 5, "dislike": 1, "5": 5, "4": 4, "3": 3, "2": 2, "1": 1}
"""What can be chosen, and the stars it stands for."""


class VibesRecordPreference(io.ComfyNode):
    """Records a rating of every picture that arrives; the pictures pass through as they are."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe inputs and outputs."""
        return io.Schema(
            node_id="VibesRecordPreference",
            display_name="Record Preference",
            category="Vibes/Pictures",
            description="Records a rating of every picture that arrives, once in each run.",
            inputs=[
                io.Image.Input("images"),
                io.Combo.Input("rating", options=list(RATINGS), default="like"),
                io.String.Input("tags", default="", optional=True),
                io.String.Input("comment", default="", multiline=True, optional=True),
                io.String.Input("prompt", optional=True, force_input=True),
            ],
            outputs=[
                io.Image.Output(display_name="images"),
                io.String.Output(display_name="report"),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.prompt],
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(cls, rating: str | None = None) -> bool | str:
        """Check what ComfyUI does not: that there is such a rating. None is a link."""
        try:
            check_option("rating", rating, RATINGS)
        except VibesError as error:
            return str(error)
        return True

    @classmethod
    def execute(
        cls, images: Any, rating: str, tags: str = "", comment: str = "", prompt: str = ""
    ) -> io.NodeOutput:
        """Record; what comes out of ComfyUI's cache was recorded when it was made."""
        from .process import memory
        from .rated_pictures import show

        told = show(
            len(images), graph=cls.hidden.prompt, node_id=cls.hidden.unique_id, prompt=prompt
        )
        stars, words = RATINGS[rating], _tags(tags)
        rated = [
            memory().rate(one["image"], stars, tags=words, comment=comment or None) for one in told
        ]
        report = [
            {**one, "overall": stars, "teaches": done.teaches, "detail": done.detail}
            for one, done in zip(told, rated, strict=True)
        ]
        said = dict.fromkeys(
            " – ".join(filter(None, (one["about"], one["detail"]))) for one in report
        )
        return io.NodeOutput(images, "\n".join(said), ui={"vibes_images": report})


def _tags(text: str) -> tuple[str, ...]:
    """Tags as a person lists them, with commas between."""
    return tuple(dict.fromkeys(tag for part in text.split(",") if (tag := part.strip())))
