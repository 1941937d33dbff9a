"""Every error Vibes raises on purpose, named by what the caller can do about it.

    VibesError
    ├── InvalidInput            the request itself is wrong: say what, where, what to do
    │   ├── ConfigError         a configuration file is wrong (carries path and line)
    │   ├── FaultyWorkflow      a workflow makes no template (carries each problem)
    │   └── ForeignImage        an image id that does not belong to the grid
    ├── UnusablePicture         what a server sent as a picture is none
    ├── NotFound                no session, batch, image, model or tier of that id or name
    ├── Conflict                the request is fine but not now (last stage, batch already final)
    │   └── AmbiguousName       several models match (carries the matches)
    ├── NoServerCan             no server can make this image (carries a reason per server)
    ├── ScoringUnavailable      pictures cannot be scored here: parts or weights are missing
    ├── StorageError            the data directory cannot be used
    │   ├── DatabaseTooNew      written by a newer version
    │   └── DirectoryInUse      another studio owns it
    └── ServerError             a ComfyUI server failed us (carries the server's name)
        ├── ServerUnreachable   no answer: try later or elsewhere
        ├── NotComfyUI          something answers, but it is not ComfyUI
        ├── GraphRefused        the server refuses this graph for good
        └── RenderFailed        the graph started and failed there
            ├── OutOfMemory     for want of memory: a larger server, or a smaller picture
            └── RenderStalled   it showed no sign of progress any more

Messages are whole sentences for the person at the screen: what was wrong, where, what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path


class VibesError(Exception):
    """Root of all deliberate errors; ``code`` is the stable name used in REST replies."""

    code = "error"


class InvalidInput(VibesError):
    """The caller sent something that can never work; nothing was changed."""

    code = "invalid_input"


class ConfigError(InvalidInput):
    """A configuration file is wrong."""

    code = "invalid_config"

    def __init__(self, message: str, *, path: Path | None = None, line: int | None = None):
        place = f"{path}:{line}: " if path and line else f"{path}: " if path else ""
        super().__init__(place + message)
        self.path = path
        self.line = line


class FaultyWorkflow(InvalidInput):
    """A workflow cannot become a template; ``problems`` holds one sentence for each reason.

    Of many the first are told, and none at any length: a file may hold anything, however often.
    """

    code = "faulty_workflow"
    most = 20
    longest = 500  # characters of a sentence; titles of nodes stand in them

    def __init__(self, problems: Iterable[str]):
        told = [_cut(problem, self.longest) for problem in islice(problems, self.most + 1)]
        if len(told) > self.most:
            told[-1] = "There is more in the way, told once this is not."
        super().__init__(" ".join(told))
        self.problems = tuple(told)


class ForeignImage(InvalidInput):
    """An image id was given that is not part of the grid in question."""

    code = "foreign_image"


class UnusablePicture(VibesError):
    """What a server sent as a picture cannot be decoded, or is larger than any picture."""

    code = "unusable_picture"


class NotFound(VibesError):
    """Nothing of that id or name exists."""

    code = "not_found"


class Conflict(VibesError):
    """The request is well-formed but does not fit the present state."""

    code = "conflict"


class AmbiguousName(Conflict):
    """A shortened model name matches several models."""

    code = "ambiguous_name"

    def __init__(self, name: str, matches: Sequence[str]):
        super().__init__(
            f"'{name}' matches {len(matches)} models: {', '.join(matches)}. Write one in full."
        )
        self.matches = tuple(matches)


class NoServerCan(VibesError):
    """No configured server can make what was asked for."""

    code = "no_server_can"

    def __init__(self, message: str, *, reasons: Mapping[str, str] | None = None):
        super().__init__(message)
        self.reasons = dict(reasons or {})


class ScoringUnavailable(VibesError):
    """Pictures cannot be scored here: torch, open_clip or a model's weights are missing."""

    code = "scoring_unavailable"


class StorageError(VibesError):
    """The data directory or the database in it cannot be used."""

    code = "storage"


class DatabaseTooNew(StorageError):
    """The database was written by a newer version of Vibes."""

    code = "database_too_new"


class DirectoryInUse(StorageError):
    """Another studio owns the data directory."""

    code = "directory_in_use"


class ServerError(VibesError):
    """A ComfyUI server failed us."""

    code = "server"

    def __init__(self, message: str, *, server: str):
        super().__init__(message)
        self.server = server


class ServerUnreachable(ServerError):
    """No answer came; whether a request took effect is unknown."""

    code = "server_unreachable"


class NotComfyUI(ServerError):
    """Something answers at the address, but it does not speak ComfyUI's protocol."""

    code = "not_comfyui"


class GraphRefused(ServerError):
    """The server refuses this graph; sending it again to the same server cannot help."""

    code = "graph_refused"


class RenderFailed(ServerError):
    """The graph started on the server and failed there."""

    code = "render_failed"


class OutOfMemory(RenderFailed):
    """The server has too little memory for this graph."""

    code = "out_of_memory"


class RenderStalled(RenderFailed):
    """The graph started on the server and shows no sign of progress any more."""

    code = "render_stalled"


def _cut(sentence: str, longest: int) -> str:
    return sentence if len(sentence) <= longest else f"{sentence[: longest - 1]}…"
