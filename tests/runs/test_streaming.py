"""Whole runs on data that stay on the disk: the same bits as in memory, and a footprint that does not grow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from lrfind.cli.app import app
from lrfind.engine import train_loop
from lrfind.task.data import rows

EXAMPLES = Path(__file__).parents[2] / "configs"


def swept(name: str, folder: Path, *options: str) -> tuple[bytes, dict[str, Any]]:
    """The curve's file, and the result."""
    out = folder / f"{name}-{rows.LARGEST}"
    short = ("--steps", "30", "--no-plot", "--json", "--out", str(out), *options)
    ran = CliRunner().invoke(app, ["sweep", str(EXAMPLES / name), *short])
    assert ran.exit_code in (0, 1), ran.stderr
    return (out / "curve.csv").read_bytes(), json.loads(ran.stdout)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("digits-mlp-npy.yaml", ("--seeds", "2", "--set", "model.hidden=[8]", "--set", "confirm.budget=900")),
        ("wine-linear-parquet.yaml", ("--seeds", "1", "--no-confirm", "--set", "optimizer.accumulate=2")),
    ],
)
def test_the_same_bits_as_in_memory(
    name: str, options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rendered_here: None
) -> None:
    if "parquet" in name:
        pytest.importorskip("pyarrow")
    curve, result = swept(name, tmp_path, *options)
    monkeypatch.setattr(rows, "LARGEST", 0)
    monkeypatch.setattr(train_loop, "IN_FLIGHT", 300_000)  # shorter chunks than in memory
    streamed, other = swept(name, tmp_path, *options)
    assert streamed == curve
    for key in ("recommendation", "suggestions", "confirmation"):
        assert other[key] == result[key]


def measured(folder: Path, rows: int) -> int:
    """Peak memory in bytes of a process that loads a sparse file of rows of a kilobyte, and draws from it."""
    name = str(folder / f"{rows}")
    np.lib.format.open_memmap(f"{name}.npy", "w+", np.float32, (rows, 250))
    np.save(f"{name}-y.npy", np.arange(rows) % 10)
    code = f"""
import resource
from types import SimpleNamespace
from lrfind.task.data import rows as lazy
from lrfind.task.data.batches import Batches
from lrfind.task.data.numpy_files import load_npy as load
from lrfind.task.data.prepare import prepare
lazy.LARGEST = 2**20
arrays = load(SimpleNamespace(inputs={name + ".npy"!r}, targets={name + "-y.npy"!r}))
section = SimpleNamespace(title="x", validation_fraction=0.2, batch_size=64, standardize=True)
data = prepare(arrays, section, None)
for seed in range(4):
    data.train.inputs[Batches(data.train.rows, 64, 1, 0).indices(seed, 0, 20)]
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if {sys.platform!r} == "darwin" else 1024))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True)
    return int(ran.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no measure of peak memory")
def test_the_footprint_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """10 MB and 120 MB: `benchmarks/memory` does the same with whole sweeps of 100 MB and 4 GB."""
    small, large = measured(tmp_path, 10_000), measured(tmp_path, 120_000)
    assert large - small < 10e6
