"""The standard streams: abilities of a terminal, results apart from narration, errors, and signals."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, TextIO

from lrfind.core import errors
from lrfind.core.errors import ExitCode, LrfindError, RunError
from lrfind.core.printable import harmless
from lrfind.task.user_code.tracebacks import end_children

LENGTH = re.compile("[0-9]{1,5}")
"""A number of columns that a terminal may have."""

NARROWEST, WIDEST = 40, 120
"""Bounds of the width that reports are set to; beyond the wider one, lines get too long to read."""


@dataclass(frozen=True)
class Screen:
    """Abilities of a stream.

    Attributes:
        width: columns.
        color: whether to send colour codes.
        unicode: whether its encoding has more than ASCII.
        live: whether it is a terminal, so that lines can be redrawn.
    """

    width: int
    color: bool
    unicode: bool
    live: bool


def screen(stream: TextIO, *, color: bool = True) -> Screen:
    """Return the abilities of a stream, by the stream and the environment (NO_COLOR, TERM, COLUMNS).

    Args:
        stream: an output.
        color: whether colours are wanted.
    """
    live = stream.isatty() and os.environ.get("TERM") != "dumb"
    allowed = color and live and not os.environ.get("NO_COLOR")
    unicode = (stream.encoding or "ascii").lower().replace("-", "").startswith("utf")
    return Screen(max(NARROWEST, min(columns_of(stream), WIDEST)), allowed, unicode, live)


def columns_of(stream: TextIO) -> int:
    """Return the columns of a stream: COLUMNS, else its terminal's, else 80."""
    given = os.environ.get("COLUMNS", "")
    if LENGTH.fullmatch(given) and int(given):
        return int(given)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def say(text: str) -> None:
    """Print one line on stderr; a stderr that cannot be written to is no error."""
    with suppress(OSError, ValueError):
        print(harmless(text).replace("\n", "\\n"), file=sys.stderr, flush=True)


def note(text: str, *, quiet: bool) -> None:
    """Print one line of narration on stderr, unless it was asked to be quiet."""
    if not quiet:
        say(f"lrfind: {text}")


def exit_message(text: str, show_cursor: str = "\x1b[?25h") -> None:
    """Print a message over a progress bar that may be there, past Python's streams, which may be amid a line.

    Args:
        text: the message.
        show_cursor: code that shows the cursor again, which a progress bar hides; empty where the bar goes on.
    """
    stream = sys.__stderr__
    number = None if stream is None else descriptor(stream)
    if stream is not None and number is not None:
        clear = f"\r\x1b[2K{show_cursor}" if screen(stream).live else ""
        with suppress(OSError):
            os.write(number, f"{clear}{harmless(text)}\n".encode(stream.encoding, "backslashreplace"))


_results: list[TextIO] = []
"""Standard output as the process was given it, while `apart` holds results apart from what else is printed."""

whole_process = False
"""Whether the process ends with the command, so that nothing has to be put back after it."""


@contextmanager
def apart() -> Iterator[None]:
    """Keep standard output for the result alone: whatever else is written to it goes to stderr.

    Where standard output is file descriptor 1 this holds for that, so for children, libraries in C and threads as well;
    and in a process of its own until that ends, as a thread of the user's may print longer than the command runs.
    """
    stream = sys.stdout
    real = descriptor(stream) == 1
    if real:
        with suppress(OSError):  # A reader who has left is met again where the result is written.
            stream.flush()
        kept = os.dup(1)
        os.dup2(2, 1)
        stream = open(kept, "w", encoding=stream.encoding, errors=stream.errors)  # noqa: SIM115
    _results.append(stream)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if not (real and whole_process):
            _results.remove(stream)
            if real:
                os.dup2(stream.fileno(), 1)
                stream.close()


def descriptor(stream: TextIO) -> int | None:
    """Return the file descriptor of a stream; None if it has none."""
    try:
        return stream.fileno()
    except (OSError, ValueError, AttributeError):
        return None


def write_stdout(text: str) -> None:
    """Write a result to stdout; a reader that has closed the pipe, as `head` does, is no error.

    Raises:
        RunError: stdout cannot be written, as where it goes to a full disk.
    """
    stream = _results[-1] if _results else sys.stdout
    try:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except OSError as error:
        # Python flushes once more at exit; that must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if not isinstance(error, BrokenPipeError):
            raise RunError(f"standard output cannot be written: {error.strerror or error}") from error


def show_error(error: LrfindError, *, debug: bool) -> ExitCode:
    """Show an error on stderr, one line per problem, and return its exit code.

    Args:
        error: the error.
        debug: whether to show the traceback as well.
    """
    if debug:
        traceback.print_exception(error)
    else:
        for line in str(error).rstrip("\n").split("\n"):
            say(f"lrfind: error: {line}")
    return error.exit_code


HEARD = "lrfind: interrupted: finishing the running chunk; press again to end now"


@dataclass
class Interruption:
    """Whether the user, or the system, has ended the run.

    Attributes:
        code: 130 after Ctrl-C, 143 after SIGTERM, None while neither came.
        waits: there is something to keep: the first signal is only noted, for `raise_if_interrupted`.
    """

    code: ExitCode | None = None
    waits: bool = False
    _handler: Any = field(default=None, repr=False)

    def raise_if_interrupted(self) -> None:
        """Raise KeyboardInterrupt if a signal came."""
        if self.code is not None:
            raise KeyboardInterrupt

    def confirm(self, status: str) -> None:
        """Refuse a run that calls itself interrupted although no signal came: that is no outcome but a failure.

        Raises:
            RunError: it was a ``KeyboardInterrupt`` of other code.
        """
        if status == "interrupted" and self.code is None:
            raise RunError("the run ended by a KeyboardInterrupt, and no signal came; what was measured is kept")

    def take(self) -> None:
        """Note signals again, where the user's code has put a handler of its own in the place of lrfind's."""
        if self._handler is not None:
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is not self._handler:
                    signal.signal(number, self._handler)


_blocked = threading.local()
"""Of a thread that forks: the signals that it blocked before."""


def _before_fork() -> None:
    _blocked.before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))


def _after_fork() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _blocked.before)


def _after_fork_in_child() -> None:
    """Give a process that the user's code forks its own signals: SIGTERM ends it, Ctrl-C is left to its parent.

    The system has to end it. A handler of Python's is put off where the signal comes just before a lock is waited for,
    and Python drops a signal that comes while it forks; then a pool waits for its worker for ever.
    """
    if getattr(signal.getsignal(signal.SIGTERM), "__module__", None) == __name__:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, lambda number, frame: None)
    _after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_child)


@contextmanager
def interruptible(leave: Callable[[], None]) -> Iterator[Interruption]:
    """Ctrl-C and SIGTERM are noted where there is something to keep.

    Elsewhere, and the second time, they end the process at once. An exception out of nowhere would not do: in the
    middle of importing or calling JAX it crashes the process, or is lost in a callback.

    Args:
        leave: what is left to do before the process ends at once.
    """
    interruption = Interruption()

    def interrupt(number: int, frame: FrameType | None) -> None:
        del frame
        first = interruption.code is None
        interruption.code = ExitCode.TERMINATED if number == signal.SIGTERM else ExitCode.INTERRUPTED
        if first and interruption.waits:
            exit_message(HEARD, show_cursor="")
            return
        try:
            leave()
        finally:
            end_children()
            os._exit(interruption.code)

    interruption._handler = interrupt
    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    errors.asked = lambda: interruption.code is not None
    try:
        yield interruption
    finally:
        errors.asked = None
        for number, handler in before.items():
            signal.signal(number, handler)
