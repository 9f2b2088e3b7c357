"""README and docs know every command and option; their links lead somewhere; no text is of one machine."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from lrfind.cli.app import app
from lrfind.core.registry import DATA, LADDERS, LOSSES, METHODS, MODELS, SCHEDULES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
UNDERSTOOD = {"--help", "-h", "-q"}
"""Options that need no explanation, or stand beside their long form."""


def options() -> Iterator[tuple[str, str]]:
    """Command and name of every option."""
    for name, command in COMMANDS.items():
        for parameter in command.params:
            yield from ((name, option) for option in parameter.opts if option.startswith("-"))


def test_commands_are_in_the_docs_and_have_help() -> None:
    assert [name for name, command in COMMANDS.items() if f"`lrfind {name}" not in TEXT or not command.help] == []


def test_options_are_in_the_docs_and_have_help() -> None:
    named = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*(?![\w-])", TEXT))
    assert [(command, option) for command, option in options() if option not in named | UNDERSTOOD] == []
    assert [each.name for command in COMMANDS.values() for each in command.params if not each.help] == []


def test_options_in_the_docs_exist() -> None:
    negations = {option for command in COMMANDS.values() for each in command.params for option in each.secondary_opts}
    known = {option for _, option in options()} | negations | {"--version", "--help"}
    own = "\n".join(line for line in TEXT.splitlines() if "lrfind" in line or line.startswith("|"))
    mentioned = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", "\n".join(own.split(" && "))))
    assert mentioned <= known


def test_built_ins_are_in_the_docs() -> None:
    names = [*MODELS, *DATA, *LOSSES, *SCHEDULES, *METHODS, *LADDERS]
    assert [name for name in names if not re.search(rf"(?<!\w){name}(?!\w)", TEXT)] == []


def test_files_that_the_docs_name_exist() -> None:
    named = re.findall(r"(?:configs|benchmarks)/[\w./-]*\w\.\w+", TEXT)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_exit_codes_are_in_the_docs() -> None:
    from lrfind.core.errors import ExitCode

    rows = "\n".join(re.findall(r"^\| (\d[\d, ]*) \|", TEXT, re.MULTILINE))
    assert {int(code) for code in re.findall(r"\d+", rows)} >= set(ExitCode)


def test_the_readme_is_short_and_begins_with_the_two_commands() -> None:
    lines = README.splitlines()
    assert len(lines) <= 250
    first_screen = "\n".join(lines[:20])
    assert "lrfind sweep configs/digits-mlp-adamw.yaml" in first_screen
    assert "python -m pytest" in first_screen


def test_the_comparison_in_the_readme_has_the_measured_numbers() -> None:
    """Median, mean and share of each finder stand together in a row of the page of measurements."""
    rows = [line.replace("*", "") for line in README.partition("## Where it stands")[2].splitlines() if "0." in line]
    measured = (ROOT / "docs" / "measurements.md").read_text(encoding="utf-8").replace("*", "").splitlines()
    numbers = [re.findall(r"\| (\d\.\d+)(?= \|)", row)[:3] for row in rows if row.startswith("|")]
    assert len(numbers) >= 6
    assert all(len(row) == 3 for row in numbers)
    assert [row for row in numbers if not any(set(row) <= set(re.findall(r"\d\.\d+", line)) for line in measured)] == []


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and MyST make them."""
    texts = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w -]", "", text).lower().replace(" ", "-") for text in texts}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_links_lead_to_a_file_and_a_heading(page: Path) -> None:
    dead = []
    prose = re.sub(r"`[^`\n]*`", "code", re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.M | re.S))
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if "://" not in link and (not target.exists() or (anchor and anchor not in anchors(target))):
            dead.append(link)
    assert dead == []


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    trees = re.findall(r"```{toctree}\n(.*?)```", index, re.DOTALL)
    listed = [line for tree in trees for line in tree.splitlines() if line and not line.startswith(":")]
    assert sorted(listed) == sorted(page.stem for page in PAGES[1:] if page.stem != "index")


def test_docstrings_are_linted() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    assert "D" in settings["select"]
    assert settings["pydocstyle"]["convention"] == "google"


def test_modules_in_the_guides_exist() -> None:
    guides = [ROOT / "CONTRIBUTING.md", ROOT / "docs" / "architecture.md"]
    named = {name for guide in guides for name in re.findall(r"`((?:lrfind|tests)/[\w/.]*)`", guide.read_text("utf-8"))}
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


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
