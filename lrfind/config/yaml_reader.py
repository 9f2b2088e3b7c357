"""Sentences for the YAML parser's errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

COMMON = (
    ("mapping values are not allowed", "a ': ' where no key can be: check the indentation, or put the text in quotes"),
    ("found character '\\t'", "a tab: YAML indents with spaces"),
    ("could not find expected ':'", "a key without ': ' after it"),
    ("found unexpected end of stream", "a quote that is opened but not closed"),
    ("did not find expected", "not where the parser expects it: check the indentation of this line and the one before"),
    ("expected <block end>", "not where the parser expects it: check the indentation of this line and the one before"),
    ("expected ',' or ']'", "the list that starts here is not closed by a ']', or a ',' is missing in it"),
    ("expected ',' or '}'", "the section that starts here is not closed by a '}', or a ',' is missing in it"),
    ("found undefined tag handle", "a tag; values are plain text, numbers, true, false, lists and sections"),
    ("cannot start any token", "a character that cannot start a value: put the text in quotes"),
    ("found unknown escape", "a backslash that YAML does not know in double quotes: use single quotes"),
    ("expected '<document start>'", "text that belongs to nothing before it"),
    ("special characters are not allowed", "a control character; a config is plain text"),
)


def explain(error: Exception, text: str) -> tuple[str, tuple[int, int] | None]:
    """Return the sentence for a parser error, and its line and column."""
    message = str(error) if isinstance(error, AssertionError) else ""  # how ruamel.yaml meets a version such as 1.3
    if "version" in message or "incompatible YAML" in str(getattr(error, "problem", "")):
        line = next((i for i, line in enumerate(text.splitlines(), 1) if line.startswith("%YAML")), 1)
        return "not YAML: a version that there is not; write %YAML 1.2, or leave it out", (line, 1)
    message = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "")
    sentence = next((ours for theirs, ours in COMMON if theirs in message), message.strip() or "it cannot be read")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if any(word in sentence for word in ("starts here", "opened", "without")):  # the parser notices later on
        mark = getattr(error, "context_mark", None) or mark
    return f"not YAML: {sentence}", _place(error, mark, text)


def _place(error: Exception, mark: Any, text: str) -> tuple[int, int] | None:
    if mark is not None:
        return mark.line + 1, mark.column + 1
    offset = getattr(error, "position", None)
    if not isinstance(offset, int):
        return None
    before = text[:offset]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


Path = tuple[str | int, ...]
Position = tuple[int, int]  # line and column, 1-based

MAX_NODES = 10_000  # aliases counted as often as they are used; reading that many takes half a second
MAX_DEPTH = 32

_INT = re.compile(r"[-+]?[0-9]+")
_PREFIXED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"[-+]?\.(inf|Inf|INF)")
_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


@dataclass(frozen=True)
class Flaw:
    """Something wrong with the text."""

    message: str
    position: Position | None = None
    path: Path = ()


@dataclass
class Document:
    """Contents of a YAML text.

    Attributes:
        value: plain dicts, lists and scalars.
        positions: where each key (or item of a list) stands.
        quoted: paths of the texts that were written in quotes.
        pairs: the parser's events of each key and its value, where that is no list or section.
        flaws: what is wrong with the text itself.
        readable: whether `value` means anything; without it there is one flaw, in the syntax.
    """

    value: Any = None
    positions: dict[Path, Position] = field(default_factory=dict)
    quoted: set[Path] = field(default_factory=set)
    pairs: dict[Path, tuple[Any, Any]] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)
    readable: bool = True


class _Unreadable(Exception):
    def __init__(self, message: str, position: Position | None) -> None:
        self.flaw = Flaw(message, position)


def read(text: str) -> Document:
    """Read YAML text."""
    from ruamel.yaml.error import MarkedYAMLError, YAMLError, YAMLStreamError

    try:
        return _Reader(text).document
    except _Unreadable as error:
        return Document(flaws=[error.flaw], readable=False)
    except (MarkedYAMLError, YAMLError, YAMLStreamError, ValueError, RecursionError, AssertionError) as error:
        return Document(flaws=[Flaw(*explain(error, text))], readable=False)


class _Reader:
    """Makes a document of the parser's events; for an alias, the events of what it stands for are read again."""

    def __init__(self, text: str) -> None:
        from ruamel.yaml import YAML

        self.parser: Iterator[Any] = iter(YAML(typ="safe", pure=True).parse(text))
        self.events: list[Any] = []
        self.anchors: dict[str, int | None] = {}  # the event that it stands at; None: still open
        self.aliases: dict[int, int] = {}  # of an alias's event, that of what it stands for
        self.count = 0
        self.document = Document()
        if self.kind(1) == "DocumentStartEvent":
            self.document.value, end = self.value(2, (), self.document, 0)
            if self.kind(end + 1) == "DocumentStartEvent":
                message = "a second document starts here; a config is one document"
                raise _Unreadable(message, _position(self.events[end + 1]))

    def kind(self, index: int) -> str:
        """Return the kind of an event, which is one of those before or the next one."""
        if index >= len(self.events):
            self.events.extend(islice(self.parser, index + 1 - len(self.events)))
        return type(self.events[index]).__name__

    def value(
        self, index: int, path: Path, document: Document, depth: int, alias: Position | None = None
    ) -> tuple[Any, int]:
        """Return the value that begins at an event, and the index of the event behind it.

        Args:
            index: of the event.
            path: of the value.
            document: gets what is to be known of the value.
            depth: levels of nesting above it.
            alias: position of the outermost alias that is read; None for none.
        """
        value: Any
        kind = self.kind(index)
        event = self.events[index]
        position = _position(event)
        if depth > MAX_DEPTH:
            raise _Unreadable(f"nested more than {MAX_DEPTH} levels deep", alias or position)
        if kind == "AliasEvent":
            value, _ = self.value(self.target(index), path, document, depth, alias or position)
            return value, index + 1
        self.count += 1
        if self.count > MAX_NODES:
            message = f"more than {MAX_NODES:,} values, aliases counted each time they are used"
            raise _Unreadable(message, alias or position)
        if path:  # Of a key that is there already; of an item of a list, this one.
            position = document.positions.setdefault(path, position)
        if event.tag is not None:
            message = "has a tag; values are plain text, numbers, true, false, lists and sections"
            document.flaws.append(Flaw(message, position, path))
        if event.anchor and alias is None:
            self.anchors[event.anchor] = None
        if kind == "ScalarEvent":
            value, end = self.scalar(event, position, path, document), index + 1
        elif kind == "SequenceStartEvent":
            value, end = [], index + 1
            while self.kind(end) != "SequenceEndEvent":
                item, end = self.value(end, (*path, len(value)), document, depth + 1, alias)
                value.append(item)
            end += 1
        else:
            value, end = self.pairs(index + 1, path, document, depth + 1, alias)
        if event.anchor and alias is None:
            self.anchors[event.anchor] = index
        return value, end

    def target(self, index: int) -> int:
        """Return the event of what an alias stands for, by the anchors before it."""
        if index not in self.aliases:
            event = self.events[index]
            if event.anchor not in self.anchors:
                message = f"*{event.anchor} stands for nothing: there is no &{event.anchor} before it"
                hint = f" (a text that begins with * needs quotes: '*{event.anchor}')" if "." in event.anchor else ""
                raise _Unreadable(message + hint, _position(event))
            target = self.anchors[event.anchor]
            if target is None:
                raise _Unreadable(f"*{event.anchor} would contain itself", _position(event))
            self.aliases[index] = target
        return self.aliases[index]

    def scalar(self, event: Any, position: Position, path: Path, document: Document) -> Any:
        """Return the value of a scalar: text in quotes, or what plain text stands for."""
        if event.style is not None:
            document.quoted.add(path)
            if "\0" in event.value or any("\ud800" <= letter <= "\udfff" for letter in event.value):
                document.flaws.append(Flaw("holds a character that text cannot hold", position, path))
            return event.value
        try:
            return scalar(event.value)
        except ValueError:
            document.flaws.append(Flaw("is a number of too many digits", position, path))
            return None

    def pairs(
        self, index: int, path: Path, document: Document, depth: int, alias: Position | None
    ) -> tuple[dict[str, Any], int]:
        """Return a section, as `value` does, from the event of its first key on."""
        values: dict[str, Any] = {}
        while self.kind(index) != "MappingEndEvent":
            key_event, of_key = self.events[index], Document()
            key, index = self.value(index, (), of_key, depth, alias)
            message, at = "", (*path, str(key))
            if of_key.flaws or not isinstance(key, str):
                message, at = "a key must be plain text", path
            elif key == "<<":
                message, at = "'<<' is not part of YAML 1.2; write the keys out", path
            elif key in values:
                message = f"given twice; first on line {document.positions[at][0]}"
            if message:
                document.flaws.append(Flaw(message, _position(key_event), at))
                _, index = self.value(index, (), Document(), depth, alias)
                continue
            document.positions[at] = _position(key_event)
            if self.kind(index) in ("ScalarEvent", "AliasEvent"):
                document.pairs[at] = (key_event, self.events[index])
            values[key], index = self.value(index, at, document, depth, alias)
        return values, index + 1


def scalar(text: str) -> Any:
    """Return the value of a plain (unquoted) scalar under the core schema of YAML 1.2."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _PREFIXED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INFINITY.fullmatch(text):
        return float(text.replace(".", ""))
    return text


def _position(event: Any) -> Position:
    return event.start_mark.line + 1, event.start_mark.column + 1
