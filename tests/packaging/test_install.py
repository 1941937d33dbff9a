"""install.py: harmless without arguments, clear when something fails."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def install(tmp_path):
    """The module install.py, working on a copy of what it reads in an empty folder."""
    pins = ("config/constraints.txt", "config/constraints-scoring.txt")
    for name in ("install.py", "pyproject.toml", "README.md", "LICENSE", *pins):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    spec = importlib.util.spec_from_file_location("install_copy", tmp_path / "install.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def listing(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*"))


def test_without_arguments_it_changes_nothing_and_names_the_commands(tmp_path):
    folder = tmp_path / "vibes-imgen"
    folder.mkdir()
    shutil.copy(ROOT / "install.py", folder)
    before = listing(tmp_path)
    folder.chmod(0o555)
    command = [sys.executable, str(folder / "install.py")]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, env={})
    folder.chmod(0o755)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.count("\n") == 1
    assert all(command in result.stdout for command in ("demo", "setup", "test"))
    assert listing(tmp_path) == before


def test_it_imports_nothing_that_is_not_in_the_standard_library():
    program = (
        "import runpy, sys; sys.argv = ['install.py']\n"
        "try: runpy.run_path('install.py', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "known = sys.stdlib_module_names\n"
        "print([m for m in sys.modules if m.split('.')[0] not in known and m != '__main__'])"
    )
    run = [sys.executable, "-I", "-S", "-c", program]
    result = subprocess.run(run, cwd=ROOT, check=True, capture_output=True, text=True)
    assert result.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("arguments", [["tests"], ["setup", "now"], ["--port", "1"]], ids=" ".join)
def test_an_unknown_command_exits_with_2_and_shows_the_right_ones(install, capsys, arguments):
    assert install.main(arguments) == 2
    assert "is not a command" in capsys.readouterr().err
    assert not install.VENV.exists()


def test_too_old_a_python_is_told_which_one_is_needed(install, capsys, monkeypatch):
    monkeypatch.setattr(install, "OLDEST", (99, 0))
    assert install.main(["setup"]) == 1
    assert "Vibes needs Python 99.0 or newer" in capsys.readouterr().err
    assert not install.VENV.exists()


def test_a_failed_installation_says_what_to_do_and_is_tried_again(install, capsys, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    assert install.main(["setup"]) == 1
    assert "could not be installed" in capsys.readouterr().err
    assert install.PYTHON.exists()
    assert not install.STAMP.exists()


def test_a_second_set_up_has_nothing_to_do_until_the_requirements_change(install, capsys):
    install.BIN.mkdir(parents=True)
    install.PYTHON.touch()
    stamp = {"inputs": install.fingerprint(), "extras": ["dev", "studio"]}
    install.STAMP.write_text(json.dumps(stamp))
    assert install.main(["setup"]) == 0
    assert "Already set up" in capsys.readouterr().out
    install.CONSTRAINTS.write_text("numpy==1.26.4\n")
    assert install.fingerprint() != stamp["inputs"]


def test_the_gate_stops_at_the_first_failure_and_names_it(install, capfd, monkeypatch):
    def step(code):
        return [sys.executable, "-c", f"print('ran', {code}); raise SystemExit({code})"]

    steps = [("lint", step(0)), ("types", step(3)), ("tests", step(0))]
    monkeypatch.setattr(install, "gate", lambda _: steps)
    with pytest.raises(install.Failed, match="'types' failed with exit code 3") as caught:
        install.run_gate([])
    assert caught.value.code == 3
    assert [line for line in capfd.readouterr().out.splitlines() if "ran" in line] == [
        "ran 0",
        "ran 3",
    ]


def test_the_gate_sums_up_and_hands_arguments_to_pytest(install, capfd, monkeypatch):
    assert install.gate(["-k", "funnel"])[-1][1][-2:] == ["-k", "funnel"]
    monkeypatch.setattr(install, "gate", lambda _: [("lint", [sys.executable, "-c", ""])])
    assert install.run_gate([]) == 0
    assert "All 1 checks passed: lint." in capfd.readouterr().out
