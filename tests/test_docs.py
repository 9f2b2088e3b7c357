"""The README knows every command and option; what is public says what it is; nothing of one machine is in the text."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

import lrfind
from lrfind.cli.app import app
from lrfind.core.registry import DATA, LADDERS, LOSSES, METHODS, MODELS, SCHEDULES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
UNDERSTOOD = {"--help", "-h", "-q"}
"""Options that need no explanation, or stand beside their long form."""


def options() -> Iterator[tuple[str, str]]:
    """Command and name of every option."""
    for name, command in COMMANDS.items():
        for parameter in command.params:
            yield from ((name, option) for option in parameter.opts if option.startswith("-"))


@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_in_the_readme_and_has_help(command: str) -> None:
    assert f"`lrfind {command}" in README
    assert COMMANDS[command].help


@pytest.mark.parametrize(("command", "option"), [each for each in options() if each[1] not in UNDERSTOOD])
def test_option_is_in_the_readme_and_has_help(command: str, option: str) -> None:
    assert re.search(rf"(?<![\w-]){option}(?![\w-])", README)
    parameter = next(each for each in COMMANDS[command].params if option in each.opts)
    assert parameter.help


def test_options_in_the_readme_exist() -> None:
    negations = {option for command in COMMANDS.values() for each in command.params for option in each.secondary_opts}
    known = {option for _, option in options()} | negations | {"--version", "--help"}
    own = "\n".join(line for line in README.splitlines() if "lrfind" in line or line.startswith("|"))
    mentioned = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", "\n".join(own.split(" && "))))
    assert mentioned <= known


@pytest.mark.parametrize("name", [*MODELS, *DATA, *LOSSES, *SCHEDULES, *METHODS, *LADDERS])
def test_built_in_is_in_the_readme(name: str) -> None:
    assert re.search(rf"(?<!\w){name}(?!\w)", README)


def test_files_that_the_readme_names_exist() -> None:
    named = re.findall(r"(?:configs|benchmarks)/[\w./-]*\w\.\w+", README)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_exit_codes_are_in_the_readme() -> None:
    from lrfind.core.errors import ExitCode

    rows = "\n".join(re.findall(r"^\| (\d[\d, ]*) \|", README, re.MULTILINE))
    assert {int(code) for code in re.findall(r"\d+", rows)} >= set(ExitCode)


def undocumented(path: Path) -> Iterator[str]:
    """The public classes and functions of a file that have no docstring, and the file itself; empty files need none."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if tree.body and ast.get_docstring(tree) is None:
        yield path.stem
    for node in tree.body:
        documentable = isinstance(node, ast.ClassDef | ast.FunctionDef)
        if documentable and not node.name.startswith("_") and ast.get_docstring(node) is None:
            yield f"{path.stem}.{node.name}"


PACKAGE = Path(lrfind.__file__).parent


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_what_is_public_has_a_docstring(path: Path) -> None:
    assert list(undocumented(path)) == []


def tracked() -> list[Path]:
    """The repository's text files; nothing where this is no checkout."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8192]]


# Put together here, so that this file does not hold what it looks for.
HOMES = [rf"(?<![\w.~/-])/{home}/" + r"\w" for home in ("wo" + "rk", "ro" + "ot")]
HOSTS = [r"(?:files\.)?py" + r"(?:pi\.org|thonhosted)", r"(?:ind" + r"ex|mirror)[-.\w]*/simple", "extra-index" + "-url"]


@pytest.mark.parametrize("pattern", [*HOMES, *HOSTS])
def test_nothing_of_one_machine(pattern: str) -> None:
    files = tracked()
    if not files:
        pytest.skip("not a git checkout")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if re.search(pattern, line)
    ]
    assert found == []
