"""Fixtures for every test; an area's own fixtures live in its folder."""

from __future__ import annotations

import pytest

pytest_plugins = ["tests.comfyui.servers"]
pytest.register_assert_rewrite("tests.contract")  # its helpers assert too
