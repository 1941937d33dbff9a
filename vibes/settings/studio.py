"""How the nodes reach a studio: its address and its token, from variables or from the editor."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, HttpUrl, SecretStr

from .access import disagreement, header_fault, only_an_address
from .values import Table


def _without_user(url: HttpUrl) -> HttpUrl:
    if url.username or url.password:
        raise disagreement("an address holds no user or password; the token is given apart.")
    return only_an_address(url)


def _can_be_sent(token: SecretStr) -> SecretStr:
    if not token.get_secret_value() or header_fault({"Authorization": token.get_secret_value()}):
        raise disagreement("a token is one line of text.")
    return token


StudioUrl = Annotated[HttpUrl, AfterValidator(_without_user)]
StudioToken = Annotated[SecretStr, AfterValidator(_can_be_sent)]


class StudioAccess(Table):
    """A studio and the token it wants; without an address there is none."""

    url: StudioUrl | None = None
    token: StudioToken | None = None

    @property
    def base(self) -> str:
        """Its address without a slash at the end; "" where there is none."""
        return str(self.url or "").rstrip("/")

    @property
    def headers(self) -> dict[str, str]:
        """What every request to it carries."""
        return {"Authorization": f"Bearer {self.token.get_secret_value()}"} if self.token else {}
