"""Worker processes that the user's code starts by `multiprocessing`: what they import, and their end.

`spawn` and `forkserver` run the main module of the parent in every child, by its name. `main_of_children` lets that be
this one instead of the command line, so that a child finds the user's modules as its parent does.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from importlib.util import find_spec

PATIENCE = 2.0
"""Seconds in which killed processes have to be gone."""


def main_of_children() -> None:
    """Name this module as what children run."""
    sys.modules["__main__"].__spec__ = find_spec("lrfind.own.children")


def end_children() -> None:
    """Kill the worker processes of this one, for an exit that waits for nobody: a pool is seldom closed.

    No thread can start another one from here on, as the threads of a pool do where a worker is missing.
    """
    processes = sys.modules.get("multiprocessing.process")
    if processes is None:
        return
    processes.BaseProcess.start = _never
    deadline = time.monotonic() + PATIENCE
    while (children := processes.active_children()) and time.monotonic() < deadline:
        for child in children:
            with contextlib.suppress(OSError, ValueError):  # Ended meanwhile, or closed.
                child.kill()
        time.sleep(0.01)


def _never(process: object) -> None:
    del process
    threading.Event().wait()


if __name__ == "__mp_main__":
    from lrfind.own.modules import VARIABLE, search

    search([folder for folder in os.environ.get(VARIABLE, "").split(os.pathsep) if folder])
