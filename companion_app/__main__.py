"""``python -m companion_app`` and the command ``vibes``."""

from __future__ import annotations

import sys

from companion_app.cli import app, exit_code
from vibes.errors import VibesError


def main() -> None:
    """Run the command line; a deliberate error becomes one sentence and an exit code."""
    try:
        app(prog_name="vibes")
    except VibesError as error:
        sys.stderr.write(f"vibes: {error}\n")
        sys.exit(exit_code(error))


if __name__ == "__main__":
    main()
