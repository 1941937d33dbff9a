"""The checkout as ComfyUI and pytest meet it: a folder named as no Python package may be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
COMFY_STYLE_LOAD = """
import importlib.util, sys
folder = sys.argv[1]
name = folder.replace(".", "_x_")
spec = importlib.util.spec_from_file_location(
    name, folder + "/__init__.py", submodule_search_locations=[folder]
)
pack = importlib.util.module_from_spec(spec)
sys.modules[name] = pack
spec.loader.exec_module(pack)
pack._make_vibes_importable()
import vibes
print(vibes.__file__)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "vibes-imgen"
    (folder / "vibes").mkdir(parents=True)
    for name in ("__init__.py", "vibes/__init__.py"):
        (folder / name).write_bytes((REPOSITORY / name).read_bytes())
    return folder


def load(checkout: Path, *path: Path) -> subprocess.CompletedProcess[str]:
    """Load the pack in a Python that knows nothing but the standard library and ``path``."""
    code = f"import sys; sys.path[:0] = {[str(place) for place in path]!r}\n{COMFY_STYLE_LOAD}"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(checkout)],
        capture_output=True,
        text=True,
    )


def test_the_pack_s_own_vibes_is_found(checkout: Path) -> None:
    result = load(checkout)
    assert result.stdout.strip() == str(checkout / "vibes" / "__init__.py"), result.stderr


def test_a_vibes_already_importable_from_here_is_kept(checkout: Path) -> None:
    result = load(checkout, checkout)
    assert result.stdout.strip() == str(checkout / "vibes" / "__init__.py"), result.stderr


def test_a_mere_folder_named_vibes_is_not_in_the_way(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "vibes").mkdir(parents=True)
    result = load(checkout, tmp_path / "elsewhere")
    assert result.stdout.strip() == str(checkout / "vibes" / "__init__.py"), result.stderr


def test_an_unrelated_package_named_vibes_is_refused_by_path(
    checkout: Path, tmp_path: Path
) -> None:
    foreign = tmp_path / "site-packages" / "vibes" / "__init__.py"
    foreign.parent.mkdir(parents=True)
    foreign.touch()
    result = load(checkout, tmp_path / "site-packages")
    assert result.returncode == 1
    sentence = result.stderr.strip().splitlines()[-1]
    assert sentence.startswith("ImportError: The Vibes nodes cannot load")
    assert str(foreign) in sentence


def test_an_installed_copy_of_vibes_imgen_is_accepted(checkout: Path, tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    (site / "vibes").mkdir(parents=True)
    (site / "vibes" / "__init__.py").touch()
    (site / "vibes_imgen-0.1.0.dist-info").mkdir()
    (site / "vibes_imgen-0.1.0.dist-info" / "METADATA").write_text("Name: vibes-imgen\n")
    result = load(checkout, site)
    assert result.stdout.strip() == str(site / "vibes" / "__init__.py"), result.stderr


@pytest.mark.parametrize("mode", ["importlib", "prepend"])
def test_pytest_runs_in_a_checkout_whose_name_is_no_identifier(checkout: Path, mode: str) -> None:
    (checkout / "tests").mkdir()
    (checkout / "tests" / "test_one.py").write_text("import vibes\ndef test_one(): pass\n")
    result = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", f"--import-mode={mode}"),
            *("--rootdir", ".", "-p", "no:cacheprovider", "-o", "pythonpath=.", "tests"),
        ],
        cwd=checkout,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
