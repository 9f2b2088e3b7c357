"""What a command imports before it has anything to do: start-up is most of the time of a small sweep."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"jax", "jaxlib", "optax", "matplotlib", "pandas", "plotext", "numpy", "scipy"}
CONFIG = {"pydantic", "ruamel"}

PROBE = """
import sys
from contextlib import suppress
from lrfind.__main__ import main
sys.argv = ["lrfind", *sys.argv[1:]]
with suppress(SystemExit):
    main()
print("MODULES", *{name.partition(".")[0] for name in sys.modules})
"""


def imported(code: str, *arguments: str) -> set[str]:
    """The top-level modules that are there after some code."""
    ran = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return set(ran.stdout.rpartition("MODULES")[2].split())


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        ("--help", HEAVY | CONFIG),
        ("--version", HEAVY | CONFIG | {"rich"}),
        ("sweep --help", HEAVY | {"ruamel"}),  # typer itself takes pydantic for a command's options
        ("list", HEAVY),
        ("schema", HEAVY),
        ("init -", HEAVY),
        ("sweep no-such-file.yaml", HEAVY),
    ],
)
def test_commands_import_no_more_than_they_need(arguments: str, unwanted: set[str]) -> None:
    found = imported(PROBE, *arguments.split())
    assert "typer" in found
    assert found & unwanted == set()


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("lrfind", HEAVY | CONFIG | {"typer", "rich"}),
        ("lrfind.config.load", HEAVY | {"typer", "rich"}),
        ("lrfind.analysis.range_test.methods", {"jax", "optax", "matplotlib", *CONFIG}),
        ("lrfind.report.render", {"jax", "optax", "matplotlib", "rich", "plotext", *CONFIG}),
        ("lrfind.report.sweep.sweep_text", {"jax", "optax", "matplotlib", *CONFIG}),
        ("lrfind.runs.sweep", {"jax", "optax", "matplotlib", "rich", "typer"}),
    ],
)
def test_modules_import_no_more_than_they_need(module: str, unwanted: set[str]) -> None:
    assert imported(f'import sys, {module}\nprint("MODULES", *sys.modules)') & unwanted == set()
