"""The access token: made on first use, kept in a file only its owner can read."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from companion_app.api import is_loopback
from vibes.errors import InvalidInput
from vibes.settings import Settings

from .private_file import create_private

TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
"""What a bearer may be made of."""


def access_token(settings: Settings) -> str | None:
    """The token of ``settings.token_file``; None where only this machine can reach the studio.

    Raises InvalidInput for an address others can reach without a token, and for a file that cannot
    be read or holds no token.
    """
    path = settings.token_file
    if path is None:
        if not is_loopback(settings.host):
            raise InvalidInput(
                f"Others can reach {settings.host}, so the studio needs a token there: add "
                "--token-file FILE (it is made when missing), or listen on 127.0.0.1."
            )
        return None
    token = _kept(path)
    if not TOKEN.fullmatch(token):
        raise InvalidInput(
            f"The token file {path} must hold one word of letters, digits and -._~+/= only. "
            "Delete it to have a new one made."
        )
    return token


def _kept(path: Path) -> str:
    try:
        if not path.exists():
            create_private(path, secrets.token_urlsafe(32))
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError as error:
        raise InvalidInput(
            f"The token file {path} cannot be used: {error.strerror or error}."
        ) from error
