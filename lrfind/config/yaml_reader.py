"""Sentences for the YAML parser's errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
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
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"([-+]?)\.(inf|Inf|INF)")
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
        flaws: what is wrong with the text itself.
        readable: whether `value` means anything; without it there is one flaw, in the syntax.
    """

    value: Any = None
    positions: dict[Path, Position] = field(default_factory=dict)
    quoted: set[Path] = field(default_factory=set)
    flaws: list[Flaw] = field(default_factory=list)
    readable: bool = True


class _Unreadable(Exception):
    def __init__(self, message: str, position: Position | None) -> None:
        self.flaw = Flaw(message, position)


@dataclass(eq=False)
class _Node:
    """A piece of the document; an alias is the same node again."""

    position: Position
    value: Any = None
    quoted: bool = False
    pairs: list[tuple[_Node, _Node]] | None = None
    items: list[_Node] | None = None
    flaws: list[str] = field(default_factory=list)
    size: int = 1
    height: int = 0

    def take(self, child: _Node) -> None:
        self.size += child.size
        self.height = max(self.height, child.height + 1)


def read(text: str) -> Document:
    """Read YAML text."""
    from ruamel.yaml.error import MarkedYAMLError, YAMLError, YAMLStreamError

    from lrfind.config.yaml_reader import explain

    try:
        root = _Reader(text).document()
    except _Unreadable as error:
        return Document(flaws=[error.flaw], readable=False)
    except (MarkedYAMLError, YAMLError, YAMLStreamError, ValueError, RecursionError, AssertionError) as error:
        return Document(flaws=[Flaw(*explain(error, text))], readable=False)
    document = Document()
    if root is not None:
        document.value = _plain(root, (), document)
    return document


class _Reader:
    def __init__(self, text: str) -> None:
        from ruamel.yaml import YAML

        yaml = YAML(typ="safe", pure=True)
        self.events: Iterator[Any] = iter(yaml.parse(text))
        self.anchors: dict[str, _Node | None] = {}  # None: still open
        self.count = 0

    def document(self) -> _Node | None:
        """Return the only document; None for an empty text."""
        root: _Node | None = None
        started = False
        for event in self.events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                if started:
                    raise _Unreadable("a second document starts here; a config is one document", _position(event))
                started = True
                root = self._node(next(self.events), 0)
        return root

    def _node(self, event: Any, depth: int) -> _Node:
        kind = type(event).__name__
        position = _position(event)
        if depth > MAX_DEPTH:
            raise _Unreadable(f"nested more than {MAX_DEPTH} levels deep", position)
        if kind == "AliasEvent":
            return self._alias(event, depth, position)
        self._spend(1, position)
        node = _Node(position)
        if event.anchor:
            self.anchors[event.anchor] = None
        if event.tag is not None:
            node.flaws.append("has a tag; values are plain text, numbers, true, false, lists and sections")
        if kind == "ScalarEvent":
            node.quoted = event.style is not None
            self._scalar(node, event.value)
        elif kind == "SequenceStartEvent":
            node.items = []
            while type(inner := next(self.events)).__name__ != "SequenceEndEvent":
                item = self._node(inner, depth + 1)
                node.items.append(item)
                node.take(item)
        else:
            node.pairs = []
            while type(inner := next(self.events)).__name__ != "MappingEndEvent":
                key = self._node(inner, depth + 1)
                value = self._node(next(self.events), depth + 1)
                node.pairs.append((key, value))
                node.take(key)
                node.take(value)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def _alias(self, event: Any, depth: int, position: Position) -> _Node:
        if event.anchor not in self.anchors:
            message = f"*{event.anchor} stands for nothing: there is no &{event.anchor} before it"
            hint = f" (a text that begins with * needs quotes: '*{event.anchor}')" if "." in event.anchor else ""
            raise _Unreadable(message + hint, position)
        node = self.anchors[event.anchor]
        if node is None:
            raise _Unreadable(f"*{event.anchor} would contain itself", position)
        self._spend(node.size, position)
        if depth + node.height > MAX_DEPTH:
            raise _Unreadable(f"nested more than {MAX_DEPTH} levels deep", position)
        return node

    def _spend(self, nodes: int, position: Position) -> None:
        self.count += nodes
        if self.count > MAX_NODES:
            raise _Unreadable(f"more than {MAX_NODES:,} values, aliases counted each time they are used", position)

    def _scalar(self, node: _Node, text: str) -> None:
        if not node.quoted:
            try:
                node.value = scalar(text)
            except ValueError:
                node.flaws.append("is a number of too many digits")
            return
        node.value = text
        if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            node.flaws.append("holds a character that text cannot hold")


def scalar(text: str) -> Any:
    """Return the value of a plain (unquoted) scalar under the core schema of YAML 1.2."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEX.fullmatch(text):
        return int(text, 16)
    if _FLOAT.fullmatch(text):
        return float(text)
    if match := _INFINITY.fullmatch(text):
        return float(match[1] + "inf")
    return text


def _plain(node: _Node, path: Path, document: Document) -> Any:
    document.flaws += [Flaw(message, document.positions.get(path, node.position), path) for message in node.flaws]
    if node.items is not None:
        values = []
        for index, item in enumerate(node.items):
            document.positions[*path, index] = item.position
            values.append(_plain(item, (*path, index), document))
        return values
    if node.pairs is not None:
        return _mapping(node.pairs, path, document)
    if node.quoted:
        document.quoted.add(path)
    return node.value


def _mapping(pairs: list[tuple[_Node, _Node]], path: Path, document: Document) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        name = key.value
        if key.flaws or not isinstance(name, str):
            document.flaws.append(Flaw("a key must be plain text", key.position, path))
        elif name == "<<":
            document.flaws.append(Flaw("'<<' is not part of YAML 1.2; write the keys out", key.position, path))
        elif name in values:
            line, _ = document.positions[*path, name]
            document.flaws.append(Flaw(f"given twice; first on line {line}", key.position, (*path, name)))
        else:
            document.positions[*path, name] = key.position
            values[name] = _plain(value, (*path, name), document)
    return values


def _position(event: Any) -> Position:
    return event.start_mark.line + 1, event.start_mark.column + 1
