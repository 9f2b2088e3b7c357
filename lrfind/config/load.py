"""Loading of a config: read, parse, apply `--set`, validate; all problems in one error."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from lrfind.config.messages import shown
from lrfind.config.schema import Config
from lrfind.config.sections.base import OWN
from lrfind.config.sections.data import NpyData
from lrfind.config.validate import validate
from lrfind.config.yaml_reader import Document, read
from lrfind.config.yaml_reader import Path as KeyPath
from lrfind.core.errors import ConfigError, InputError, Problem
from lrfind.core.registry import near

WHERE = "--set"


def apply(document: Document, settings: Sequence[str]) -> tuple[set[str], list[Problem]]:
    """Lay settings over a document, in order.

    Args:
        document: gets the values, if it is a section itself.
        settings: each ``"key.path=value"``.

    Returns:
        The dotted keys that they set or make; and what is wrong with their form, then those that do not exist.
    """
    overridden: set[str] = set()
    malformed: list[Problem] = []
    blocked: list[Problem] = []
    _expand_bare_names(document)
    for setting in settings:
        key, equals, text = setting.partition("=")
        path = tuple(key.strip().split("."))
        if not equals or not all(path):
            message = f"must be key.path=value, such as train.steps=2000; got {shown(setting)}"
            malformed.append(Problem(message, where=WHERE))
            continue
        given = read(text)
        malformed += [Problem(flaw.message, ".".join(map(str, path + flaw.path)), WHERE) for flaw in given.flaws]
        if given.flaws or not isinstance(document.value, dict):
            continue
        section = document.value
        for depth, name in enumerate(path[:-1], start=1):
            dotted = ".".join(path[:depth])
            if section.get(name) is None:
                section[name] = {}
                overridden.add(dotted)
            section = section[name]
            if not isinstance(section, dict):
                message = f"{dotted} is {shown(section)} and has no keys; set {dotted} as a whole"
                blocked.append(Problem(message, ".".join(path), WHERE))
                break
        else:
            section[path[-1]] = given.value
            overridden.add(".".join(path))
            _replace_notes(document, path, given)
            _expand_bare_names(document)
    return overridden, malformed + blocked


def _replace_notes(document: Document, path: tuple[str, ...], given: Document) -> None:
    """Drop what is noted about the text of a value that is no longer the file's."""
    below = len(path)
    document.quoted = {noted for noted in document.quoted if noted[:below] != path}
    document.quoted |= {(*path, *rest) for rest in given.quoted}
    document.positions = {noted: position for noted, position in document.positions.items() if noted[:below] != path}


def expand_targets(document: Document) -> None:
    """Name the sections that refer to the user's own code."""
    for key in ("model", "data", "optimizer"):
        section = document.value.get(key)
        if isinstance(section, dict) and "target" in section and "name" not in section:
            section["name"] = OWN
            position = document.positions.get((key, "target"), document.positions.get((key,)))
            if position is not None:
                document.positions[key, "name"] = position


def _expand_bare_names(document: Document) -> None:
    """Write `schedule: cosine` as a section, so that its keys can be set and checked."""
    train: Any = document.value.get("train") if isinstance(document.value, dict) else None
    if isinstance(train, dict) and isinstance(train.get("schedule"), str):
        train["schedule"] = {"name": train["schedule"]}
        if ("train", "schedule") in document.positions:
            document.positions["train", "schedule", "name"] = document.positions["train", "schedule"]


MAX_BYTES = 1_000_000
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
        return _problem(str(error), error.key or "", self.where, self.positions, self.overridden)


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
    document = read(text)
    overridden, problems = apply(document, overrides)
    positions, config = {}, None
    if document.readable and document.value is None and not document.flaws:
        problems.append(Problem("is empty; `lrfind init` writes a config to start from", where=where))
    elif document.readable and not isinstance(document.value, dict):
        problems.append(Problem("must be sections with keys (model, data, optimizer, ...)", where=where))
    elif document.readable:
        expand_targets(document)
        _absolute_paths(document.value, folder or Path.cwd(), overridden)
        config, findings = validate(document.value, document.quoted)
        positions = {_dotted(path): position for path, position in document.positions.items()}
        flawed = {flaw.path for flaw in document.flaws}
        problems += [
            _problem(problem.message, _dotted(problem.path), where, positions, overridden)
            for problem in findings
            if problem.path not in flawed
        ]
    problems += [
        Problem(flaw.message, _dotted(flaw.path), where, *(flaw.position or (None, None))) for flaw in document.flaws
    ]
    if problems or config is None:
        raise ConfigError(_in_order(problems))
    return Loaded(config, name_of(source), text, where, positions, frozenset(overridden), folder)


def name_of(source: str | Path) -> str:
    """Return the name of a config's run: the file's stem; ``"config"`` where that is no name, as of ``...yaml``."""
    if str(source) == STDIN:
        return "stdin"
    stem = Path(source).stem
    return stem if stem.strip(". ") and stem.lower() not in SUFFIXES else "config"


def _absolute_paths(value: dict[str, Any], folder: Path, overridden: Collection[str]) -> None:
    """Resolve relative paths: those of the file from its folder, those of `--set` from the working directory."""

    def absolute(path: str, key: str) -> str:
        base = Path.cwd() if any(prefix in overridden for prefix in _prefixes(key)) else folder
        home = os.path.expanduser("~") + path[1:] if path == "~" or path.startswith("~/") else path
        return os.path.normpath(os.path.join(base, home))

    for section in ("model", "data", "loss", "optimizer"):
        entry: Any = value.get(section)
        for key in ("target", "validation") if isinstance(entry, dict) else ():
            file, colon, name = str(entry.get(key)).rpartition(":")
            if isinstance(entry.get(key), str) and file.endswith(".py"):
                entry[key] = absolute(file, f"{section}.{key}") + colon + name
    data = value.get("data")
    if not isinstance(data, dict):
        return
    arrays = ARRAY_FILES if data.get("name") == "npy" else {}
    for key, default in (arrays or {"path": ""}).items():
        path = data.get(key, default)
        if isinstance(path, str) and path:
            data[key] = absolute(path, f"data.{key}")


def _problem(
    message: str, key: str, where: str, positions: Mapping[str, tuple[int, int]], overridden: Collection[str]
) -> Problem:
    """Return the problem of a key: of `--set` if that gave it, else with its position, or that of its section."""
    prefixes = _prefixes(key)
    if any(prefix in overridden for prefix in prefixes):
        return Problem(message, key, WHERE)
    line, column = next((positions[prefix] for prefix in prefixes if prefix in positions), (None, None))
    return Problem(message, key, where, line, column)


def _prefixes(key: str) -> list[str]:
    """Return a dotted key and those of the sections around it, innermost first."""
    parts = key.split(".")
    return [".".join(parts[:end]) for end in range(len(parts), 0, -1)]


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Sort problems by position in the text, those without one last, and cut the list to `MOST_PROBLEMS`."""
    ordered = sorted(problems, key=lambda problem: (problem.line is None, problem.line or 0, problem.column or 0))
    if len(ordered) <= MOST_PROBLEMS:
        return ordered
    rest = Problem(f"and {len(ordered) - MOST_PROBLEMS:,} more problems", where=ordered[-1].where)
    return [*ordered[:MOST_PROBLEMS], rest]


def _dotted(path: KeyPath) -> str:
    return ".".join(map(str, path))


def read_text(source: str | Path) -> str:
    """Read a text file.

    Raises:
        ConfigError: it cannot be read, is no text, or is far too large for a config.
    """
    path = Path(source)
    try:
        with open(source, "rb") as file:
            return read_stream(file, str(source))
    except FileNotFoundError:
        reason = f"there is no such file{near(path.name, _names_in(path.parent))}"
    except IsADirectoryError:
        configs = [f", such as {name}" for name in _names_in(path) if name.endswith(SUFFIXES)]
        reason = f"is a folder; give the config file in it{''.join(configs[:1])}"
    except PermissionError:
        reason = "may not be read: permission denied"
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
    except ValueError:
        reason = "is not a file name"
    raise ConfigError([Problem(reason, where=str(source))])


def _names_in(folder: Path) -> list[str]:
    """Return the names in a folder, sorted; none where it cannot be read."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def read_stream(stream: BinaryIO, where: str) -> str:
    """Read an open file or standard input, up to the largest size of a config: UTF-8, without a byte order mark.

    Raises:
        ConfigError: it cannot be read, is no text, or is far too large for a config.
    """
    line: int | None = None
    column: int | None = None
    try:
        raw = stream.read(MAX_BYTES + 1)
        if len(raw) <= MAX_BYTES and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            return raw.decode("utf-8-sig")
        too_long = f"is larger than {MAX_BYTES:,} bytes; a config is a few lines"
        reason = too_long if len(raw) > MAX_BYTES else "is UTF-16; save it as UTF-8"
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        reason = f"is not UTF-8 text: byte 0x{raw[error.start]:02x}"
    raise ConfigError([Problem(reason, "", where, line, column)])
