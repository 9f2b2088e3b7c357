"""Reports rendered in a process of their own, so that nobody waits for matplotlib, plotext and rich to be imported.

Start the worker before the measuring; by the time there is a result, the child has them ready. A job is one line of
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
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import lrfind
from lrfind.report.records import from_json, to_json
from lrfind.types import Result

if TYPE_CHECKING:
    from lrfind.report.card import Format

RENDERERS = {
    "figure": "lrfind.report.figure:draw",
    "plot": "lrfind.report.terminal:plot",
    "table": "lrfind.report.console:table",
}
"""What the child can render, the slowest import first."""

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
from lrfind.report.worker import serve
serve()
"""


class Worker:
    """A child process that renders.

    Examples:
        >>> with Worker() as worker:  # doctest: +SKIP
        ...     result = measure()
        ...     png = worker.draw(result, "png")
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

    def draw(self, result: Result, format: Format) -> bytes:
        """The same bytes as `lrfind.report.figure.draw`."""
        return self._render("figure", result, {"format": format})

    def plot(self, result: Result, *, width: int, height: int, color: bool, unicode: bool) -> str:
        """The same text as `lrfind.report.terminal.plot`."""
        look = {"width": width, "height": height, "color": color, "unicode": unicode}
        return self._render("plot", result, look).decode()

    def table(
        self, result: Result, *, width: int, color: bool, unicode: bool, files: Sequence[str], advice: bool = False
    ) -> str:
        """The same text as `lrfind.report.console.table`."""
        look = {"width": width, "color": color, "unicode": unicode, "files": list(files), "advice": advice}
        return self._render("table", result, look).decode()

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

    def _render(self, name: str, result: Result, look: Mapping[str, Any]) -> bytes:
        """Wait for the child, or do it here."""
        rendered = self._ask({"name": name, "look": look, "result": to_json(result)})
        if rendered:
            return rendered
        self.close()
        return render(name, result, look)

    def _ask(self, job: Mapping[str, Any]) -> bytes:
        """The child's answer; empty when it died, hung or failed."""
        child = self._child
        if child is None or child.stdin is None or child.stdout is None:
            return b""
        timer = threading.Timer(PATIENCE, child.kill)
        timer.daemon = True
        timer.start()
        try:
            child.stdin.write(json.dumps(job).encode("ascii") + b"\n")
            child.stdin.flush()
            length = int(child.stdout.readline() or 0)
            drawn = child.stdout.read(length)
            return drawn if len(drawn) == length else b""
        except (OSError, ValueError):
            return b""
        finally:
            timer.cancel()

    def __enter__(self) -> Worker:
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
    for target in RENDERERS.values():
        importlib.import_module(target.partition(":")[0])
    while True:
        job = json.loads(jobs.get())
        rendered = render(job["name"], from_json(job["result"]), job["look"])
        answers.write(b"%d\n" % len(rendered) + rendered)
        answers.flush()


def render(name: str, result: Result, look: Mapping[str, Any]) -> bytes:
    """Render in this process; `name` is a key of `RENDERERS`, `look` its keyword arguments."""
    module, _, function = RENDERERS[name].partition(":")
    rendered = getattr(importlib.import_module(module), function)(result, **look)
    return rendered if isinstance(rendered, bytes) else rendered.encode()


def _read(jobs: queue.SimpleQueue[bytes]) -> None:
    """Take jobs; at their end, leave at once, even in the middle of an import: nobody is left to read an answer."""
    for line in sys.stdin.buffer:
        jobs.put(line)
    os._exit(0)
