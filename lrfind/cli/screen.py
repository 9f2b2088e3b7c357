"""What the terminal can show, and the one way an error reaches it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TextIO

from lrfind.errors import ExitCode, LrfindError

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
    live = stream.isatty()
    size = shutil.get_terminal_size((80, 24))
    allowed = color and live and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    unicode = (stream.encoding or "ascii").lower().replace("-", "").startswith("utf")
    return Screen(max(NARROWEST, min(size.columns, WIDEST)), size.lines, allowed, unicode, live)


def say(text: str) -> None:
    """A line of narration on stderr; a closed stderr is no reason to fail."""
    try:
        print(text, file=sys.stderr, flush=True)
    except (BrokenPipeError, UnicodeEncodeError, ValueError):
        return


def put(text: str) -> None:
    """The result on stdout. A reader who has left, as `head` does, has seen enough."""
    try:
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more at exit; that must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def report(error: LrfindError, *, debug: bool) -> ExitCode:
    """Show an error on stderr, one line per problem; returns its exit code."""
    if debug:
        traceback.print_exception(error)
    else:
        for line in str(error).splitlines():
            say(f"lrfind: error: {line}")
    return error.exit_code


@dataclass
class Interruption:
    """Whether the user, or the system, has ended the run.

    Attributes:
        code: 130 after Ctrl-C, 143 after SIGTERM, None while neither came.
    """

    code: ExitCode | None = None


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """SIGTERM raises KeyboardInterrupt as Ctrl-C does; a second signal ends the process at once."""
    interruption = Interruption()

    def interrupt(number: int, frame: FrameType | None) -> None:
        del frame
        interruption.code = ExitCode.TERMINATED if number == signal.SIGTERM else ExitCode.INTERRUPTED
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
