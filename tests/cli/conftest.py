"""A folder with a tiny config, and `lrfind` called in it: in this process where that will do, for JAX starts slowly."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.processes import Forked, Starter, start_python

CONFIG = """\
model: {name: mlp, hidden: [8]}
data: {name: digits, batch_size: 64}  # real digits
optimizer: {name: adam}
sweep: {steps: 20, seeds: 2, extend: false}
confirm: {enabled: false}
"""

SLOW = """\
model: {name: mlp, hidden: [256, 256]}
data: {name: digits}
optimizer: {name: adam}
sweep: {steps: 100000, seeds: 2, extend: false}
confirm: {enabled: false}
"""


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


Lrfind = Callable[..., Ran]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the tiny config in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    Path("c.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


@pytest.fixture
def lrfind(folder: Path, rendered_here: None) -> Lrfind:
    """The command line in this process, which renders as well."""

    def call(*arguments: str, stdin: str | bytes | None = None) -> Ran:
        from lrfind.cli.app import app

        ran = CliRunner().invoke(app, list(arguments), input=stdin, catch_exceptions=False)
        return Ran(ran.exit_code, ran.stdout, ran.stderr)

    return call


class Process:
    """The command line in a process of its own."""

    def __init__(self, popen: Forked | subprocess.Popen[str]) -> None:
        self.popen = popen

    def send(self, number: signal.Signals) -> None:
        self.popen.send_signal(number)

    def end(self) -> Ran:
        """Wait for its end."""
        out, err = self.popen.communicate(timeout=60)
        return Ran(self.popen.returncode, out, err)


@pytest.fixture(scope="session")
def starter() -> Iterator[Starter]:
    """Starts the command line in processes of their own, quickly."""
    starter = Starter()
    yield starter
    starter.close()


@pytest.fixture
def start(folder: Path, starter: Starter) -> Iterator[Callable[..., Process]]:
    """Starts processes, and leaves none behind; with ``anew`` all of Python is started."""
    started: list[Process] = []

    def begin(*arguments: str, anew: bool = False) -> Process:
        started.append(Process(start_python(*arguments) if anew else starter.popen(*arguments)))
        return started[-1]

    yield begin
    for process in started:
        if process.popen.poll() is None:
            process.popen.kill()
            process.popen.communicate()
        for stream in (process.popen.stdin, process.popen.stdout, process.popen.stderr):
            if stream is not None and not stream.closed:
                stream.close()


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 40.0) -> None:
    """Return once it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.02)


def lines_of(path: Path) -> list[str]:
    """The whole lines of a file that may not be there yet."""
    try:
        return [line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]
    except OSError:
        return []


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(after_name[1]) == pid:
            found.append(int(status.parent.name))
    return found


def alive(pid: int) -> bool:
    """Whether a process is there, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


posix = pytest.mark.skipif(os.name != "posix", reason="signals and terminals of POSIX")
linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
