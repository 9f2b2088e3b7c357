"""How every report words the same things: one form for a rate, an interval, a time, and the verdict of a run."""

from __future__ import annotations

import math
import re

from lrfind.types import Result

LOSS_NAMES = {
    "cross_entropy": "cross-entropy, nats",
    "binary_cross_entropy": "binary cross-entropy, nats",
    "mse": "mean squared error, target units²",
    "mae": "mean absolute error, target units",
    "huber": "Huber loss",
}
"""What a loss function measures, and its unit, by its name in a config."""

INVISIBLE = re.compile(r"[\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Marks that cannot be seen, or turn the direction of text."""

_CONTROL = re.compile(rf"(?:[\x00-\x1f\x7f-\x9f\ud800-\udfff]|{INVISIBLE.pattern})+")
_COMMAND = re.compile(r":(?=:)|##(?=\[)")
"""How a command begins that GitHub obeys: ``::`` at the start of a line, ``##[`` anywhere."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_ASCII = str.maketrans(
    {"–": "-", "—": "-", "−": "-", "×": "x", "·": "*", "•": "*", "…": "~", "‘": "'", "’": "'", "“": '"', "”": '"'}
    | {"µ": "u", "μ": "u", "≈": "~", "≤": "<", "≥": ">", "→": ">", "\xa0": " "}
)


def rate(value: float | None) -> str:
    """A learning rate as every report writes it: ``"1.2e-03"``; ``"none"`` where there is none.

    Two digits say more than a range test can know (its interval spans a factor of two or more), and the fixed form
    lines up in columns.
    """
    return "none" if value is None or not math.isfinite(value) else f"{value:.1e}"


def interval(low: float | None, high: float | None) -> str:
    """Both ends of an interval: ``"6.3e-04 .. 2.5e-03"``; empty where there is none."""
    return "" if low is None or high is None else f"{rate(low)} .. {rate(high)}"


def seconds(value: float) -> str:
    """A duration: ``"0.34 s"``, ``"12.3 s"``, ``"4 min 5 s"``."""
    if value < 10:
        return f"{value:.2f} s"
    if value < 100:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def spelled(loss: str) -> str:
    """A built-in loss in plain words; the user's own as they call it."""
    return loss.replace("_", " ") if loss in LOSS_NAMES else loss


def one_line(text: str) -> str:
    """Text of the user's on one line: what a terminal obeys, or what turns the direction of text, becomes a space."""
    return _CONTROL.sub(" ", text).strip()


def clean(text: str) -> str:
    """Text of the user's on one line as `one_line`, with a space in what GitHub's log would take for a command."""
    return _COMMAND.sub(r"\g<0> ", one_line(text))


def ascii_only(text: str) -> str:
    """The nearest text of the same length that any encoding can write."""
    return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")


def superscript(label: str) -> str:
    """A tick label for print: ``"1e-05"`` as 10⁻⁵, ``"2e-05"`` as 2·10⁻⁵; anything else as it is."""
    factor, mark, power = label.partition("e")
    if not mark:
        return label
    raised = "10" + str(int(power)).translate(_SUPERSCRIPTS)
    return raised if factor == "1" else f"{factor}·{raised}"


def headline(result: Result) -> tuple[str, ...]:
    """The verdict in pieces, most important first; each piece stays on one line where there is room."""
    found = result.recommendation
    if found.learning_rate is None:
        ends = {"interrupted": "the run was interrupted", "failed": "the run failed"}
        return ("no learning rate to recommend", *filter(None, [ends.get(result.status)]))
    span = interval(found.low, found.high)
    source = f" ({clean(found.interval_from)})" if found.interval_from else ""
    checked = "confirmed by training" if found.confirmed else "not confirmed"
    return (
        f"learning rate {rate(found.learning_rate)}",
        *([f"interval {span}{source}"] if span else []),
        f"interrupted, {checked}" if result.status == "interrupted" else checked,
    )


def wrap_code(code: str, width: int, indent: str = "") -> list[str]:
    """Python source on lines no wider than `width`, broken at the widest of the outermost brackets first, an argument a
    line.

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
    """YAML of one section a line, broken as `wrap_code` does; what goes on is indented, as YAML wants it."""
    lines = []
    for section in text.splitlines():
        first, *others = wrap_code(section, width)
        lines += [first, *(line if line.startswith(" ") else f"    {line}" for line in others)]
    return lines


def _call(source: str) -> tuple[str, list[str], str]:
    """A line of source as what stands up to its widest bracket, the arguments in it, and the rest from its end on."""
    found: tuple[str, list[str], str] = (source, [], "")
    widest, depth, quote, opened, start = 0, 0, "", 0, 0
    arguments: list[str] = []
    for i, char in enumerate(source):
        if quote:
            quote = "" if char == quote and source[i - 1] != "\\" else quote
        elif char in "'\"":
            quote = char
        elif char in "([{":
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
                found = source[: opened + 1], [each for each in arguments if each], source[i:]
    return found


def _in_head_of_lambda(argument: str) -> bool:
    """Whether a comma behind this part of an argument still belongs to what a lambda takes."""
    return argument.lstrip().startswith("lambda ") and ":" not in argument
