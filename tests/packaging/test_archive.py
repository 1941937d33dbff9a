"""What the registry hands out: it holds what pack and studio need, and works by itself."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.comfyui.servers import CHECKPOINTS, ComfyUI, Installation, add_models, running
from tests.packaging.archive import ROOT, archived, unpack_into

NEEDED = ("vibes", "companion_app", "comfy_nodes", "config", "locales", "workflows")
DEFINITIONS = json.loads((ROOT / "tests" / "nodes" / "object_info.json").read_text())
DESCRIBE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from comfy_config.config_parser import extract_node_configuration
found = extract_node_configuration(sys.argv[2])
print(json.dumps({**found.project.model_dump(), **found.tool_comfy.model_dump()}))
"""
FIND = """
import sys
sys.path.insert(0, sys.argv[1])
import companion_app.cli
from vibes.settings import data_root, load_settings
from vibes.workflows import load_template
print(companion_app.__file__, data_root())
print(len([load_template(stage.template) for stage in load_settings().stages]))
"""


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked archive, in a folder called as the registry calls it."""
    folder = tmp_path_factory.mktemp("archive") / "vibes-imgen"
    unpack_into(folder)
    return folder


def needed() -> Iterator[Path]:
    for folder in NEEDED:
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(ROOT)


def test_the_archive_holds_all_that_pack_and_studio_need() -> None:
    names = {path.as_posix() for path in archived()}
    assert {path.as_posix() for path in needed()} <= names
    assert {"__init__.py", "requirements.txt", "pyproject.toml", "LICENSE", "README.md"} <= names


def test_the_archive_leaves_development_behind() -> None:
    parts = {path.parts[0] for path in archived()}
    assert parts.isdisjoint({"tests", "benchmarks", ".ci", ".git", ".venv", ".gitignore"})
    assert not [path for path in archived() if path.suffix == ".pyc"]
    assert not [path for path in archived() if path.parts[:2] == ("docs", "images")]
    assert sum((ROOT / path).stat().st_size for path in archived()) < 8e6


def test_the_studio_runs_from_the_archive(pack: Path, tmp_path: Path) -> None:
    run = [sys.executable, "-I", "-c", FIND, str(pack)]
    result = subprocess.run(run, cwd=tmp_path, check=True, capture_output=True, text=True)
    places, templates = result.stdout.splitlines()
    assert places == f"{pack / 'companion_app' / '__init__.py'} {pack}"
    assert templates == "4"


def test_the_icon_is_a_square_picture_of_the_repository() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    [icon] = re.findall(r'^Icon = ".*/main/(.+)"$', text, re.MULTILINE)
    [box] = re.findall(r'viewBox="0 0 (\d+) (\d+)"', (ROOT / icon).read_text())
    assert box[0] == box[1]
    assert int(box[0]) <= 400


@pytest.mark.comfyui
def test_comfyui_reads_what_the_pack_says_of_itself(comfyui: Installation, pack: Path) -> None:
    run = [comfyui.python, "-c", DESCRIBE, comfyui.directory, pack]
    said = json.loads(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    assert said["name"] == "vibes-imgen"
    assert (said["publisher_id"], said["display_name"]) == ("vibes-imgen", "Vibes")
    assert said["icon"].endswith(".svg")
    assert said["supported_comfyui_version"] == ">=0.3.64"
    assert said["supported_os"] == ["OS Independent"]
    assert said["supported_accelerators"] == []  # whatever ComfyUI itself runs on
    assert said["web"] is None  # else the browser would load every script twice
    assert said["license"]["file"] == "LICENSE"
    assert said["dependencies"] == (pack / "requirements.txt").read_text().splitlines()


@pytest.fixture(scope="module")
def server(
    comfyui_for_pack: Installation,
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ComfyUI]:
    """A ComfyUI into which the archive was unpacked."""
    base = tmp_path_factory.mktemp("comfyui-archive")
    add_models(base, CHECKPOINTS[:1])
    unpack_into(base / "custom_nodes" / "vibes-imgen")
    with running(comfyui_for_pack, pytestconfig, "real-archive", base) as server:
        yield server


@pytest.mark.comfyui
def test_comfyui_loads_the_archive_without_a_word_of_warning(server: ComfyUI) -> None:
    log = server.log.read_text(errors="replace")
    [loaded] = re.findall(r"^.*seconds.*custom_nodes/vibes-imgen$", log, re.MULTILINE)
    assert "FAILED" not in loaded
    about = [line for line in log.splitlines() if "vibes" in line.lower()]
    assert not [line for line in about if re.search("warn|error|fail|deprecat", line, re.I)]


@pytest.mark.comfyui
def test_all_nodes_templates_help_and_texts_are_there(server: ComfyUI) -> None:
    def told(path: str) -> object:
        with urlopen(server.url + path) as reply:
            return json.load(reply)

    assert {name for name in told("/object_info") if name.startswith("Vibes")} == set(DEFINITIONS)
    templates = told("/workflow_templates")["vibes-imgen"]
    assert set(templates) == {path.stem for path in (ROOT / "workflows").glob("*.json")}
    for name in templates:
        for ending in ("json", "jpg"):
            with urlopen(f"{server.url}/api/workflow_templates/vibes-imgen/{name}.{ending}") as one:
                assert one.read(1)
    assert set(told("/i18n")["zh"]["nodeDefs"]) >= set(DEFINITIONS)
