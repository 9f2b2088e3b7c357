"""Every test has one marker of what it needs, and those of units import no JAX."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import installed_by_ci
from tests.support.kinds import COMPILES, LONGEST, PROCESS, TESTS, UNIT, kind_of

FILES = sorted(TESTS.rglob("test_*.py"))
UNITS = [path for path in FILES if kind_of(path) == "unit"]
KINDS = {"unit", "compiles", "process"}


def test_every_name_in_the_lists_is_there() -> None:
    for name in (*UNIT, *COMPILES, *PROCESS, *LONGEST):
        assert (TESTS / name).exists(), name


def test_every_test_has_one_marker(request: pytest.FixtureRequest) -> None:
    for item in request.session.items:
        kinds = {marker.name for marker in item.iter_markers()} & KINDS
        assert kinds == {kind_of(item.path)}, item.nodeid


def imports(path: Path) -> set[str]:
    """Libraries that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_names_neither_jax_nor_processes(path: Path) -> None:
    assert not imports(path) & {"jax", "optax", "multiprocessing"}


CODE = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    assert "jax" not in sys.modules, name
"""


def test_units_import_no_jax() -> None:
    """Importing their modules does not; `pytest -m unit` holds each test to it while it runs."""
    modules = [".".join(path.relative_to(TESTS.parent).with_suffix("").parts) for path in UNITS]
    command = [sys.executable, "-c", CODE, *modules]
    ran = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_what_ci_installs_is_read_off_its_extras() -> None:
    installed = installed_by_ci()
    assert {"pytest", "hypothesis", "equinox", "pyarrow", "sphinx", "mypy"} <= installed
    assert not {"flax", "keras", "jax", "lrfind"} & installed
