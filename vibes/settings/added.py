"""Servers added while the studio runs, and those taken out of use: ``servers.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from .access import disagreement
from .lines import read_document
from .models import ServerConfig, same_names
from .problems import config_error, typed


class AddedServers(BaseModel):
    """What the studio keeps about servers beside the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    servers: tuple[ServerConfig, ...] = ()
    """Those added from the page or the command line."""
    drained: tuple[str, ...] = ()
    """Names of servers, of the configuration or added, that are to take no new images."""

    @model_validator(mode="after")
    def _names_differ(self) -> AddedServers:
        for place, sentence in same_names(self.servers):
            raise disagreement(sentence, place)
        return self


def server_config(**values: Any) -> ServerConfig:
    """One server out of what somebody typed; ConfigError says in a sentence what is wrong."""
    return typed(ServerConfig, **values)


def load_added(path: Path) -> AddedServers:
    """What the file says, nothing where there is none; ConfigError names its line."""
    if not path.exists():
        return AddedServers()
    document = read_document(path)
    try:
        return AddedServers.model_validate(document.data)
    except ValidationError as error:
        raise config_error(error, [document], {}, given={}, model=AddedServers) from error
