"""Reports from a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lrfind.report.console import table
from lrfind.report.figure import draw
from lrfind.report.terminal import plot
from lrfind.report.worker import Worker

from .conftest import confirmed, no_rate, typical

posix = pytest.mark.skipif(os.name != "posix", reason="signals and process states of POSIX")


def child_of(worker: Worker) -> subprocess.Popen[bytes]:
    assert worker._child is not None
    return worker._child


def test_same_bytes_as_in_process_and_several_of_them() -> None:
    with Worker() as worker:
        child = child_of(worker)
        assert worker.draw(typical(), "png") == draw(typical(), "png")
        assert worker.draw(no_rate(), "svg") == draw(no_rate(), "svg")
        assert worker.draw(confirmed(), "png") == draw(confirmed(), "png")
        assert child_of(worker) is child
    assert child.returncode == 0


def test_same_text_as_in_process() -> None:
    with Worker() as worker:
        shown = worker.plot(typical(), width=80, height=18, color=True, unicode=True)
        assert shown == plot(typical(), 80, 18, color=True, unicode=True)
        told = worker.table(typical(), width=80, color=False, unicode=False, files=["a.png"])
        assert told == table(typical(), width=80, color=False, unicode=False, files=["a.png"])


def test_without_start_it_draws_in_process() -> None:
    worker = Worker()
    assert worker.draw(typical(), "png") == draw(typical(), "png")
    worker.close()


def test_a_dead_child_is_replaced_by_this_process() -> None:
    with Worker() as worker:
        child = child_of(worker)
        child.kill()
        assert worker.draw(typical(), "png") == draw(typical(), "png")
        assert child.returncode is not None


def test_a_job_that_fails_raises_here() -> None:
    with Worker() as worker, pytest.raises(ValueError, match="expected one of"):
        worker.draw(typical(), "gif")  # type: ignore[arg-type]


@posix
def test_a_hanging_child_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrfind.report.worker.PATIENCE", 0.2)
    with Worker() as worker:
        os.kill(child_of(worker).pid, signal.SIGSTOP)
        assert worker.draw(typical(), "png") == draw(typical(), "png")


@posix
def test_ctrl_c_does_not_reach_the_child() -> None:
    with Worker() as worker:
        first = worker.draw(typical(), "png")
        child = child_of(worker)
        child.send_signal(signal.SIGINT)
        assert worker.draw(typical(), "png") == first
        assert child_of(worker) is child


def test_closing_is_quick_even_while_the_child_imports() -> None:
    worker = Worker()
    worker.start()
    child = child_of(worker)
    time.sleep(0.3)
    began = time.monotonic()
    worker.close()
    worker.close()
    assert time.monotonic() - began < 1.5
    assert child.returncode is not None


def test_no_python_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with Worker() as worker:
        assert worker.draw(typical(), "png") == draw(typical(), "png")


def test_files_of_the_user_do_not_stand_in_for_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("types", "report", "numpy", "matplotlib", "lrfind", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not me')\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with Worker() as worker:
        child = child_of(worker)
        worker.draw(typical(), "png")
        assert child_of(worker) is child


PARENT = """
import os, sys
from lrfind.report.worker import Worker
worker = Worker()
worker.start()
print(worker._child.pid, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
def test_the_child_ends_with_its_parent() -> None:
    parent = subprocess.run([sys.executable, "-c", PARENT], capture_output=True, text=True, check=False)
    status = Path(f"/proc/{int(parent.stdout)}/stat")
    deadline = time.monotonic() + 10
    while status.exists() and status.read_text(encoding="utf-8").split()[2] != "Z":
        assert time.monotonic() < deadline, "the child outlives its parent"
        time.sleep(0.05)
