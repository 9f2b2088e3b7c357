"""Starts commands by a fork of a process that has imported everything, for importing JAX takes longer than a small run.

``python fork_server.py SOCKET`` listens there until its stdin ends. Whoever connects sends one line of JSON with the
arguments, folder and environment of a command, and the descriptors that it shall have; the answers are two lines, the
process's number at once, and its status, as `os.waitpid` tells it, at its end.
"""

from __future__ import annotations

import fcntl
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import sys
from typing import Any

APART = ("lrfind.__main__", "lrfind.report.plots", "lrfind.report.html")
"""What a command runs as its main module, or draws with in another process."""


def imports() -> None:
    """Import what commands import; no backend may start, for its threads would be missing after a fork."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    import jax  # noqa: F401
    import optax  # noqa: F401
    from jax._src import xla_bridge

    import lrfind

    for module in pkgutil.walk_packages(lrfind.__path__, "lrfind."):
        if not module.name.startswith(APART):
            importlib.import_module(module.name)
    assert not xla_bridge.backends_are_initialized()
    gc.collect()
    gc.freeze()


def serve(path: str) -> None:
    """Fork a child for every connection; return in the children, when they are what was asked for."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    woken, wakes = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wakes, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes)
    selector = selectors.DefaultSelector()
    for source in (listener, woken, sys.stdin):
        selector.register(source, selectors.EVENT_READ)
    waiting: dict[int, socket.socket] = {}
    while True:
        ready = [key.fileobj for key, _ in selector.select()]
        if sys.stdin in ready:
            os._exit(0)
        if woken in ready:
            os.read(woken, 4096)
        if listener in ready:
            connection = listener.accept()[0]
            job, descriptors = received(connection)
            child = os.fork()
            if child == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                selector.close()
                for other in (listener, connection, *waiting.values()):
                    other.close()
                os.close(woken)
                os.close(wakes)
                become(job, descriptors)
                return
            for descriptor in descriptors:
                os.close(descriptor)
            waiting[child] = connection
            connection.sendall(b"%d\n" % child)
        reap(waiting)


def received(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Receive a job: one line, and the descriptors that came with its beginning."""
    text, descriptors, *_ = socket.recv_fds(connection, 2**20, 250)
    while not text.endswith(b"\n"):
        text += connection.recv(2**20)
    return json.loads(text), list(descriptors)


def reap(waiting: dict[int, socket.socket]) -> None:
    """Tell of the children that have ended."""
    while waiting:
        child, status = os.waitpid(-1, os.WNOHANG)
        if child == 0:
            return
        with waiting.pop(child) as connection:
            try:
                connection.sendall(b"%d\n" % status)
            except OSError:  # Nobody waits for it.
                continue


def become(job: dict[str, Any], descriptors: list[int]) -> None:
    """Take on descriptors, folder, environment and arguments of a command."""
    if job["session"]:
        os.setsid()
    apart = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 512) for descriptor in descriptors]
    for descriptor in {0, 1, 2, *descriptors}:
        os.close(descriptor)
    for descriptor, number in zip(apart, job["descriptors"], strict=True):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(job["folder"])
    os.environ.clear()
    os.environ.update(job["environment"])
    sys.argv = ["", *job["arguments"]]
    sys.path[0] = job["folder"]
    unbuffered = bool(os.environ.get("PYTHONUNBUFFERED"))
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        old = getattr(sys, name)
        raw = open(number, "rb" if number == 0 else "wb", 0 if unbuffered and number else -1, closefd=False)  # noqa: SIM115
        new = io.TextIOWrapper(
            raw,  # type: ignore[arg-type]
            encoding=old.encoding,
            errors=old.errors,
            line_buffering=number == 2 or raw.isatty(),
            write_through=unbuffered and number > 0,
        )
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)


if __name__ == "__main__":
    imports()
    serve(sys.argv[1])
    runpy.run_module("lrfind", run_name="__main__", alter_sys=True)
