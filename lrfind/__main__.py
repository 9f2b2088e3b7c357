"""`lrfind` and `python -m lrfind`."""

from __future__ import annotations

import gc
import os
import re
import sys
from contextlib import suppress

COLLECT_EVERY = 200_000
"""Objects made between two looks for garbage. Importing JAX makes very many that stay, and looking through them every
700, Python's own default, took 0.15 to 0.35 of 1.6 seconds of a small process."""

SWITCH = 2e-4
"""Seconds for which a thread may keep Python's lock while another wants it, 5 ms by default: steps wait for it that
take thirty microseconds, while other threads draw the next batches and write the journal."""


def script() -> None:
    """Run the command line in a process of its own, and end it without taking JAX apart, which would take a while.

    Everything that a command writes is flushed and closed by then, and its threads have ended. Worker processes that
    the user's code left behind are ended here.
    """
    try:
        from lrfind.task.user_code.tracebacks import end_children, main_of_children, refuse_exit
    except KeyboardInterrupt:
        sys.exit(130)

    main_of_children()
    leave = refuse_exit()
    gc.set_threshold(COLLECT_EVERY)
    sys.setswitchinterval(SWITCH)
    # numpy multiplies nothing large here; starting its threads takes as long as the rest of its import.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # lrfind has no use for plugins of pydantic, and looking for them reads the metadata of all that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from lrfind.cli import terminal

    terminal.whole_process = True
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # A reader who has left; said where it mattered.
            stream.flush()
    flush_c()
    end_children()
    leave(code)


def flush_c() -> None:
    """Write what libraries in C printed and the C library still buffers; nothing where none can have been loaded."""
    ctypes = sys.modules.get("ctypes")
    if ctypes is not None:
        with suppress(OSError, AttributeError, TypeError):  # Windows knows no library of the process itself.
            ctypes.CDLL(None).fflush(None)


def main() -> None:
    """Run the command line."""
    open_streams()
    for name in ("COLUMNS", "LINES"):  # Libraries make numbers of them, of whatever there is in them.
        if not re.fullmatch("[0-9]{1,5}", os.environ.get(name, "0")):
            del os.environ[name]
    try:
        from lrfind.cli.app import app
        from lrfind.cli.terminal import show_error
        from lrfind.core.errors import LrfindError, RunError

        try:
            app(prog_name="lrfind")
        except LrfindError as error:
            sys.exit(show_error(error, debug=False))
        except OSError as error:  # Of --help and --version, which typer prints; commands see to theirs.
            message = f"standard output cannot be written: {error.strerror or error}"
            sys.exit(show_error(RunError(message), debug=False))
    except KeyboardInterrupt:
        sys.exit(130)


def open_streams() -> None:
    """Point standard streams that the caller closed nowhere, so that no file of the run takes their place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


if __name__ == "__main__":
    script()
