"""Worker processes that the user's loader starts: what they can import, and their end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

CODE = """\
import multiprocessing as mp, os, time
from concurrent.futures import ProcessPoolExecutor
import {helper} as helper

def batch(seed):
    return helper.made(seed)

def put(seed, queue):
    queue.put(batch(seed))

def stuck(seed):
    open(f"waiting-{seed}", "w").close()
    time.sleep(1000)

def pool(context, seeds):
    workers = context.Pool(2)
    yield from workers.imap(batch, seeds)

def executor(context, seeds):
    yield from ProcessPoolExecutor(2, mp_context=context).map(batch, seeds)

def process(context, seeds):
    queue = context.Queue()
    for seed in seeds[:2]:
        context.Process(target=put, args=(seed, queue)).start()
        yield queue.get()

def hanging(context, seeds):
    yield from executor(context, seeds)
    context.Pool(1).map_async(stuck, [0])
    context.Process(target=stuck, args=(1,)).start()
    time.sleep(1000)

def raising(context, seeds):
    context.Pool(1).map_async(stuck, seeds)
    yield batch(0)
    raise ValueError("no more")

def batches(seed, way, method):
    yield from globals()[way](mp.get_context(method), list(range(seed, seed + 4)))
"""

HELPER = """\
import numpy as np

def made(seed):
    x = np.random.default_rng(seed).normal(size=(16, 4)).astype("float32")
    return x, x.sum(axis=1, keepdims=True)
"""

CONFIG = """\
model: {{name: linear}}
data: {{target: "{file}:batches", kwargs: {{way: {way}, method: {method}}}}}
optimizer: {{name: sgd}}
sweep: {{steps: 20, seeds: 1, extend: false}}
confirm: {{enabled: false}}
train: {{steps: 20}}
"""

SCRIPT = (str(Path(sys.executable).parent / "lrfind"),)
MODULE = (sys.executable, "-P", "-m", "lrfind")


def started(
    way: str,
    method: str,
    *,
    by: tuple[str, ...] = MODULE,
    file: str = "mine.py",
    helper: str = "beside",
    steps: int = 20,
) -> subprocess.Popen[str]:
    """A sweep in a process group of its own, from another folder than that of its files."""
    Path("code").mkdir()
    Path("code", file).write_text(CODE.replace("{helper}", helper), encoding="utf-8")
    Path("code", f"{helper}.py").write_text(HELPER, encoding="utf-8")
    config = CONFIG.format(file=file, way=way, method=method)
    Path("code/c.yaml").write_text(config, encoding="utf-8")
    return subprocess.Popen(
        [*by, "sweep", "code/c.yaml", "--no-plot", "--out", "run"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ended(sweep: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code and stderr of a sweep that ends in time, and leaves no process behind."""
    try:
        _, err = sweep.communicate(timeout=90)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            os.killpg(sweep.pid, 0)
            time.sleep(0.05)
        raise AssertionError(f"processes are left: {err}")
    except ProcessLookupError:
        return sweep.returncode, err
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(sweep.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("way", "method", "by"),
    [
        ("pool", "fork", MODULE),
        ("executor", "spawn", MODULE),
        ("executor", "forkserver", SCRIPT),
        ("process", "spawn", SCRIPT),
    ],
)
def test_every_start_method(way: str, method: str, by: tuple[str, ...], folder: Path) -> None:
    if not Path(by[0]).exists():
        pytest.skip("lrfind is not installed as a script")
    code, err = ended(started(way, method, by=by))
    assert code in (0, 1), err
    assert "Traceback" not in err
    assert "leaked" not in err


@pytest.mark.parametrize(
    ("file", "helper", "method"), [("token.py", "iniconfig", "spawn"), ("my-data.py", "beside", "forkserver")]
)
def test_names_that_are_taken_or_no_names(file: str, helper: str, method: str, folder: Path) -> None:
    """A module of Python's own, an installed package, a name with a dash: children import what their parent did."""
    code, err = ended(started("pool", method, file=file, helper=helper))
    assert code in (0, 1), err
    assert "Traceback" not in err
    assert "leaked" not in err


@pytest.mark.parametrize(
    ("number", "method"),
    [
        (signal.SIGINT, "spawn"),
        (signal.SIGTERM, "fork"),
        (signal.SIGTERM, "forkserver"),
    ],
)
def test_a_signal_ends_the_children(number: signal.Signals, method: str, folder: Path) -> None:
    sweep = started("hanging", method)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and len(list(Path().glob("waiting-*"))) < 2:
        assert sweep.poll() is None, sweep.communicate()
        time.sleep(0.05)
    while sweep.poll() is None:  # The first may only be noted, the second ends the process at once.
        if number == signal.SIGINT:  # As a terminal sends it: to all of them.
            os.killpg(sweep.pid, number)
        else:
            os.kill(sweep.pid, number)
        time.sleep(0.2)
    code, err = ended(sweep)
    assert code == 128 + number, err
    assert "Traceback" not in err


def test_an_error_ends_the_children(folder: Path) -> None:
    code, err = ended(started("raising", "spawn"))
    assert code == 3
    assert "ValueError: no more" in err
    assert "Traceback" not in err
