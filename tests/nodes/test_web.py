"""The modules of the graph editor's extension, run by Node's own test runner."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
MODULES = REPOSITORY / "comfy_nodes" / "web" / "js"
OLDEST = 18


@pytest.fixture(scope="module")
def node() -> str:
    """The Node of this machine; without one the tests are skipped, in CI they fail."""
    found = shutil.which("node") or shutil.which("nodejs")
    reason = _unfit(found)
    if reason and os.environ.get("CI"):
        pytest.fail(reason)
    if found is None or reason:
        pytest.skip(reason)
    return found


def _unfit(node: str | None) -> str:
    if node is None:
        return f"There is no Node to test the modules with: install Node {OLDEST} or later."
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.match(r"v(\d+)", said)
    if version and int(version[1]) >= OLDEST:
        return ""
    return f"{node} is {said.strip()}; the modules are tested with Node {OLDEST} or later."


def test_every_module_does_what_its_tests_say(node: str) -> None:
    tests = sorted(str(path) for path in (REPOSITORY / "tests" / "web").glob("*.test.mjs"))
    result = subprocess.run([node, "--test", *tests], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_module_is_one_the_editor_can_read(node: str) -> None:
    for path in MODULES.glob("*.js"):
        result = subprocess.run([node, "--check", path], capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
