"""The node that saves pictures with all that is known of how they were made."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from comfy_api.latest import io

from vibes.catalog.names import stem
from vibes.errors import VibesError
from vibes.workflows import PACK_SAVE, Record, infotext, read_record, record_of_making
from vibes.workflows.file_names import check_pattern, file_name

from .makers import making_at
from .options import check_option
from .version import pack_version

if TYPE_CHECKING:
    from .picture_files import Encoding, Format

log = logging.getLogger(__name__)

METADATA = ("all", "settings", "none")
"""``settings`` are the text for AUTOMATIC1111 and our record, without the graph."""
FORMATS = ("PNG", "WebP", "JPEG")
PATTERN = "vibes/%date:yyyy-MM-dd%/%model%_%seed%"
RECORD = "vibes"
"""The name of our record in a file, and in what a studio hands over beside a graph."""


class VibesSaveImage(io.ComfyNode):
    """Saves pictures as PNG, WebP or JPEG, with graph, parameters and record."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the inputs; there is no output."""
        return io.Schema(
            node_id=PACK_SAVE,
            display_name="Save with Recipe",
            category="Vibes/Pictures",
            description="Saves pictures, named by a pattern, with all that is known of them.",
            inputs=[
                io.Image.Input("images"),
                io.String.Input("filename_prefix", default=PATTERN),
                io.Combo.Input("format", options=list(FORMATS), default="PNG", optional=True),
                io.Int.Input("quality", default=90, min=1, max=100, optional=True),
                io.Boolean.Input("lossless", default=False, optional=True),
                io.Combo.Input("metadata", options=list(METADATA), default="all", optional=True),
                io.String.Input("record", default="", multiline=True, optional=True),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.prompt, io.Hidden.extra_pnginfo],
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(
        cls,
        filename_prefix: str | None = None,
        format: str | None = None,
        metadata: str | None = None,
        record: str | None = None,
    ) -> bool | str:
        """Check what ComfyUI does not: the pattern, the choices, the record. None is a link."""
        try:
            check_pattern(filename_prefix if filename_prefix is not None else PATTERN)
            check_option("format", format, FORMATS)
            check_option("choice of metadata", metadata, METADATA)
            _given(record, None)
        except VibesError as error:
            return str(error)
        return True

    @classmethod
    def execute(
        cls,
        images: Any,
        filename_prefix: str,
        format: str = "PNG",
        quality: int = 90,
        lossless: bool = False,
        metadata: str = "all",
        record: str = "",
    ) -> io.NodeOutput:
        """Save one file for each picture."""
        from .picture_files import Encoding
        from .pixels import pictures_of
        from .used_files import used_files

        hidden = cls.hidden
        files = used_files(making_at(hidden.prompt, hidden.unique_id))
        size = images.shape[2], images.shape[1]
        told = files.noted_in(record_of_making(files.making, size))
        whole = told.under(_given(record, hidden.extra_pnginfo))
        texts = _texts(metadata, hidden, whole, files.lora_hashes(whole))
        how = Encoding(cast("Format", format), quality, lossless)
        saved = [
            _save(picture, _name(filename_prefix, whole, picture.size, number), how, texts)
            for number, picture in enumerate(pictures_of(images))
        ]
        return io.NodeOutput(ui={"images": saved, "vibes_files": [files.report()]})


def _given(record: str | None, extra: Mapping[str, Any] | None) -> Record:
    """What a studio hands over: in the input, else beside the graph; an empty record for none."""
    beside = (extra or {}).get(RECORD)
    text = record or (json.dumps(beside) if beside else "")
    return read_record(text) if text else Record()


def _texts(
    metadata: str, hidden: Any, record: Record, lora_hashes: Mapping[str, str]
) -> dict[str, str]:
    """The texts for a file by name, ComfyUI's own as its Save Image writes them."""
    from comfy.cli_args import args

    if metadata == "none" or args.disable_metadata:
        return {}
    texts = {}
    if metadata == "all":
        beside = {**(hidden.extra_pnginfo or {}), RECORD: None}
        graph = {"prompt": hidden.prompt, **beside}
        texts = {name: json.dumps(value) for name, value in graph.items() if value is not None}
    parameters = infotext(record, lora_hashes=lora_hashes, version=f"Vibes {pack_version()}")
    if parameters is not None:
        texts["parameters"] = parameters
    return {**texts, RECORD: json.dumps(record.to_dict())}


def _name(pattern: str, record: Record, size: tuple[int, int], number: int) -> tuple[str, str, str]:
    model = record.checkpoint and stem(record.checkpoint)
    own = {"model": model, "width": size[0], "height": size[1], "batch_num": number}
    return file_name(pattern, {**record.to_dict(), **own}, now=datetime.now())


def _save(
    picture: Any, name: tuple[str, str, str], how: Encoding, texts: Mapping[str, str]
) -> dict[str, str]:
    """Write one file below the output folder, and tell of it as ComfyUI does."""
    import folder_paths

    from .picture_files import ENDINGS, encode, write_new

    folder, before, after = name
    file = encode(picture, how, texts)
    if file.left_out:
        log.warning("A JPEG has no room for the %s of this graph.", " and ".join(file.left_out))
    output = Path(folder_paths.get_output_directory())
    path = write_new(output / folder, before, after, ENDINGS[how.format], file.data)
    return {"filename": path.name, "subfolder": folder, "type": "output"}
