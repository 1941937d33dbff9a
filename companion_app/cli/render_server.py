"""``vibes embedded``: a render server without models or GPU."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import text


def embedded(
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="Port on 127.0.0.1.")],
    speed: Annotated[
        float, typer.Option(metavar="X", min=0.01, help="2 is twice as fast as 1.")
    ] = 1.0,
    name: Annotated[str, typer.Option(callback=text, help="What it calls itself.")] = "embedded",
    seconds_per_image: Annotated[
        float | None,
        typer.Option(metavar="S", min=0, help="Sleep this long for an image instead of drawing."),
    ] = None,
    exit_with_parent: Annotated[
        bool, typer.Option("--exit-with-parent", help="Stop when standard input ends.")
    ] = False,
) -> None:
    """Run a render server that needs no GPU.

    It speaks ComfyUI's protocol and paints pictures by rules instead of models: for trying,
    testing and measuring. Add it to a studio like any ComfyUI.
    """
    # Here: Pillow and aiohttp are of no use to the other commands.
    from companion_app.embedded import run_embedded

    run_embedded(
        port,
        name=name,
        speed=speed,
        seconds_per_image=seconds_per_image,
        exit_with_parent=exit_with_parent,
    )
