"""`curve.csv` is the same to the byte under other circumstances; under those that may move bits it is another run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from lrfind.storage import journal as journals
from lrfind.storage import layout
from tests.cli.conftest import Ran, linux
from tests.support.processes import MODULE, Starter

CONFIG = """\
model: {name: mlp, hidden: [8]}
data: {name: digits, batch_size: 8}
optimizer: {name: adam}
sweep: {steps: 6000, seeds: 2, extend: false}
confirm: {enabled: false}
"""
"""Two chunks."""

SWITCHED = """\
import pathlib, jax, numpy as np, jax.numpy as jnp

if pathlib.Path("switch").exists():
    jax.config.update("jax_default_matmul_precision", "highest")

def build():
    return lambda params, batch: jnp.mean((batch[0] @ params - batch[1]) ** 2), np.zeros(4, np.float32)

def arrays():
    x = np.random.default_rng(0).normal(size=(80, 4)).astype(np.float32)
    return x, x.sum(axis=1)
"""


OWN = """\
model: {target: "own.py:build"}
data: {target: "own.py:arrays", batch_size: 16}
optimizer: {name: sgd, learning_rate: 0.1}
train: {steps: 9}
"""


class Whole(NamedTuple):
    """A run that was never stopped, and what a kill after its first chunk would have left."""

    curve: bytes
    journal: bytes
    cache: Path


class Call(Protocol):
    """The command line in a process of its own."""

    def __call__(self, *arguments: str, folder: Path, before: str = "", **environment: str) -> Ran: ...


@pytest.fixture(scope="session")
def lrfind(starter: Starter) -> Call:
    def call(*arguments: str, folder: Path, before: str = "", **environment: str) -> Ran:
        """Python runs `before` first, a line about its `os`."""
        own = {**os.environ, **environment}
        if not before:
            forked = starter.run(*arguments, "--no-plot", cwd=folder, env=own)
            return Ran(forked.returncode, forked.stdout, forked.stderr)
        code = f"import os, sys; {before}; os.execv(sys.argv[1], sys.argv[1:])"
        command = [sys.executable, "-c", code, *MODULE, *arguments, "--no-plot"]
        ran = subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, timeout=120, check=False)
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    return call


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, lrfind: Call) -> Whole:
    folder, cache = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("programs")
    (folder / "c.yaml").write_text(CONFIG, encoding="utf-8")
    ran = lrfind("sweep", "c.yaml", "--out", "r", folder=folder, LRFIND_CACHE_DIR=str(cache))
    assert ran.code in (0, 1), ran.err
    lines = (folder / "r" / journals.JOURNAL).read_bytes().splitlines(keepends=True)
    numbers = [number for number, line in enumerate(lines) if json.loads(line)["kind"] == "sweep"]
    assert len(numbers) == 2
    return Whole((folder / "r" / layout.CURVE).read_bytes(), b"".join(lines[: numbers[0] + 1]), cache)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "c.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def killed(place: Path, whole: Whole) -> None:
    """Leave what a kill leaves."""
    (place / "r").mkdir()
    (place / "r" / journals.JOURNAL).write_bytes(whole.journal)


class Circumstance(NamedTuple):
    """What is other than in the run that was never stopped."""

    arguments: tuple[str, ...] = ()
    environment: dict[str, str] = {}  # noqa: RUF012  (read alone)
    folder: str = "."
    killed: bool = False
    before: str = ""


SAME = {
    "a warm cache, another folder": Circumstance(folder="another folder", before="pass"),
    "a cold cache": Circumstance(environment={"LRFIND_CACHE_DIR": "cold"}),
    "no cache": Circumstance(("--no-cache", "--quiet")),
    "hash seed and locale": Circumstance(environment={"PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Asia/Tokyo"}),
    "another form, low priority": Circumstance(("--format", "json"), before="os.nice(5)"),
    "settings that move nothing": Circumstance(
        environment={
            "JAX_TRACEBACK_FILTERING": "off",
            "XLA_FLAGS": "--xla_dump_max_hlo_modules=1",
            "OMP_NUM_THREADS": "1",
        }
    ),
    "killed and carried on": Circumstance(killed=True),
    "killed, carried on without a cache": Circumstance(("--no-cache",), killed=True),
}


@linux
@pytest.mark.parametrize("name", SAME)
def test_the_curve_is_the_same_to_the_byte(name: str, place: Path, whole: Whole, lrfind: Call) -> None:
    other = SAME[name]
    folder = place / other.folder
    folder.mkdir(exist_ok=True)
    if other.killed:
        killed(folder, whole)
    environment = {"LRFIND_CACHE_DIR": str(whole.cache)} | other.environment
    arguments = ("sweep", str(place / "c.yaml"), "--out", "r", *other.arguments)
    ran = lrfind(*arguments, folder=folder, before=other.before, **environment)
    assert ran.code in (0, 1), ran.err
    assert ("carried on at step 5,000 of the sweep" in ran.err) is other.killed
    assert (folder / "r" / layout.CURVE).read_bytes() == whole.curve


OTHER = {
    "JAX_ENABLE_X64": ("1", "jax_enable_x64 is true here, false in the run"),
    "JAX_DEFAULT_MATMUL_PRECISION": ("highest", 'jax_default_matmul_precision is "highest" here, null in the run'),
    "JAX_THREEFRY_PARTITIONABLE": ("0", "jax_threefry_partitionable is false here, true in the run"),
    "XLA_FLAGS": (
        "--xla_cpu_enable_fast_math=true",
        'XLA_FLAGS is "--xla_cpu_enable_fast_math=true" here, "" in the run',
    ),
    "NPROC": ("7", "usable_cores is 7 here, "),
}


@linux
@pytest.mark.parametrize("name", OTHER)
def test_under_what_may_move_bits_it_is_another_run(name: str, place: Path, whole: Whole, lrfind: Call) -> None:
    killed(place, whole)
    value, said = OTHER[name]
    ran = lrfind("sweep", "c.yaml", "--out", "r", folder=place, LRFIND_CACHE_DIR=str(whole.cache), **{name: value})
    assert ran.code == 2
    assert f"r holds a run of this config under other conditions ({said}" in ran.err
    assert ran.err.endswith("; choose another --out, or overwrite it with --fresh\n")
    assert (place / "r" / journals.JOURNAL).read_bytes() == whole.journal


@linux
def test_on_fewer_cores_it_is_another_run(place: Path, whole: Whole, lrfind: Call) -> None:
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2 or "NPROC" in os.environ:
        pytest.skip("needs two cores")
    shutil.copytree(place, place / "lrfind-runs" / "c", ignore=lambda *_: ["lrfind-runs", "c.yaml"])
    (place / "lrfind-runs" / "c" / journals.JOURNAL).write_bytes(whole.journal)
    one = f"os.sched_setaffinity(0, [{usable[0]}])"
    ran = lrfind("sweep", "c.yaml", folder=place, before=one, LRFIND_CACHE_DIR=str(whole.cache))
    assert ran.code in (0, 1)
    assert ran.err == (
        "lrfind: lrfind-runs/c holds a run of this config under other conditions (usable_cores is 1 here, "
        f"{len(usable)} in the run); this one goes to lrfind-runs/c-2\n"
    )


@linux
def test_what_the_users_code_sets_counts(place: Path, whole: Whole, lrfind: Call) -> None:
    (place / "own.py").write_text(SWITCHED, encoding="utf-8")
    (place / "own.yaml").write_text(OWN, encoding="utf-8")
    arguments = ("train", "own.yaml", "--out", "r")
    assert lrfind(*arguments, folder=place, LRFIND_CACHE_DIR=str(whole.cache)).code == 0
    (place / "switch").touch()
    ran = lrfind(*arguments, folder=place, LRFIND_CACHE_DIR=str(whole.cache))
    assert ran.code == 2
    assert 'conditions (jax_default_matmul_precision is "highest" here, null in the run)' in ran.err


def entries(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Content and time of each compiled program that is kept."""
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(folder.glob("**/*-cache"))}


@linux
def test_damaged_programs_are_replaced(place: Path, whole: Whole, lrfind: Call) -> None:
    for number, path in enumerate(sorted(whole.cache.glob("**/*-cache"))):
        content = path.read_bytes()
        path.write_bytes([content[: len(content) // 2], b"", b"\0" * len(content)][number % 3])
    kept = [entries(whole.cache)]
    for turn in range(2):
        ran = lrfind("sweep", "c.yaml", "--out", f"r{turn}", folder=place, LRFIND_CACHE_DIR=str(whole.cache))
        assert ran.err == ""
        assert (place / f"r{turn}" / layout.CURVE).read_bytes() == whole.curve
        kept.append(entries(whole.cache))
    assert kept[0] != kept[1] == kept[2], "what the run needed is whole again"
