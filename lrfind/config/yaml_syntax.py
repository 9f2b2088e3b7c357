"""Sentences for the YAML parser's errors."""

from __future__ import annotations

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
