"""Standard output holds the result alone, in processes of their own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import posix
from tests.support.processes import MODULE, Starter

pytestmark = posix

NOISE = """\
import atexit, ctypes, multiprocessing, os, subprocess, sys, threading, time
import numpy as np

def talk():
    print("noise: print")
    sys.__stdout__.write("noise: __stdout__\\n")
    os.write(1, b"noise: descriptor\\n")
    subprocess.run(["echo", "noise: child"], check=True)
    os.system("echo noise: shell")
    ctypes.CDLL(None).puts(b"noise: C")
    if os.fork() == 0:
        os.write(1, b"noise: fork\\n")
        os._exit(0)
    os.wait()

def forever():
    while True:
        os.write(1, b"noise: thread\\n")
        time.sleep(0.001)

talk()
atexit.register(talk)
threading.Thread(target=forever, daemon=True).start()

def batches(seed):
    rng = np.random.default_rng(seed)
    talk()
    while True:
        x = rng.normal(size=(8, 4))
        yield x, x.sum(axis=1)
"""

CONFIG = """\
model: {name: linear}
data: {target: "noise.py:batches"}
optimizer: {name: sgd, learning_rate: 1e-2}
sweep: {steps: 20, seeds: 1, extend: false}
confirm: {enabled: false}
train: {steps: 20}
"""


@pytest.fixture(autouse=True)
def noise(folder: Path) -> None:
    Path("noise.py").write_text(NOISE, encoding="utf-8")
    Path("n.yaml").write_text(CONFIG, encoding="utf-8")


Shell = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def shell(starter: Starter) -> Shell:
    """A command line of a POSIX shell. With ``anew`` all of Python is started."""

    def call(line: str, *, anew: bool = False) -> subprocess.CompletedProcess[bytes]:
        command = line.replace("LRFIND", " ".join(MODULE if anew else starter.words()))
        return subprocess.run(["sh", "-c", command], capture_output=True, timeout=60, check=False)

    return call


@pytest.mark.parametrize("command", ["sweep n.yaml --exit-zero", "train n.yaml", "sweep n.yaml --dry-run"])
def test_the_json_is_all(command: str, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # With it, C does not buffer either.
    ran = shell(f"LRFIND {command} --json --no-plot", anew="exit-zero" in command)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert json.loads(ran.stdout)
    for way in ("print", "__stdout__", "descriptor", "child", "shell", "C", "fork", "thread"):
        assert f"noise: {way}\n".encode() in ran.stderr


@pytest.mark.parametrize("output", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_an_output_that_is_stdout(output: str, shell: Shell) -> None:
    ran = shell(f"LRFIND sweep n.yaml --json --no-plot --output {output} | cat")
    assert json.loads(ran.stdout)


def test_closed_streams_and_readers_who_leave(shell: Shell) -> None:
    sweep = "LRFIND sweep n.yaml --json --no-plot --quiet --exit-zero"
    ran = shell(f"{sweep} <&- 2>&-", anew=True)
    assert ran.returncode == 0
    assert json.loads(ran.stdout)
    ran = shell(f"({sweep} 2>/dev/null; echo $? >&2) | head -1")
    assert (ran.stdout, ran.stderr) == (b"{\n", b"0\n")


@pytest.mark.parametrize("status", [0, 1])
@pytest.mark.parametrize("where", ["here", "in a thread"])
def test_an_end_by_the_users_code_is_no_verdict(where: str, status: int, shell: Shell) -> None:
    leave = f"threading.Thread(target=os._exit, args=({status},)).start()" if where != "here" else f"os._exit({status})"
    code = f"import os, threading\nimport numpy as np\n\ndef batches(seed):\n    {leave}\n"
    Path("noise.py").write_text(f"{code}    while True:\n        yield np.ones((8, 4)), np.ones(8)\n", encoding="utf-8")
    ran = shell("LRFIND check n.yaml --effort quick")
    assert ran.returncode == 3
    assert ran.stdout == b""
    assert ran.stderr.decode().splitlines()[-1:] == [
        f"lrfind: error: your code ended the process by os._exit({status})"
    ]
