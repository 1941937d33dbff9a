"""What is written down twice says the same twice."""

from __future__ import annotations

import re
from importlib.metadata import distribution, requires
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
PINS = ("config/constraints.txt", "config/constraints-scoring.txt")


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def constraint_lines(names=PINS):
    lines = [line for name in names for line in read(name).splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def pins(python):
    """Package name → version that both files of constraints give under one Python."""
    environment = {**default_environment(), "python_version": python}
    found = {}
    for line in constraint_lines():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            assert requirement.name not in found, f"{requirement.name} is pinned twice"
            found[canonicalize_name(requirement.name)] = str(requirement.specifier)
    return found


def direct_requirements():
    return [Requirement(line) for line in requires("vibes-imgen") or []]


def test_requirements_txt_is_what_the_project_depends_on():
    block = re.search(r"\ndependencies = \[\n(.*?)\n\]", read("pyproject.toml"), re.DOTALL)
    assert re.findall(r'"([^"]+)"', block[1]) == read("requirements.txt").splitlines()


def test_the_nodes_pin_nothing_and_pull_in_nothing_heavy():
    names = {Requirement(line).name for line in read("requirements.txt").splitlines()}
    assert names.isdisjoint({"torch", "numpy", "pillow", "aiohttp", "gradio", "fastapi"})
    assert "==" not in read("requirements.txt")


def test_the_changelog_starts_with_the_version_of_the_project():
    version = re.search(r'^version = "(.+)"', read("pyproject.toml"), re.MULTILINE)[1]
    newest = re.search(r"^## \[(\d.*?)\]", read("CHANGELOG.md"), re.MULTILINE)[1]
    assert newest == version == distribution("vibes-imgen").version


@pytest.mark.parametrize("python", PYTHONS)
def test_constraints_pin_every_direct_requirement_within_its_range(python):
    pinned = pins(python)
    for requirement in direct_requirements():
        pin = pinned[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(pin.removeprefix("==")), requirement


def test_constraints_name_exact_versions_and_no_place_to_get_them_from():
    assert not re.search(r"://|@|/|--", "\n".join(constraint_lines()))
    assert all(specifier.startswith("==") for specifier in pins("3.12").values())


def test_only_the_tests_and_scoring_pull_in_torch():
    assert not re.search(r"torch|open.clip|timm", "\n".join(constraint_lines(PINS[:1])))
    extras = {r.name: str(r.marker) for r in direct_requirements() if "torch" in r.name}
    assert set(extras.values()) == {'extra == "scoring"'}
