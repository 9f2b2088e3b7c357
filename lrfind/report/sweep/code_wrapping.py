"""Source text on lines of a given width that can still be pasted and run."""

from __future__ import annotations

import re

_STRING = re.compile(r"""'(\\.|[^'\\])*'|"(\\.|[^"\\])*\"""")
"""A string in quotes; brackets and commas in it are text."""


def wrap_code(code: str, width: int, indent: str = "") -> list[str]:
    """Return Python source on lines no wider than `width`, broken at the widest outermost bracket, an argument a line.

    What is pasted from a terminal then still runs. A name or string that is wider by itself stays whole.
    """
    lines = []
    for source in code.splitlines():
        head, arguments, tail = _call(source)
        # The brackets of a formula are not those of a call: a comma in them would make a tuple.
        if len(indent + source) <= width or not arguments or source.startswith("lambda "):
            lines.append(indent + source)
            continue
        lines.append(indent + head)
        for argument in arguments:
            lines += wrap_code(f"{argument},", width, indent + "    ")
        first, *others = wrap_code(tail[1:], width - 1, indent) or [indent]
        lines += [f"{indent}{tail[:1]}{first[len(indent) :]}", *others]
    return lines


def wrap_yaml(text: str, width: int) -> list[str]:
    """Return YAML of one section a line, broken as `wrap_code` does; continued lines are indented."""
    lines = []
    for section in text.splitlines():
        first, *others = wrap_code(section, width)
        lines += [first, *(line if line.startswith(" ") else f"    {line}" for line in others)]
    return lines


def _call(source: str) -> tuple[str, list[str], str]:
    """Return a line of source in three parts: up to its widest bracket, the arguments in it, and the rest."""
    widest_call: tuple[str, list[str], str] = (source, [], "")
    widest, depth, opened, start = 0, 0, 0, 0
    arguments: list[str] = []
    for i, char in enumerate(_STRING.sub(lambda string: "_" * len(string[0]), source)):
        if char in "([{":
            depth += 1
            if depth == 1:
                arguments, opened, start = [], i, i + 1
        elif char in ")]}" or (char == "," and depth == 1 and not _in_head_of_lambda(source[start:i])):
            depth -= char != ","
            if depth == (char == ","):
                arguments.append(source[start:i].strip())
                start = i + 1
            if depth == 0 and i - opened > widest:
                widest = i - opened
                widest_call = source[: opened + 1], [argument for argument in arguments if argument], source[i:]
    return widest_call


def _in_head_of_lambda(argument: str) -> bool:
    """Return whether a comma after this part of an argument separates parameters of a lambda."""
    return argument.lstrip().startswith("lambda ") and ":" not in argument
