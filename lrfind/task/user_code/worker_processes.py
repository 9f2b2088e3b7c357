"""Processes of a user's code: the imports and the end of those it starts by `multiprocessing`, the end of lrfind's own.

`spawn` and `forkserver` run the main module of the parent in every child, by its name. `main_of_children` lets that be
this one instead of the command line, so that a child finds the user's modules as its parent does.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import NoReturn

from lrfind.core.errors import ExitCode

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
    from lrfind.task.user_code.module_loading import VARIABLE, search

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of the terminal; the parent decides.
    search([folder for folder in os.environ.get(VARIABLE, "").split(os.pathsep) if folder])
