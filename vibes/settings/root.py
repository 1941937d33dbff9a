"""Where the files lie that come with Vibes."""

from __future__ import annotations

from pathlib import Path


def data_root() -> Path:
    """The folder holding ``config/`` and ``workflows/``: the checkout, else the installed copy."""
    package = Path(__file__).parents[1]
    checkout = package.parent
    return checkout if (checkout / "config" / "stages.yaml").is_file() else package / "_data"


def template_names() -> list[str]:
    """What a stage may be rendered with: the files in ``workflows/api/``, without ``.json``."""
    return sorted(path.stem for path in (data_root() / "workflows" / "api").glob("*.json"))
