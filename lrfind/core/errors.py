"""Every way lrfind can fail, and the exit code each one has.

`LrfindError` is the one base class that the command line shows to a user without a traceback. Its text says what is
wrong, where, and what would be right.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the process."""

    DONE = 0
    NO_RECOMMENDATION = 1
    BAD_INPUT = 2
    RUN_FAILED = 3
    INTERRUPTED = 130
    TERMINATED = 143


class LrfindError(Exception):
    """A failure with a sentence for the user and an exit code for the shell."""

    exit_code: ExitCode = ExitCode.RUN_FAILED


class InputError(LrfindError):
    """The user's input is wrong: usage, config, data, a reference to their code.

    Args:
        message: what is wrong and what would be right.
        key: the config key it is about, e.g. ``"data.path"``; the loader turns it into a file position.
    """

    exit_code = ExitCode.BAD_INPUT

    def __init__(self, message: str, *, key: str | None = None) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a config.

    Attributes:
        message: what is wrong and what would be right, one sentence.
        key: dotted path, e.g. ``"optimizer.name"``; empty for the document as a whole.
        where: what to look into: the file's name as the user gave it, or ``--set``.
        line: 1-based, or None where the text has no such place.
        column: 1-based, or None.
    """

    message: str
    key: str = ""
    where: str = ""
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        location = ":".join(str(part) for part in (self.where, self.line, self.column) if part not in (None, ""))
        named = [part.replace("\n", "\\n") for part in (location, self.key)]
        return ": ".join(part for part in (*named, self.message) if part)


class ConfigError(InputError):
    """A config with one or more problems; all found in one pass are reported together."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class NothingToJudge(LrfindError):
    """There is a run, but nothing in it that the gate could judge by."""

    exit_code = ExitCode.NO_RECOMMENDATION


class RunError(LrfindError):
    """The run failed: memory or disk ran out, the run directory is in use, the user's code raised."""


def text_of(error: BaseException) -> str:
    """Return an error's text; a remark with the error's type if computing the text raises."""
    try:
        return str(error)
    except BaseException as other:
        return f"(its text cannot be shown: {type(other).__name__})"


OUT_OF_MEMORY = ("failed to map segment", "cannot allocate memory", "can't start new thread", "cannot create thread")
"""Phrases, in lower case, of errors that mean too little memory and are no `MemoryError`."""


NO_PATH = (errno.ELOOP, errno.ENAMETOOLONG, errno.ENOTDIR)
"""Errors of the system about a path itself: links in a circle, too long a name, a file in the place of a folder."""


def fault(error: BaseException) -> LrfindError:
    """Return the error to show for one that nobody expected.

    Args:
        error: what was raised.

    Returns:
        An `InputError` for a path that no file could have; a `RunError` where memory ran out; otherwise a `RunError`
        that calls it a fault of lrfind.
    """
    text = text_of(error)
    failure: LrfindError
    if isinstance(error, OSError) and error.errno in NO_PATH and error.filename is not None:
        failure = InputError(f"{error.filename} cannot be read: {error.strerror}")
    elif isinstance(error, MemoryError) or any(sign in text.lower() for sign in OUT_OF_MEMORY):
        failure = RunError(
            f"memory ran out{f' ({text[:200]})' if text else ''}; give the process more (ulimit -v limits it), or make "
            "what it reads smaller"
        )
    else:
        failure = RunError(f"a fault of lrfind: {type(error).__name__}: {text}; --debug shows where")
    failure.__cause__ = error
    return failure


class OwnCodeError(RunError):
    """The user's code raised; the text shows where in it, and what it was given."""


GRACE = 0.2
"""Seconds that a ``KeyboardInterrupt`` waits for its signal. Ctrl-C reaches every process of a terminal, and a loader's
worker may pass its own on before this process has noted the signal."""

asked: Callable[[], bool] | None = None
"""Tells whether a signal came; None where nobody notes signals, as in a script that calls `lrfind.find`."""


def stopped(error: BaseException) -> bool:
    """Return whether an error of the user's code comes from a signal, and is no ``KeyboardInterrupt`` of its own.

    Args:
        error: what the code raised.

    Returns:
        True after Ctrl-C or SIGTERM; where nobody notes signals, for every ``KeyboardInterrupt``.
    """
    if asked is None:
        return isinstance(error, KeyboardInterrupt)
    if isinstance(error, KeyboardInterrupt):
        deadline = time.monotonic() + GRACE
        while not asked() and time.monotonic() < deadline:
            time.sleep(0.01)
    return asked()
