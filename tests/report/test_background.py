"""Reports from a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lrfind.report.background import Background
from lrfind.report.plots.figures import draw
from lrfind.report.sweep.sweep_text import report
from lrfind.report.wording import Look
from tests.report.conftest import confirmed, no_rate, typical

posix = pytest.mark.skipif(os.name != "posix", reason="signals and process states of POSIX")


def child_of(background: Background) -> subprocess.Popen[bytes]:
    assert background._child is not None
    return background._child


def test_same_bytes_as_in_process_and_several_of_them() -> None:
    with Background() as background:
        child = child_of(background)
        assert background.draw(typical(), "png") == draw(typical(), "png")
        assert background.draw(no_rate(), "svg") == draw(no_rate(), "svg")
        assert background.draw(confirmed(), "png") == draw(confirmed(), "png")
        assert child_of(background) is child
    assert child.returncode is not None


def test_same_text_as_in_process() -> None:
    with Background() as background:
        look = Look(width=80, color=True, unicode=False, files=("a.png",))
        assert background.text(typical(), look) == report(typical(), look)
        plain = Look(draws=False, advice=True, fail_on=frozenset({"too-slow"}), positions={"seed": (1, 1)})
        assert background.text(confirmed(), plain) == report(confirmed(), plain)


def test_without_start_it_draws_in_process() -> None:
    background = Background()
    assert background.draw(typical(), "png") == draw(typical(), "png")
    background.close()


def test_a_dead_child_is_replaced_by_this_process() -> None:
    with Background() as background:
        child = child_of(background)
        child.kill()
        assert background.draw(typical(), "png") == draw(typical(), "png")
        assert child.returncode is not None


def test_a_job_that_fails_raises_here() -> None:
    with Background() as background, pytest.raises(ValueError, match="expected one of"):
        background.draw(typical(), "gif")  # type: ignore[arg-type]


@posix
def test_a_hanging_child_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrfind.report.background.PATIENCE", 0.2)
    with Background() as background:
        os.kill(child_of(background).pid, signal.SIGSTOP)
        assert background.draw(typical(), "png") == draw(typical(), "png")


@posix
def test_ctrl_c_does_not_reach_the_child() -> None:
    with Background() as background:
        first = background.draw(typical(), "png")
        child = child_of(background)
        child.send_signal(signal.SIGINT)
        assert background.draw(typical(), "png") == first
        assert child_of(background) is child


def test_closing_is_quick_even_while_the_child_imports() -> None:
    background = Background()
    background.start()
    child = child_of(background)
    time.sleep(0.3)
    began = time.monotonic()
    background.close()
    background.close()
    assert time.monotonic() - began < 1.5
    assert child.returncode is not None


def test_no_python_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with Background() as background:
        assert background.draw(typical(), "png") == draw(typical(), "png")


def test_files_of_the_user_do_not_stand_in_for_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("types", "report", "numpy", "matplotlib", "lrfind", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not me')\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with Background() as background:
        child = child_of(background)
        background.draw(typical(), "png")
        assert child_of(background) is child


PARENT = """
import os, sys
from lrfind.report.background import Background
background = Background()
background.start()
print(background._child.pid, flush=True)
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
