"""The wheel holds everything, and an installed copy finds it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from the checkout, without network."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_code_configuration_workflows_and_browser_files(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("vibes", "companion_app"):
        sources = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
        expected = {
            path.relative_to(ROOT).as_posix()
            for path in sources
            if "__pycache__" not in path.parts and path.suffix != ".pyc"
        }
        assert expected <= names
    data = [path for name in ("config", "workflows") for path in (ROOT / name).rglob("*")]
    shipped = {
        f"vibes/_data/{path.relative_to(ROOT).as_posix()}" for path in data if path.is_file()
    }
    assert shipped <= names


def test_the_wheel_leaves_tests_and_nodes_to_the_checkout(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {
        "vibes",
        "companion_app",
    }


def test_an_installed_copy_finds_its_configuration_and_workflows(wheel, tmp_path):
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    program = (
        f"import sys; sys.path.insert(0, {str(site)!r})\n"
        "from vibes.settings import data_root, load_settings\n"
        "print(data_root()); print(len(load_settings().stages))\n"
        "print((data_root() / 'workflows' / 'api' / 'draft.json').is_file())\n"
    )
    run = [sys.executable, "-I", "-c", program]
    result = subprocess.run(run, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert result.stdout.splitlines() == [str(site / "vibes" / "_data"), "4", "True"]
