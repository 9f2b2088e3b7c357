"""Reports rendered in a process of their own, so that nobody waits for matplotlib, plotext and rich to be imported.

Start it before the measuring; by the time there is a result, the child has the libraries ready. A job is a pickled name
of a function with its arguments, the answer what that returns. The child reads a whole job before it answers, so
neither side can wait for the other. Whatever goes wrong with the child, the report is rendered in this process instead.

A `ProcessPoolExecutor` would import modules from the working directory and the parent's main module, its worker
outlives a parent that is killed, and one that hangs can be ended by its private attributes alone.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import lrfind
from lrfind.core.formats import FigureFormat, Format
from lrfind.core.result import Result
from lrfind.report.render import function
from lrfind.report.wording import Look

IMPORTS = ("plots.figures", "plots.terminal_plot", "sweep.sweep_text")
"""Modules that the child imports before it is asked, the slowest first."""

PATIENCE = 20.0
"""Seconds after which a child that does not answer is given up. Its imports take one or two, on a busy machine more,
and began with the measuring; giving up costs no more than drawing here."""

# The child takes lrfind from where this process has it, and nothing else from there: a `types.py` in the working
# directory (kept off the path by -P) or beside a source checkout must not stand in for a module of Python's own.
BOOT = """
import sys
sys.path.insert(0, sys.argv[1])
import lrfind
del sys.path[0]
from lrfind.report.background import serve
serve()
"""


class Background:
    """A child process that renders.

    Examples:
        >>> with Background() as background:  # doctest: +SKIP
        ...     result = measure()
        ...     png = background.draw(result, "png")
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Background:
        self.start()
        return self

    def start(self) -> None:
        """Start the child; returns at once. Where no process can be started, all is rendered in this one."""
        root = str(Path(lrfind.__file__).resolve().parent.parent)
        # one thread for OpenBLAS: numpy starts faster, and the cores belong to the training
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "agg"}
        with contextlib.suppress(OSError, ValueError):
            self._child = subprocess.Popen(
                [sys.executable or "python3", "-P", "-c", BOOT, root],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child and wait for its end, so that it does not stay as a zombie. May be called twice."""
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(OSError), child:
                child.kill()

    def draw(self, result: Result, format: FigureFormat) -> bytes:
        """Return the figure of a result, the same bytes as `lrfind.report.plots.figures.draw`."""
        drawn: bytes = self._call("plots.figures:draw", result, format)
        return drawn

    def text(self, result: Result, look: Look) -> str:
        """Return the text of a result, the same as `lrfind.report.render.render`."""
        text: str = self._call("render:render", result, Format.text, look)
        return text

    def _call(self, target: str, *arguments: Any) -> Any:
        """Return the child's answer; where it died, hung or failed, that of this process."""
        child = self._child
        if child is not None and child.stdin is not None and child.stdout is not None:
            timer = threading.Timer(PATIENCE, child.kill)
            timer.daemon = True
            timer.start()
            try:
                pickle.dump((target, arguments), child.stdin)
                child.stdin.flush()
                return pickle.load(child.stdout)
            except (OSError, EOFError, pickle.PickleError):
                self.close()
            finally:
                timer.cancel()
        return function(target)(*arguments)


def serve() -> None:
    """Answer jobs from stdin until it ends, as it does when the parent dies: the child's whole life."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of the terminal; the parent decides
    # stdout is kept for answers alone: should a library print, it goes where stderr goes
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    for module in IMPORTS:
        importlib.import_module(f"lrfind.report.{module}")
    while True:
        target, arguments = pickle.load(sys.stdin.buffer)
        pickle.dump(function(target)(*arguments), answers)
        answers.flush()
