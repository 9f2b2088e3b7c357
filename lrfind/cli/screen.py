"""What the terminal can show, and the one way an error reaches it."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import TextIO

from lrfind.errors import ExitCode, LrfindError, RunError
from lrfind.own.children import end_children

NARROWEST, WIDEST = 40, 120
"""Bounds of the width that reports are set to; beyond the wider one, lines get too long to read."""


@dataclass(frozen=True)
class Screen:
    """What a stream can show.

    Attributes:
        width: columns.
        height: lines.
        color: whether to send colour codes.
        unicode: whether its encoding has more than ASCII.
        live: whether it is a terminal, so that lines can be redrawn.
    """

    width: int
    height: int
    color: bool
    unicode: bool
    live: bool


def screen(stream: TextIO, *, color: bool = True) -> Screen:
    """Look at a stream and the environment (NO_COLOR, TERM, COLUMNS)."""
    live = stream.isatty() and os.environ.get("TERM") != "dumb"
    size = size_of(stream)
    allowed = color and live and not os.environ.get("NO_COLOR")
    unicode = (stream.encoding or "ascii").lower().replace("-", "").startswith("utf")
    return Screen(max(NARROWEST, min(size.columns, WIDEST)), size.lines, allowed, unicode, live)


def size_of(stream: TextIO) -> os.terminal_size:
    """Columns and lines: what COLUMNS and LINES say, else the stream's terminal, else 80 by 24."""
    try:
        own = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        own = os.terminal_size((80, 24))
    given = [os.environ.get(name, "") for name in ("COLUMNS", "LINES")]
    return os.terminal_size(
        int(text) if text.isdecimal() and int(text) else value or default
        for text, value, default in zip(given, own, (80, 24), strict=True)
    )


UNPRINTABLE = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
"""What drives a terminal, turns the direction of what follows or cannot be seen, but for the end of a line."""


def harmless(text: str) -> str:
    """The text with nothing in it that a terminal would obey: a file's name, a key or a cell may hold anything."""
    return UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def say(text: str) -> None:
    """A line of narration on stderr; a stderr that nobody can write to is no reason to fail."""
    with suppress(OSError, ValueError):
        print(harmless(text).replace("\n", "\\n"), file=sys.stderr, flush=True)


def abandon(text: str) -> None:
    """Last words on stderr, past a progress bar that may be in the middle of a line."""
    stream = sys.__stderr__
    if stream is None:
        return
    with suppress(OSError, ValueError):
        print(("\r\x1b[2K\x1b[?25h" if screen(stream).live else "") + harmless(text), file=stream, flush=True)


def put(text: str) -> None:
    """The result on stdout. A reader who has left, as `head` does, has seen enough.

    Raises:
        RunError: stdout cannot be written, as where it goes to a full disk.
    """
    try:
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except OSError as error:
        # Python flushes once more at exit; that must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise RunError(f"standard output cannot be written: {error.strerror or error}") from error


def report(error: LrfindError, *, debug: bool) -> ExitCode:
    """Show an error on stderr, one line per problem; returns its exit code."""
    if debug:
        traceback.print_exception(error)
    else:
        for line in str(error).rstrip("\n").split("\n"):
            say(f"lrfind: error: {line}")
    return error.exit_code


@dataclass
class Interruption:
    """Whether the user, or the system, has ended the run.

    Attributes:
        code: 130 after Ctrl-C, 143 after SIGTERM, None while neither came.
        waits: there is something to keep, so that the first signal is only noted, and `heed` acts on it.
    """

    code: ExitCode | None = None
    waits: bool = False

    def heed(self) -> None:
        """Raise KeyboardInterrupt if a signal came."""
        if self.code is not None:
            raise KeyboardInterrupt


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
    """Ctrl-C and SIGTERM are noted where there is something to keep; elsewhere, and the second time, they end the
    process at once.

    An exception out of nowhere would not do: in the middle of importing or calling JAX it crashes the process, or is
    lost in a callback.

    Args:
        leave: what is left to do before the process ends at once.
    """
    interruption = Interruption()

    def interrupt(number: int, frame: FrameType | None) -> None:
        del frame
        first = interruption.code is None
        interruption.code = ExitCode.TERMINATED if number == signal.SIGTERM else ExitCode.INTERRUPTED
        if first and interruption.waits:
            return
        try:
            leave()
        finally:
            end_children()
            os._exit(interruption.code)

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
