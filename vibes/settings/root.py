"""Where the files lie that come with Vibes."""

from __future__ import annotations

from pathlib import Path

DOCUMENT = ".workflow"
"""How the name of a file ends, before ``.json``, that holds a workflow as it was brought."""


def data_root() -> Path:
    """The folder holding ``config/`` and ``workflows/``: the checkout, else the installed copy."""
    package = Path(__file__).parents[1]
    checkout = package.parent
    return checkout if (checkout / "config" / "stages.yaml").is_file() else package / "_data"


def template_names(data_dir: Path) -> list[str]:
    """What a stage may be rendered with: the shipped templates, and those in a data directory."""
    folders = (data_root() / "workflows" / "api", own_workflows(data_dir))
    names = (path.stem for folder in folders for path in folder.glob("*.json"))
    return sorted(name for name in names if not name.endswith(DOCUMENT))


def own_workflows(data_dir: Path) -> Path:
    """Where the user's own workflows lie: each as a template, and beside it as it was brought."""
    return data_dir / "workflows"
