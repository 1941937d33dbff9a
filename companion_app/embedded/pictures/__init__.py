"""Procedural pictures: what an embedded server paints in place of a diffusion model."""

from .painter import Order, draw, plain

__all__ = ["Order", "draw", "plain"]
