"""What the user's code raised, in their own frames, with what it was given."""

from __future__ import annotations

import linecache
import sysconfig
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lrfind.errors import LrfindError, OwnCodeError

FRAMES = 6
"""Frames that a message shows, the innermost ones."""

LONGEST = 400
"""Letters of the error's own text, and of a description of shapes, that a message shows."""

HERE = str(Path(__file__).resolve().parent.parent)
INSTALLED = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))

HINTS = {
    "TracerBoolConversionError": "the value is traced, and one program serves all: use jax.numpy.where or jax.lax.cond "
    "instead of if",
    "ConcretizationTypeError": "the value is traced: use jax.numpy, and no float(), int(), if or while of it",
    "TracerArrayConversionError": "the value is traced: use jax.numpy instead of numpy",
    "TracerIntegerConversionError": "the value is traced and cannot be an index or a size of Python's",
    "UnexpectedTracerError": "a traced value was kept from an earlier call; return it instead",
    "KeyReuseError": "split the key before it is used again",
}
"""What JAX's errors about traced values mean here."""


@contextmanager
def guarded(what: str, given: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Turn what the user's code raises into a message that shows where in it.

    Args:
        what: what was being done, e.g. ``"apply of my_model.py:build"``.
        given: the arguments by name, whose shapes are shown.

    Raises:
        OwnCodeError: it raised; what it raised is the cause.
    """
    try:
        yield
    except LrfindError:
        raise
    except (Exception, SystemExit) as error:
        raise OwnCodeError(told(what, error, given)) from error


def told(what: str, error: BaseException, given: Mapping[str, Any] | None) -> str:
    """The message: the user's frames first, then the error, then what was given."""
    kind = type(error).__name__
    text = str(error).strip().split("\n\n")[0].replace("\n", " ").split(" The error occurred while tracing")[0]
    said = f"{kind}: {text[:LONGEST]}" if text else kind
    lines = [f"{what} raised {said}", *frames(error)]
    if given:
        lines.append(
            f"  given {', '.join(f'{name} {shape_of(value)}' for name, value in given.items())}"[: 2 * LONGEST]
        )
    if kind in HINTS:
        lines.append(f"  {HINTS[kind]}")
    return "\n".join(lines)


def frames(error: BaseException) -> list[str]:
    """The frames of the user's own files, outermost first: file, line, function and source line."""
    found = [frame for frame in traceback.extract_tb(error.__traceback__) if is_users(frame.filename)]
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        found.append(traceback.FrameSummary(error.filename, error.lineno, "<module>"))
    lines = []
    for frame in found[-FRAMES:]:
        lines.append(f"  {nearest(frame.filename)}:{frame.lineno}, in {frame.name}")
        source = frame.line or linecache.getline(frame.filename, frame.lineno or 0).strip()
        if source:
            lines.append(f"    {source}")
    return lines


def is_users(file: str) -> bool:
    """Whether a frame is neither lrfind's, nor an installed package's, nor Python's own."""
    if file.startswith(("<", f"{HERE}/")):
        return False
    return "site-packages" not in file and not any(file.startswith(f"{place}/") for place in INSTALLED if place)


def nearest(file: str) -> str:
    """A path as short as it can be from the working directory."""
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return file


def shape_of(value: Any) -> str:
    """Types and shapes of a pytree: ``"{'w': float32[64,10], 'b': float32[10]}"``."""
    text = _shape(value, 0)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _shape(value: Any, depth: int) -> str:
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        dtype = str(value.dtype)
        return f"{dtype}[{','.join(map(str, value.shape))}]"
    if depth > 6:
        return "..."
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {_shape(each, depth + 1)}" for key, each in value.items()) + "}"
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        fields = zip(value._fields, value, strict=True)
        return f"{type(value).__name__}({', '.join(f'{name}={_shape(each, depth + 1)}' for name, each in fields)})"
    if isinstance(value, list | tuple):
        ends = "[]" if isinstance(value, list) else "()"
        return ends[0] + ", ".join(_shape(each, depth + 1) for each in value) + ends[1]
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    return kind_of(value)


def kind_of(value: Any) -> str:
    """What something is, in words: ``"a function"``, ``"a list"``, ``"a str"``."""
    if callable(value) and hasattr(value, "__name__"):
        return f"the function {value.__name__}" if not isinstance(value, type) else f"the class {value.__name__}"
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
