"""Imports point down only: read off the source, so that nothing is imported for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import lrfind

PACKAGE = Path(lrfind.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

COMMON = {"errors", "signals", "types", "registry", "formats", "printable", "__version__"}
"""What all may import."""

BELOW: dict[str, set[str]] = {
    "__init__": {"api", "answer"},
    "api": {"answer", "measure", "targets", "own", "engine", "config", "nowhere", "watch", "optimizer_table"},
    "answer": {"report", "store"},
    "targets": {"plan", "built_in", "own", "source", "config", "data", "engine", "models", "optimizers"},
    "own": {"source", "engine", "models", "data", "optimizers", "expression"},
    "source": {"engine", "data"},
    "__main__": {"cli", "own"},
    "cli": {
        "run",
        "own",
        "gallery",
        "train",
        "rehearsal",
        "watch",
        "tape",
        "report",
        "sinks",
        "store",
        "config",
        "judge",
        "optimizer_table",
        "folder",
        "files",
        "ownership",
        "claim",
        "logs",
        "analysis",
        "salvage",
        "salvage_train",
        "comparison",
        "decode",
    },
    "train": {
        "identity",
        "folder",
        "salvage",
        "run",
        "look",
        "confirm",
        "conclude",
        "pace",
        "plan",
        "watch",
        "config",
        "engine",
        "analysis",
        "store",
        "tape",
    },
    "rehearsal": {"run", "train", "plan", "watch", "config", "engine", "nowhere", "tape"},
    "look": {"holdout", "plan", "engine", "models"},
    "judge": {"config", "analysis"},
    "identity": {"config", "engine", "folder", "plan", "tape"},
    "run": {
        *("identity", "measure", "plan", "targets", "own", "confirm", "conclude", "watch", "salvage"),
        *("config", "engine", "store", "tape", "folder_choice", "ownership"),
    },
    "measure": {
        *(
            "identity",
            "climb",
            "confirm",
            "holdout",
            "evidence",
            "conclude",
            "plan",
            "watch",
            "nowhere",
            "tape",
            "store",
        ),
        *("config", "engine", "analysis"),
    },
    "salvage": {"config", "analysis", "folder", "fields", "expression"},
    "salvage_train": {"salvage", "analysis", "folder", "fields"},
    "comparison": {"analysis"},
    "conclude": {"climb", "confirm", "plan", "prescribe", "watch", "config", "engine", "analysis"},
    "prescribe": {"config", "analysis", "optimizers", "optimizer_table", "schedules"},
    "confirm": {"climb", "evidence", "holdout", "pace", "plan", "engine", "models", "analysis"},
    "holdout": {"plan", "data", "engine"},
    "gallery": {"pace", "analysis", "config"},
    "pace": {"engine", "analysis", "schedules"},
    "evidence": {"climb", "plan", "groups", "engine", "analysis"},
    "climb": {"config", "engine", "analysis"},
    "watch": {"tape"},
    "tape": {"store", "nowhere"},
    "nowhere": set(),
    "plan": {
        *("built_in", "null_model", "source", "config", "data", "engine", "models"),
        *("optimizers", "groups", "schedules", "expression"),
    },
    "built_in": {"config", "data", "models"},
    "null_model": {"source", "data"},
    "engine": {"analysis"},
    "config": {"optimizer_table"},
    "optimizers": {"optimizer_table", "expression", "groups"},
    "groups": set(),
    "schedules": {"expression", "analysis"},
    "report": {"", "analysis", "decode", "comparison"},  # where the package is, for the process that draws
    "sinks": set(),
    "analysis": set(),
    "models": set(),
    "data": set(),
    "store": {"claim", "files", "folder", "journal", "ownership", "state"},
    "folder_choice": {"claim", "folder", "ownership", "store"},
    "claim": {"files", "folder", "journal", "ownership"},
    "ownership": {"folder", "journal", "state"},
    "folder": {"files", "journal"},
    "fields": set(),
    "files": set(),
    "logs": set(),
    "decode": {"fields"},
    "formats": set(),
    "printable": set(),
    "journal": set(),
    "state": set(),
    "expression": set(),
    "optimizer_table": set(),
    "errors": set(),
    "signals": set(),
    "types": set(),
    "registry": set(),
}
"""What each part may import besides."""

ONLY_IN = {
    "jax": {
        "engine",
        "models",
        "optimizers",
        "groups",
        "schedules",
        "plan",
        "evidence",
        "look",
        "source",
        "own",
        "targets",
    },
    "jaxlib": {"engine"},
    "optax": {"engine", "models", "optimizers", "schedules"},
    "typer": {"cli"},
    "rich": {"cli", "report"},
    "matplotlib": {"report", "answer"},
    "plotext": {"report"},
    "jinja2": {"report"},
    "pydantic": {"config", "salvage"},
    "pydantic_core": {"config"},
    "ruamel": {"config"},
    "filelock": {"claim"},
}
"""Where a library may be imported."""


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Module and name of every import in a file, those inside of functions included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from ((node.module or "", alias.name) for alias in node.names)


def own(module: str, name: str) -> str | None:
    """The part of lrfind that an import reaches: ``""`` for the package itself, None for another library."""
    first, *rest = module.split(".")
    return (rest[0] if rest else name) if first == "lrfind" else None


def test_every_part_is_known() -> None:
    assert {part_of(path) for path in FILES} == set(BELOW)


@pytest.mark.parametrize("part", BELOW)
def test_imports_point_down(part: str) -> None:
    allowed = BELOW[part] | COMMON | {part}
    reached = {own(*each) for path in FILES if part_of(path) == part for each in imports(path)} - {None}
    assert reached <= allowed


def test_there_is_no_cycle() -> None:
    """The parts can be put in an order in which each imports earlier ones only."""
    left = {part: {below for below in BELOW[part] if below} for part in BELOW}
    while left:
        free = {part for part, below in left.items() if not below & left.keys()}
        assert free, f"a cycle among {sorted(left)}"
        left = {part: below for part, below in left.items() if part not in free}


def test_what_all_may_import_imports_little() -> None:
    reached = {
        own(*each) for path in FILES if part_of(path) in ("errors", "types", "registry") for each in imports(path)
    }
    assert reached == {None, "types"}, "and the types each other"


@pytest.mark.parametrize("library", ONLY_IN)
def test_libraries_have_their_places(library: str) -> None:
    users = {part_of(path) for path in FILES for module, _ in imports(path) if module.split(".")[0] == library}
    assert users <= ONLY_IN[library]


def test_no_private_name_crosses_files() -> None:
    found = [
        f"{path.name}: {module}.{name}"
        for path in FILES
        for module, name in imports(path)
        if module.startswith("lrfind") and name.startswith("_") and not name.startswith("__")
    ]
    assert found == []
