"""`lrfind` in processes of its own: forked off one that has imported everything where that can be done."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from tests.support.fork_client import ask

HERE = Path(__file__).parent
MODULE = (sys.executable, "-m", "lrfind")
AT_START = ("JAX_", "PYTHON", "OMP_", "OPENBLAS_", "LC_", "LANG", "LD_")
"""What Python and libraries read from the environment when they start."""


class Forked:
    """A process that was forked off; used as a `subprocess.Popen`, of which it has what the tests need."""

    def __init__(self, connection: socket.socket, pipes: Mapping[str, IO[Any]]) -> None:
        self.returncode: int | None = None
        self.stdin, self.stdout, self.stderr = (pipes.get(name) for name in ("stdin", "stdout", "stderr"))
        self._connection = connection
        self.pid = int(self._line())

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._ended(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("lrfind", timeout or 0.0)
        return code

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            self._connection.settimeout(None if timeout is None else max(timeout, 1e-4))
            try:
                self.returncode = os.waitstatus_to_exitcode(int(self._line()))
            except TimeoutError:
                return None
            self._connection.close()
        return self.returncode

    def _line(self) -> bytes:
        line = self._connection.recv(1)
        while not line.endswith(b"\n"):
            line += self._connection.recv(1)
        return line

    def communicate(self, timeout: float | None = None) -> tuple[Any, Any]:
        """Close its input, read to the end of its outputs, and wait."""
        deadline = None if timeout is None else time.monotonic() + timeout
        if self.stdin is not None:
            self.stdin.close()
        read: dict[int, Any] = {}

        def gather(number: int, stream: IO[Any]) -> None:
            read[number] = stream.read()
            stream.close()

        threads = [
            threading.Thread(target=gather, args=(number, stream), daemon=True)
            for number, stream in enumerate((self.stdout, self.stderr))
            if stream is not None and not stream.closed
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                raise subprocess.TimeoutExpired("lrfind", timeout or 0.0)
        self.wait(None if deadline is None else max(0.0, deadline - time.monotonic()))
        return read.get(0), read.get(1)

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)


def start_python(*arguments: str, text: bool = True, **others: Any) -> subprocess.Popen[Any]:
    """Start a command as a user does, with a pipe for each stream where nothing else is said."""
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    encoding = "utf-8" if text else None
    return subprocess.Popen([*MODULE, *arguments], **{**streams, **others}, text=text, encoding=encoding)


class Starter:
    """Starts `lrfind`; without a server, by starting Python."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="lrfind-")
        self._server: subprocess.Popen[bytes] | None = None
        self._environment: dict[str, str] = {}
        self.path = str(Path(self._folder) / "s")

    def ready(self) -> bool:
        """Start the server, if there can be one and it was not started before."""
        if self._server is None and sys.platform == "linux":
            self._environment = dict(os.environ)
            with open(Path(self._folder) / "log", "wb") as log:
                self._server = subprocess.Popen(
                    [sys.executable, str(HERE / "fork_server.py"), self.path],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    start_new_session=True,
                )
            while not Path(self.path).exists():
                assert self._server.poll() is None, (Path(self._folder) / "log").read_text(encoding="utf-8")
                time.sleep(0.01)
        return self._server is not None

    def words(self) -> tuple[str, ...]:
        """The command for shells."""
        if not self.ready():
            return MODULE
        return (sys.executable, "-IS", str(HERE / "fork_client.py"), self.path)

    def like_the_server(self, environment: Mapping[str, str]) -> bool:
        """Whether Python and its libraries would have started alike under an environment."""

        def read(values: Mapping[str, str]) -> dict[str, str]:
            # A command in this process may have set it, to what is the default here.
            fixed = {**values, "JAX_PLATFORMS": values.get("JAX_PLATFORMS") or "cpu"}
            return {name: fixed[name] for name in fixed if name.startswith(AT_START)}

        return read(environment) == read(self._environment)

    def popen(
        self,
        *arguments: str,
        stdin: int | None = subprocess.PIPE,
        stdout: int | None = subprocess.PIPE,
        stderr: int | None = subprocess.PIPE,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        text: bool = True,
        start_new_session: bool = False,
    ) -> Forked | subprocess.Popen[Any]:
        """Start a command, as `subprocess.Popen` would, with a pipe for each stream or a descriptor."""
        environment = dict(os.environ if env is None else env)
        if not self.ready() or not self.like_the_server(environment):
            return start_python(
                *arguments,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                cwd=cwd,
                env=environment,
                text=text,
                start_new_session=start_new_session,
            )
        pipes: dict[str, IO[Any]] = {}
        theirs, given = {}, []
        for number, (name, stream) in enumerate({"stdin": stdin, "stdout": stdout, "stderr": stderr}.items()):
            if stream == subprocess.PIPE:
                read, write = os.pipe()
                mine, theirs[number] = (write, read) if number == 0 else (read, write)
                given.append(theirs[number])
                mode = ("w" if number == 0 else "r") + ("" if text else "b")
                pipes[name] = open(mine, mode, encoding="utf-8" if text else None)  # noqa: SIM115
            else:
                theirs[number] = number if stream is None else stream
        folder = str(Path.cwd() if cwd is None else Path(cwd).absolute())
        connection = ask(self.path, list(arguments), theirs, folder, environment, start_new_session)
        for descriptor in given:
            os.close(descriptor)
        return Forked(connection, pipes)

    def run(
        self,
        *arguments: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        text: bool = True,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[Any]:
        """Run a command to its end."""
        process = self.popen(*arguments, cwd=cwd, env=env, text=text)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return subprocess.CompletedProcess(json.dumps(arguments), process.returncode or 0, out, err)

    def close(self) -> None:
        """End the server; children that it has go on."""
        if self._server is not None and self._server.stdin is not None:
            self._server.stdin.close()
            self._server.wait()
        shutil.rmtree(self._folder)
