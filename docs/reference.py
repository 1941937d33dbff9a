"""Reference pages out of the code itself; cog pastes what these functions print."""

from __future__ import annotations

import ast
import inspect
import json
import re
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from companion_app.cli import app
from vibes.settings import LoraWeights, ServerConfig, Settings, Stage, Tier
from vibes.storage import open_database

WIDTH = 88
ROOT = Path(__file__).parents[1]


def print_commands() -> None:
    """The help of every command."""
    for path, help_text in _helps(typer.main.get_command(app), "vibes"):
        print(f"\n## `{path}`\n\n```text\n{help_text}\n```")


def print_settings() -> None:
    """One table per kind of setting."""
    print("\n## Settings\n")
    _print_table(Settings, variables=True)
    parts = {"servers": ServerConfig, "tiers": Tier, "stages": Stage, "lora_weights": LoraWeights}
    for key, model in parts.items():
        print(f"\n## `{key}`\n\n{model.__doc__}\n")
        _print_table(model)


def _helps(command: Any, path: str) -> Iterator[tuple[str, str]]:
    command.rich_markup_mode = None  # the same text whether or not a terminal looks on
    context = command.context_class(
        command, info_name=path, terminal_width=WIDTH, max_content_width=WIDTH
    )
    yield path, command.get_help(context)
    for name, below in getattr(command, "commands", {}).items():
        yield from _helps(below, f"{path} {name}")


def _print_table(model: type[BaseModel], *, variables: bool = False) -> None:
    print("| key | default | meaning |", "|---|---|---|", sep="\n")
    meanings = _meanings(model)
    for name, field in model.model_fields.items():
        key = f"`{name}`" + (f" `VIBES_{name.upper()}`" if variables else "")
        print(f"| {key} | {_default(field)} | {meanings.get(name, '')} |")


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """The string below each field, in one line; read here so that no program pays for it."""
    [definition] = ast.parse(inspect.getsource(model)).body
    assert isinstance(definition, ast.ClassDef)
    return {
        field.target.id: " ".join(below.value.value.split())
        for field, below in pairwise(definition.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
    }


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default_factory is not None:
        return "depends on the system"
    if field.default in (None, (), {}):
        return "none"
    if isinstance(field.default, BaseModel):
        return "as below"
    return f"`{field.default}`" if not isinstance(field.default, tuple) else f"`{field.default[0]}`"


def _one_per_line(schema: str) -> str:
    """A table's statement with each column on a line: SQLite hangs added ones on the last."""
    head, _, rest = schema.partition("(")
    depth, columns = 0, [""]
    for letter in rest.rpartition(")")[0]:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            columns.append("")
        else:
            columns[-1] += letter
    lines = [re.sub(r"\n\s*", "\n        ", column.strip()) for column in columns]
    return f"{head.strip()} (\n    " + ",\n    ".join(lines) + "\n)"


def print_schema() -> None:
    """Every table with its columns, as SQLite has them."""
    with tempfile.TemporaryDirectory() as directory:
        db = open_database(Path(directory))
        for table in db.tables:
            if not table.name.startswith(("_", "sqlite_")):  # bookkeeping of the libraries
                print(f"\n## `{table.name}`\n\n```sql\n{_one_per_line(table.schema)}\n```")
        db.close()


def print_nodes() -> None:
    """Every node with its inputs and outputs, in the order of ComfyUI's menu."""
    told = json.loads((ROOT / "tests" / "nodes" / "object_info.json").read_text())
    texts = json.loads((ROOT / "locales" / "en" / "nodeDefs.json").read_text())
    for node in sorted(told, key=lambda name: (told[name]["category"], name)):
        _print_node(told[node], texts[node])


def _print_node(told: dict[str, Any], texts: dict[str, Any]) -> None:
    print(f"\n### {told['display_name']}\n\n`{told['name']}` in *{told['category']}*.")
    print(f"{texts['description']}\n\n| input | kind | meaning |\n|---|---|---|")
    for group in ("required", "optional"):
        for name in told["input_order"].get(group, ()):
            kind = _kind(*told["input"][group][name])
            print(f"| **{name}** | {kind} | {_plain(texts['inputs'][name]['tooltip'])} |")
    if told["output"]:
        print("\n| output | kind | meaning |\n|---|---|---|")
    for place, (name, kind) in enumerate(zip(told["output_name"], told["output"], strict=True)):
        meaning = _plain(texts["outputs"][str(place)]["tooltip"])
        print(f"| **{name}** | {_type(kind)} | {meaning} |")


def _kind(kind: Any, extra: dict[str, Any]) -> str:
    """What an input takes, and what it is at first."""
    if kind == "COMBO":
        options = extra.get("options")
        return " \\| ".join(map(str, options)) if options else "one of what is there"
    first = extra.get("default")
    return _type(kind) + (f", `{first}`" if first not in (None, "") else "")


def _type(kind: str) -> str:
    return "any" if kind == "*" else kind


def _plain(text: str) -> str:
    """Without what Markdown would take for a tag or a cell."""
    return text.replace("<", "&lt;").replace("|", "\\|")
