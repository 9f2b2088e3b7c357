"""Loading of a config: read, parse, apply `--set`, validate; all problems in one error."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lrfind.config import overrides, yaml_reader
from lrfind.config.read_text import read_text
from lrfind.config.schema import Config
from lrfind.config.sections.data import NpyData
from lrfind.config.validate import validate
from lrfind.core.errors import ConfigError, InputError, Problem

STDIN = "-"
SUFFIXES = (".yaml", ".yml")
MOST_PROBLEMS = 50
ARRAY_FILES = {key: str(NpyData.model_fields[key].default) for key in ("inputs", "targets")}


@dataclass(frozen=True)
class Loaded:
    """A config and where its parts stand.

    Attributes:
        config: the config; file paths in it are absolute.
        name: the file's stem, or ``"stdin"``.
        text: the YAML as it was read.
        where: how messages call the source.
        positions: dotted key -> 1-based line and column, for every key the text gives.
        overridden: dotted keys that `--set` gave.
        folder: where the file is, links followed; None for standard input.
    """

    config: Config
    name: str
    text: str
    where: str
    positions: Mapping[str, tuple[int, int]]
    overridden: frozenset[str] = frozenset()
    folder: Path | None = None

    def locate(self, error: InputError) -> Problem:
        """Return the problem of a later error, with the position of its key, or of the section that lacks it."""
        path = tuple(error.key.split(".")) if error.key else ()
        overridden = {tuple(dotted.split(".")) for dotted in self.overridden}
        positions = {tuple(dotted.split(".")): position for dotted, position in self.positions.items()}
        return _problem(str(error), path, self.where, positions, overridden)


def load(source: str | Path, overrides: Sequence[str] = (), *, stdin_text: str | None = None) -> Loaded:
    """Read a config.

    Args:
        source: a file, or ``"-"`` for `stdin_text`.
        overrides: ``"key.path=value"``, laid over the file in order.
        stdin_text: text of standard input, or of a file that was read already.

    Raises:
        ConfigError: with everything that is wrong, in the order of the text.
    """
    from_stdin = str(source) == STDIN
    if from_stdin and stdin_text is None:
        raise ValueError("a config from '-' needs stdin_text")
    where = "stdin" if from_stdin else str(source)
    text = read_text(source) if stdin_text is None else stdin_text.removeprefix("\ufeff")
    folder = None if from_stdin else Path(source).resolve().parent
    config, document, overridden = _understand(text, where, overrides, folder or Path.cwd())
    return Loaded(
        config=config,
        name=name_of(source),
        text=text,
        where=where,
        positions={_dotted(path): position for path, position in document.positions.items()},
        overridden=frozenset(map(_dotted, overridden)),
        folder=folder,
    )


def name_of(source: str | Path) -> str:
    """Return the name of a config's run: the file's stem; ``"config"`` where that is no name, as of ``...yaml``."""
    if str(source) == STDIN:
        return "stdin"
    stem = Path(source).stem
    return stem if stem.strip(". ") and stem.lower() not in SUFFIXES else "config"


def _understand(
    text: str, where: str, settings: Sequence[str], folder: Path
) -> tuple[Config, yaml_reader.Document, set[yaml_reader.Path]]:
    document = yaml_reader.read(text)
    changes, problems = overrides.parse(settings)
    overridden: set[yaml_reader.Path] = set()
    config = None
    if document.readable and document.value is None and not document.flaws:
        problems.append(Problem("is empty; `lrfind init` writes a config to start from", where=where))
    elif document.readable and not isinstance(document.value, dict):
        problems.append(Problem("must be sections with keys (model, data, optimizer, ...)", where=where))
    elif document.readable:
        overridden, blocked = overrides.apply(document, changes)
        overrides.expand_targets(document.value, document)
        problems += blocked
        _absolute_paths(document.value, folder, overridden)
        config, findings = validate(document.value, document.quoted)
        flawed = {flaw.path for flaw in document.flaws}
        problems += [
            _problem(problem.message, problem.path, where, document.positions, overridden)
            for problem in findings
            if problem.path not in flawed
        ]
    problems += [
        Problem(flaw.message, _dotted(flaw.path), where, *(flaw.position or (None, None))) for flaw in document.flaws
    ]
    if problems or config is None:
        raise ConfigError(_in_order(problems))
    return config, document, overridden


def _absolute_paths(value: dict[str, Any], folder: Path, overridden: set[yaml_reader.Path]) -> None:
    """Resolve relative paths: those of the file from its folder, those of `--set` from the working directory."""

    def absolute(path: str, key: yaml_reader.Path) -> str:
        base = Path.cwd() if _is_overridden(key, overridden) else folder
        home = os.path.expanduser("~") + path[1:] if path == "~" or path.startswith("~/") else path
        return os.path.normpath(os.path.join(base, home))

    for section in ("model", "data", "loss", "optimizer"):
        entry: Any = value.get(section)
        for key in ("target", "validation") if isinstance(entry, dict) else ():
            file, colon, name = str(entry.get(key)).rpartition(":")
            if isinstance(entry.get(key), str) and file.endswith(".py"):
                entry[key] = absolute(file, (section, key)) + colon + name
    data = value.get("data")
    if not isinstance(data, dict):
        return
    arrays = ARRAY_FILES if data.get("name") == "npy" else {}
    for key, default in (arrays or {"path": ""}).items():
        path = data.get(key) if key in data else default
        if isinstance(path, str) and path:
            data[key] = absolute(path, ("data", key))


def _problem(
    message: str,
    path: yaml_reader.Path,
    where: str,
    positions: Mapping[Any, tuple[int, int]],
    overridden: set[yaml_reader.Path] | set[tuple[str, ...]],
) -> Problem:
    if _is_overridden(path, overridden):
        return Problem(message, _dotted(path), overrides.WHERE)
    known = next((path[:end] for end in range(len(path), 0, -1) if path[:end] in positions), None)
    line, column = positions[known] if known else (None, None)
    return Problem(message, _dotted(path), where, line, column)


def _is_overridden(path: yaml_reader.Path, overridden: set[yaml_reader.Path] | set[tuple[str, ...]]) -> bool:
    return any(path[:end] in overridden for end in range(1, len(path) + 1))


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Sort problems by position in the text, those without one last, and cut the list to `MOST_PROBLEMS`."""
    ordered = sorted(problems, key=lambda problem: (problem.line is None, problem.line or 0, problem.column or 0))
    if len(ordered) <= MOST_PROBLEMS:
        return ordered
    rest = Problem(f"and {len(ordered) - MOST_PROBLEMS:,} more problems", where=ordered[-1].where)
    return [*ordered[:MOST_PROBLEMS], rest]


def _dotted(path: yaml_reader.Path) -> str:
    return ".".join(map(str, path))
