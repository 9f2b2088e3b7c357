"""Imports point down only, and the tree stays small: read off the source, so that nothing is imported for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import lrfind

PACKAGE = Path(lrfind.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

LAYERS = {
    "core": set(),
    "analysis": {"core"},
    "config": {"core"},
    "engine": {"core"},
    "storage": {"core", "config", "analysis"},
    "report": {"core", "analysis"},
    "task": {"core", "config", "analysis", "engine"},
    "runs": {"core", "config", "analysis", "engine", "storage", "task"},
    "api": {"core", "config", "analysis", "engine", "storage", "report", "task", "runs"},
    "cli": {"core", "config", "analysis", "engine", "storage", "report", "task", "runs", "api"},
}
"""What each layer may import: core < analysis, config < engine, storage, report < task < runs < api < cli."""

ABOVE = {"__init__": {"core", "api"}, "__main__": {"core", "task", "cli"}}

LIBRARIES = {
    "typer": {"cli"},
    "rich": {"cli", "report"},
    "matplotlib": {"report"},
    "plotext": {"report"},
    "jinja2": {"report"},
    "pydantic": {"config"},
    "pydantic_core": {"config"},
    "ruamel": {"config"},
    "jax": {"engine", "task", "runs"},
    "jaxlib": {"engine"},
    "optax": {"engine", "task"},
    "filelock": {"storage"},
}
"""The layers in which a library may be imported."""

LAZY = ("cli/app.py", "cli/commands/", "report/render.py", "core/registry.py", "__init__.py", "__main__.py")
"""Where imports of the package may stand inside of functions: for start-up."""

ENTRIES = 12
LENGTH = 300

# Exceptions, which may only become fewer.
LIBRARY_USERS = {"answer.py: matplotlib"}
LONG: set[str] = set()
LAZY_FILES = {
    "answer.py",
    "cli/command.py",
    "cli/outputs.py",
    "engine/devices.py",
    "report/html/page.py",
    "report/sweep/sweep_text.py",
    "report/train/training_report.py",
    "runs/prepare.py",
    "runs/sweep.py",
    "runs/train.py",
}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def layer_of(path: Path) -> str:
    return layer(path.relative_to(PACKAGE).with_suffix("").parts[0])


def layer(name: str) -> str:
    return "api" if name == "answer" else name


def imported(node: ast.AST, path: Path) -> Iterator[tuple[str, str]]:
    """Module and name of every import below a node."""
    for child in ast.walk(node):
        if isinstance(child, ast.Import):
            yield from ((alias.name, "") for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"{path}: imports are absolute"
            yield from ((child.module or "", alias.name) for alias in child.names)


def layers_in(path: Path) -> set[str]:
    """The layers that a file imports."""
    found = set()
    for module, name in imported(tree_of(path), path):
        first, *rest = module.split(".")
        if first == "lrfind" and (rest or name):
            found.add(layer(rest[0] if rest else name))
    return found


def has_lazy_imports(path: Path) -> bool:
    """Whether a function of a file imports from the package."""
    functions = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef)]
    return any(module.split(".")[0] == "lrfind" for node in functions for module, _ in imported(node, path))


def test_the_root_has_few_entries() -> None:
    entries = {path.name for path in PACKAGE.iterdir() if not path.name.startswith((".", "__"))} - {"py.typed"}
    assert len(entries) <= ENTRIES
    assert {layer_of(path) for path in FILES} <= LAYERS.keys() | ABOVE.keys()


@pytest.mark.parametrize("layer", [*LAYERS, *ABOVE])
def test_imports_point_down(layer: str) -> None:
    allowed = {**LAYERS, **ABOVE}[layer] | {layer}
    wrong = {
        f"{name_of(path)}: {found}" for path in FILES if layer_of(path) == layer for found in layers_in(path) - allowed
    }
    assert wrong == set()


def test_libraries_have_their_layers() -> None:
    found = {
        f"{name_of(path)}: {library}"
        for path in FILES
        for library in {module.split(".")[0] for module, _ in imported(tree_of(path), path)} & LIBRARIES.keys()
        if layer_of(path) not in LIBRARIES[library]
    }
    assert found == LIBRARY_USERS


def test_files_are_short() -> None:
    assert {name_of(path) for path in FILES if len(path.read_text(encoding="utf-8").splitlines()) > LENGTH} == LONG


def test_imports_inside_of_functions_are_for_start_up_alone() -> None:
    lazy = {name_of(path) for path in FILES if has_lazy_imports(path)}
    assert {name for name in lazy if not name.startswith(LAZY) and not name.endswith("__init__.py")} == LAZY_FILES


def test_no_private_name_crosses_files() -> None:
    found = [
        f"{name_of(path)}: {module}.{name}"
        for path in FILES
        for module, name in imported(tree_of(path), path)
        if module.startswith("lrfind") and name.startswith("_") and not name.startswith("__")
    ]
    assert found == []
