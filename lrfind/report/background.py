"""Reports rendered in a process of their own, so that nobody waits for matplotlib, plotext and rich to be imported.

Start it before the measuring; by the time there is a result, the child has the libraries ready. A job is one line of
JSON, the answer one line with a length and then the bytes. The child reads a whole job before it answers, so neither
side can wait for the other. Whatever goes wrong with the child, the report is rendered in this process instead.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

import lrfind
from lrfind.core.decode import read_result
from lrfind.core.formats import FigureFormat, Format
from lrfind.core.result import Result
from lrfind.report.look import Look
from lrfind.report.sweep.result_json import to_json

IMPORTS = ("plots.figures", "plots.terminal_plot", "sweep.sweep_text")
"""Modules that the child imports before it is asked, the slowest first."""

PATIENCE = 20.0
"""Seconds after which a child that does not answer is given up. Its imports take one or two, on a busy machine more,
and began with the measuring; giving up costs no more than drawing here."""

FAREWELL = 2.0
"""Seconds a child has to end by itself before it is killed; it needs milliseconds."""

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

    def start(self) -> None:
        """Start the child; returns at once. Where no process can be started, all is rendered in this one."""
        if self._child is not None:
            return
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

    def draw(self, result: Result, format: FigureFormat) -> bytes:
        """Return the figure of a result, the same bytes as `lrfind.report.plots.figures.draw`."""
        return self._answered(result, {"figure": format})

    def text(self, result: Result, look: Look) -> str:
        """Return the text of a result, the same as `lrfind.report.render.render`."""
        options = {name: value for name, value in asdict(look).items() if name != "svg"}
        return self._answered(result, {"look": options}).decode()

    def close(self) -> None:
        """End the child and wait for its end, so that it does not stay as a zombie. May be called twice."""
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(OSError):
            if child.stdin is not None:
                child.stdin.close()
        try:
            child.wait(FAREWELL)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        finally:
            if child.stdout is not None:
                child.stdout.close()

    def _answered(self, result: Result, job: Mapping[str, Any]) -> bytes:
        """Return the child's answer; where there is none, that of this process."""
        rendered = self._ask({**job, "result": to_json(result)})
        if rendered:
            return rendered
        self.close()
        return answer(result, job)

    def _ask(self, job: Mapping[str, Any]) -> bytes:
        """Return the child's answer; empty when the child died, hung or failed."""
        child = self._child
        if child is None or child.stdin is None or child.stdout is None:
            return b""
        timer = threading.Timer(PATIENCE, child.kill)
        timer.daemon = True
        timer.start()
        try:
            child.stdin.write(json.dumps(job, default=list).encode("ascii") + b"\n")
            child.stdin.flush()
            length = int(child.stdout.readline() or 0)
            drawn = child.stdout.read(length)
            return drawn if len(drawn) == length else b""
        except (OSError, ValueError):
            return b""
        finally:
            timer.cancel()

    def __enter__(self) -> Background:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve() -> None:
    """Answer jobs from stdin until it ends, as it does when the parent closes it or dies: the child's whole life."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of the terminal; the parent decides
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(jobs,), daemon=True).start()
    # stdout is kept for answers alone: should a library print, it goes where stderr goes
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    for module in IMPORTS:
        importlib.import_module(f"lrfind.report.{module}")
    while True:
        job = json.loads(jobs.get())
        rendered = answer(read_result(job["result"]), job)
        answers.write(b"%d\n" % len(rendered) + rendered)
        answers.flush()


def answer(result: Result, job: Mapping[str, Any]) -> bytes:
    """Return the answer to a job: the figure in the format ``figure``, or the text with the options ``look``."""
    if "figure" in job:
        from lrfind.report.plots.figures import draw

        return draw(result, job["figure"])
    from lrfind.report.render import render

    return render(result, Format.text, Look(**job["look"])).encode()


def _read(jobs: queue.SimpleQueue[bytes]) -> None:
    """Take jobs; at their end, leave at once, even in the middle of an import: nobody is left to read an answer."""
    for line in sys.stdin.buffer:
        jobs.put(line)
    os._exit(0)
