"""The workflows of docs/ci.md and the hooks for pre-commit: they parse, and every command and option in them exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main
from ruamel.yaml import YAML

from lrfind.cli.app import app

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def documents() -> dict[str, Any]:
    """The page's YAML by its first key."""
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    parsed = [YAML(typ="safe").load(block) for block in blocks]
    return {next(iter(each)): each for each in parsed}


def hooks() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = YAML(typ="safe").load(ROOT / ".pre-commit-hooks.yaml")
    return found


def lines() -> list[str]:
    """Every command line of lrfind in them."""
    found = documents()
    steps = found["name"]["jobs"]["lrfind"]["steps"]
    scripts = [step["run"] for step in steps if "run" in step] + found["lrfind"]["lrfind"]["script"]
    given = {hook["id"]: hook for hook in found["repos"]["repos"][0]["hooks"]}
    scripts += [" ".join([hook["entry"], *hook["args"], "c.yaml"]) for hook in hooks()]
    scripts += [
        " ".join([hook["entry"], *given[hook["id"]]["args"], "c.yaml"]) for hook in hooks() if hook["id"] in given
    ]
    return [line for line in scripts if line.startswith("lrfind ")]


def test_all_are_found() -> None:
    assert list(documents()) == ["name", "lrfind", "repos"]
    assert len(lines()) == 5


@pytest.mark.parametrize("line", lines())
def test_command_and_options_exist(line: str) -> None:
    _, name, *arguments = shlex.split(line)
    context = COMMANDS[name].make_context(name, list(arguments))
    assert context.params["configs"]


def test_what_gitlab_reads_is_what_is_written() -> None:
    job = documents()["lrfind"]["lrfind"]
    script = shlex.split(job["script"][-1])
    assert job["artifacts"]["reports"]["junit"] == script[script.index("--output") + 1]


def test_the_hooks_of_the_page_exist() -> None:
    wanted = {hook["id"] for hook in documents()["repos"]["repos"][0]["hooks"]}
    assert wanted <= {hook["id"] for hook in hooks()}
    for hook in hooks():
        assert {"id", "name", "entry", "language"} <= hook.keys()
        assert f"`{hook['id']}`" in PAGE
