"""Errors of the user's code, with the user's own frames and the shapes of the arguments."""

from __future__ import annotations

import contextlib
import linecache
import os
import re
import signal
import sys
import sysconfig
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from lrfind.core.errors import ExitCode, LrfindError, OwnCodeError, fault, stopped, text_of
from lrfind.task.user_code.module_loading import PACKAGE, VARIABLE, is_own, search

FRAMES = 6
"""Frames that a message shows, the innermost ones."""

LONGEST = 400
"""Letters of the error's own text, and of a description of shapes, that a message shows."""

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

PASSED_ON = re.compile(r'^  File "(.+)", line (\d+), in (.+)$', re.MULTILINE)
"""A frame in the text of an error that XLA passes on from a callback."""


@contextlib.contextmanager
def user_call(what: str, given: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Turn what the user's code raises into a message that shows where in it.

    Args:
        what: action in the message, e.g. ``"apply of my_model.py:build"``.
        given: arguments by name, whose shapes are shown.

    Raises:
        OwnCodeError: it raised anything at all, ``KeyboardInterrupt`` and ``SystemExit`` included; what it raised is
            the cause.
        KeyboardInterrupt: it was stopped by a signal.
    """
    try:
        yield
    except LrfindError:
        raise
    except BaseException as error:
        if stopped(error):
            raise KeyboardInterrupt from error
        raise OwnCodeError(described(what, error, given)) from error


def failure_of(error: BaseException) -> LrfindError:
    """Return the error to show for an exception that ended a run, whether or not it came through `user_call`.

    Args:
        error: exception.

    Returns:
        The error itself where it has a sentence already; an `OwnCodeError` where the user's code raised it, directly or
        in a callback of JAX's; otherwise a fault of lrfind.
    """
    if isinstance(error, OwnCodeError) or (isinstance(error, LrfindError) and error.__cause__ is None):
        return error
    text = text_of(error.__cause__ or error if isinstance(error, LrfindError) else error)
    passed_on = [frame for frame in PASSED_ON.findall(text) if is_users(frame[0])]
    if passed_on:
        lines = [line for file, number, name in passed_on[-FRAMES:] for line in frame_lines(file, int(number), name)]
        raised = text.rstrip().splitlines()[-1]
        failure = OwnCodeError("\n".join([f"a callback raised {raised[:LONGEST]}", *lines]))
    elif isinstance(error, LrfindError):
        return error
    elif from_own_module(error) or not isinstance(error, Exception):
        failure = OwnCodeError(described("your code", error, None))
    else:
        return fault(error)
    failure.__cause__ = error
    return failure


def described(what: str, error: BaseException, given: Mapping[str, Any] | None) -> str:
    """Return the message of an error: its text, the user's frames, and the shapes of the arguments."""
    kind = type(error).__name__
    text = text_of(error).strip().split("\n\n")[0].replace("\n", " ").split(" The error occurred while tracing")[0]
    lines = [f"{what} raised {f'{kind}: {text[:LONGEST]}' if text else kind}", *frames(error)]
    if given:
        shown = ", ".join(f"{name} {shape_of(value)}" for name, value in given.items())
        lines.append(f"  given {shown}"[: 2 * LONGEST])
    if kind in HINTS:
        lines.append(f"  {HINTS[kind]}")
    return "\n".join(lines)


def frames(error: BaseException) -> list[str]:
    """Return the frames of the user's own files, outermost first: file, line, function and source line."""
    stack: list[traceback.FrameSummary] = []
    for cause in chain(error):
        stack = [frame for frame in traceback.extract_tb(cause.__traceback__) if is_users(frame.filename)]
        if isinstance(cause, SyntaxError) and cause.filename and cause.lineno:
            stack.append(traceback.FrameSummary(cause.filename, cause.lineno, "<module>"))
        if stack:
            break
    return [line for frame in stack[-FRAMES:] for line in frame_lines(frame.filename, frame.lineno or 0, frame.name)]


def from_own_module(error: BaseException) -> bool:
    """Return whether an error passed through a module that lrfind loaded for the user."""
    frames_of = (frame for cause in chain(error) for frame, _ in traceback.walk_tb(cause.__traceback__))
    return any(is_own(frame.f_globals) for frame in frames_of)


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes; a generator hides a ``StopIteration`` in its cause."""
    ids: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in ids:
        ids.add(id(following))
        yield following
        following = following.__context__ if following.__cause__ is None else following.__cause__


def frame_lines(file: str, number: int, name: str) -> list[str]:
    """Return a frame as two lines: its position and its source."""
    source, shown = linecache.getline(file, number).strip(), file
    with contextlib.suppress(ValueError, OSError):
        shown = str(Path(file).relative_to(Path.cwd()))
    return [f"  {shown}:{number}, in {name}", *([f"    {source}"] if source else [])]


def is_users(file: str) -> bool:
    """Return whether a frame is neither lrfind's, nor an installed package's, nor Python's own."""
    if file.startswith(("<", f"{PACKAGE}/")):
        return False
    return "site-packages" not in file and not any(file.startswith(f"{folder}/") for folder in INSTALLED if folder)


def shape_of(value: Any) -> str:
    """Return types and shapes of a pytree: ``"{'w': float32[64,10], 'b': float32[10]}"``."""
    try:
        text = _shape(value, 0)
    except Exception:  # What the user's own classes say of themselves may raise.
        text = f"an object of {type(value).__name__}"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _shape(value: Any, depth: int) -> str:
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{value.dtype}[{','.join(map(str, value.shape))}]"
    if depth > 6:
        return "..."
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {_shape(item, depth + 1)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        fields = zip(value._fields, value, strict=True)
        return f"{type(value).__name__}({', '.join(f'{name}={_shape(item, depth + 1)}' for name, item in fields)})"
    if isinstance(value, list | tuple):
        ends = "[]" if isinstance(value, list) else "()"
        return ends[0] + ", ".join(_shape(item, depth + 1) for item in value) + ends[1]
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    return kind_of(value)


def kind_of(value: Any) -> str:
    """Return the kind of an object in words: ``"a function"``, ``"a list"``, ``"a str"``."""
    if callable(value) and hasattr(value, "__name__"):
        return f"the function {value.__name__}" if not isinstance(value, type) else f"the class {value.__name__}"
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def summary_of(value: Any) -> str:
    """Return types and shapes of a container in words, or the kind of another object."""
    return shape_of(value) if isinstance(value, tuple | list | dict) else kind_of(value)


PATIENCE = 2.0
"""Seconds in which processes have to end that are asked to, and as many for those that are killed."""


def main_of_children() -> None:
    """Name this module as what children run."""
    sys.modules["__main__"].__spec__ = find_spec(__name__)


def refuse_exit() -> Callable[[int], NoReturn]:
    """Let an `os._exit` of the user's code, which nothing else sees, be a failed run and no verdict.

    Returns:
        What ends the process with any code.
    """
    leave, process = os._exit, os.getpid()

    def refused(status: int) -> NoReturn:
        if os.getpid() == process and status in (ExitCode.DONE, ExitCode.NO_RECOMMENDATION):
            print(f"lrfind: error: your code ended the process by os._exit({status})", file=sys.stderr, flush=True)
            status = ExitCode.RUN_FAILED
        leave(status)

    os._exit = refused
    return leave


def end_children() -> None:
    """End the worker processes of this one, for an exit that waits for nobody: a pool is seldom closed.

    They are asked first, by what `multiprocessing` does at the end of Python. Those that do not end in time are killed,
    and no thread, as a pool has, can start others in their place.
    """
    processes, util = (sys.modules.get(f"multiprocessing.{name}") for name in ("process", "util"))
    if processes is None or util is None:
        return
    asking = threading.Thread(target=util._run_finalizers, args=(0,), daemon=True)
    asking.start()
    asking.join(PATIENCE)
    processes.BaseProcess.start = _refuse
    deadline = time.monotonic() + PATIENCE
    while (children := processes.active_children()) and time.monotonic() < deadline:
        for child in children:
            with contextlib.suppress(OSError, ValueError):  # Ended meanwhile, or closed.
                child.kill()
        time.sleep(0.01)


def _refuse(process: object) -> None:
    raise SystemExit  # Ends a thread without a word.


if __name__ == "__mp_main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of the terminal; the parent decides.
    search([folder for folder in os.environ.get(VARIABLE, "").split(os.pathsep) if folder])
