"""Every use case of the studio."""

from .studio import Studio

__all__ = ["Studio"]
