"""The blocks of code in the pages of the documentation, in order."""

from __future__ import annotations

import io
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from ruamel.yaml import YAML

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILES = HERE / "files"
"""What lies in the folder that a page's blocks are run in."""

LANGUAGES = {"python", "bash", "yaml", "text"}
"""What a block may be called; `text` is not run."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        page: path of the page from the root of the repository.
        line: 1-based, of the first line of `text`.
        language: what the fence says, such as ``python``.
        text: what is in it.
    """

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def file(self) -> str:
        """Name of the file that the block is the text of, by a comment that is its first line; empty if none."""
        first = self.text.partition("\n")[0]
        name = first.removeprefix("# ")
        return name if name != first and " " not in name and "." in name else ""

    @property
    def is_config(self) -> bool:
        """Whether the block is a config of lrfind, or sections of one."""
        return self.language == "yaml" and not self.file


@dataclass(frozen=True)
class Exceptions:
    """What is not run, each with its reason.

    Attributes:
        steps: page and step of a bash block.
        programs: programs that a machine may lack; a step that calls one is left out there.
    """

    steps: dict[tuple[str, str], str]
    programs: dict[str, str]


@cache
def exceptions() -> Exceptions:
    """Read ``not_run.toml``."""
    listed = tomllib.loads((HERE / "not_run.toml").read_text(encoding="utf-8"))
    steps = {(entry["page"], entry["step"]): entry["reason"] for entry in listed["step"]}
    assert len(steps) == len(listed["step"])
    return Exceptions(steps, {entry["program"]: entry["reason"] for entry in listed["program"]})


@cache
def pages() -> tuple[str, ...]:
    """Return the pages: README, CONTRIBUTING, and all of docs."""
    paths = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
    return tuple(path.relative_to(ROOT).as_posix() for path in paths)


@cache
def blocks() -> tuple[Block, ...]:
    """Return the blocks of all pages; directives of the site, ``{name}``, are none."""
    return tuple(
        Block(page, token.map[0] + 2, token.info.strip(), token.content)
        for page in pages()
        for token in MarkdownIt().parse((ROOT / page).read_text(encoding="utf-8"))
        if token.type in ("fence", "code_block") and token.map is not None and not token.info.startswith("{")
    )


def steps(text: str) -> list[str]:
    """Return the commands of a bash block: its lines, less comments; a line that ends in a backslash goes on."""
    joined = text.replace("\\\n", "")
    return [line.strip() for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def programs_of(step: str) -> set[str]:
    """Return the programs that a pipeline calls."""
    return {part.split()[0] for part in step.replace("&&", "|").split("|") if part.split()}


def merged(text: str) -> str:
    """Return a config: the sections of a block laid over those of ``files/config.yaml``."""
    yaml = YAML()
    whole: dict[str, Any] = yaml.load(FILES / "config.yaml")
    whole.update(YAML().load(text))
    written = io.StringIO()
    yaml.dump(whole, written)
    return written.getvalue()
