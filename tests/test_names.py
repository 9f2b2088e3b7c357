"""Names say what they hold: read off the source, so that nothing is imported for it."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import lrfind

PACKAGE = Path(lrfind.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

VAGUE = {"found": 10, "each": 10, "place": 10, "places": 10, "said": 10, "told": 10, "here": 10, "seen": 10, "some": 10}
"""How often a variable, an argument or a field may be called so."""


@cache
def nodes() -> list[ast.AST]:
    """Return every node of the package's syntax trees."""
    return [node for path in FILES for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]


def bindings(node: ast.AST) -> list[str]:
    """Return the names that a node binds: variables, arguments, exceptions; not functions, classes or imports."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
            return [name]
        case _:
            return []


def test_vague_names_are_rare() -> None:
    counts = Counter(name for node in nodes() for name in bindings(node) if name in VAGUE)
    assert {name: count for name, count in counts.items() if count > VAGUE[name]} == {}


def test_a_class_name_stands_for_one_class() -> None:
    counts = Counter(node.name for node in nodes() if isinstance(node, ast.ClassDef))
    assert {name for name, count in counts.items() if count > 1} == set()


def test_no_file_name_is_used_three_times() -> None:
    counts = Counter(path.name for path in FILES if path.name != "__init__.py")
    assert {name for name, count in counts.items() if count > 2} == set()
