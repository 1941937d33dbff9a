from __future__ import annotations

import os
import subprocess
import sys

import pytest
import typer

from companion_app.cli import app

COMMANDS = typer.main.get_command(app).commands
LEAVES = [
    *([name] for name, command in COMMANDS.items() if not hasattr(command, "commands")),
    *(
        [name, below]
        for name, group in COMMANDS.items()
        for below in getattr(group, "commands", ())
    ),
]


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_and_option_explains_itself(path):
    command = COMMANDS[path[0]]
    for name in path[1:]:
        command = command.commands[name]
    assert command.help
    assert all(parameter.help for parameter in command.params if parameter.name != "help")


def test_help_into_a_pipe_is_plain_text(vibes):
    result = vibes("--help")
    assert result.returncode == 0
    assert "generate" in result.stdout
    assert "\x1b" not in result.stdout
    assert "╭" not in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["generat", "x"],
        ["generate", "x"],
        ["generate", "x", "--out", "o", "--count", "0"],
        ["generate", "x", "--out", "o", "--count", "201"],
        ["generate", "x", "--out", "o", "--aspect", "round"],
        ["serve", "--port", "70000"],
        ["embedded", "--port", "0", "--speed", "0"],
    ],
    ids=" ".join,
)
def test_a_wrong_call_exits_with_2_and_says_why(vibes, arguments):
    result = vibes(*arguments)
    assert result.returncode == 2
    assert "Error: " in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="there is no /dev/full, and no way to close an output")
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["serve", "--port", "0"]])
@pytest.mark.parametrize("output", [">&-", ">/dev/full"])
def test_an_output_that_takes_nothing_is_a_sentence(tmp_path, arguments, output):
    command = f'exec "$@" {output}'
    vibes = [sys.executable, "-m", "companion_app", *arguments]
    result = subprocess.run(
        ["sh", "-c", command, "sh", *vibes],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "VIBES_DATA_DIR": str(tmp_path)},
    )
    assert result.returncode == 1
    assert result.stderr.startswith("vibes: Standard output ")
    assert result.stderr.count("\n") == 1


def test_a_mistake_in_the_configuration_is_one_sentence_with_its_line(vibes, tmp_path):
    config = tmp_path / "studio.yaml"
    config.write_text("servers:\n  - name: a\n    ulr: http://a")
    result = vibes("serve", "--config", config, "--data-dir", tmp_path / "data")
    assert result.returncode == 2
    assert result.stderr == (
        f"vibes: {config}:3: unknown key 'ulr' in servers[0]; did you mean 'url'?\n"
    )
    assert not (tmp_path / "data").exists()
