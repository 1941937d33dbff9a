"""How a server is reached: what its headers and its certificate authority must be like."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from pathlib import Path

from pydantic import HttpUrl
from pydantic_core import PydanticCustomError

from .lines import Place

MAX_AUTHORITY = 2**20
"""Bytes; every authority a system knows fits into a third of that."""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade"})
_CREDENTIALS = re.compile(r"(?<=//)[^/?#\s]*@")


def disagreement(sentence: str, place: Place | None = None) -> PydanticCustomError:
    """A validation error told by this sentence alone, at ``place`` where that is elsewhere."""
    at = {} if place is None else {"place": place}
    return PydanticCustomError("disagreement", "{sentence}", {"sentence": sentence, **at})


def without_credentials(text: str) -> str:
    """The text with ``user:password@`` taken out of every address in it."""
    return _CREDENTIALS.sub("", text)


def only_an_address(url: HttpUrl) -> HttpUrl:
    """The address, if nothing follows it."""
    if url.query is not None or url.fragment is not None:
        raise disagreement("an address ends before any ? or #.")
    return url


def header_fault(headers: Mapping[str, str]) -> str | None:
    """What is wrong with headers as a sentence that tells no value; None when all is well."""
    seen: set[str] = set()
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            return f"{name!r} is no name of a header."
        if name.lower() in _OURS:
            return f"the header {name} is the studio's own to send."
        if name.lower() in seen:
            return f"the header {name} is given twice, in other letters."
        if _CONTROL.search(value) or not _is_text(value):
            return f"the value of {name} holds a line break or another character that is no text."
        seen.add(name.lower())
    return None


def authority_file(path: Path) -> Path:
    """The absolute path of a file that holds certificates."""
    path = path.expanduser().absolute()
    try:
        if not path.is_file():
            what = "there is no such file" if not path.exists() else "it is no file"
            raise disagreement(f"{path} cannot be used: {what}.")
        if path.stat().st_size > MAX_AUTHORITY:
            raise disagreement(f"{path} cannot be used: it is too large for a certificate.")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError as error:
        raise disagreement(
            f"{path} holds no certificate in PEM format, as in '-----BEGIN CERTIFICATE-----'."
        ) from error
    except OSError as error:
        raise disagreement(f"{path} cannot be read: {error.strerror or error}.") from error
    return path


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
