"""Batches of the user's own under networks and losses that are built in, as their author sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Lrfind

CODE = """\
import numpy as np

def batches(seed, values="x[:, :1]"):
    rng = np.random.default_rng(seed)
    number = 0
    while True:
        x = rng.normal(size=(16, 4)).astype(np.float32)
        yield x, eval(values)
        number += 1
"""

CONFIG = """\
model: {name: mlp, hidden: [4]}
data: {target: "mine.py:batches", kwargs: {values: "VALUES"}}
loss: LOSS
optimizer: {name: sgd}
sweep: {min_lr: 1e-3, steps: 40, seeds: 1, extend: false}
confirm: {budget: 300}
train: {steps: 60}
"""


def curve(lrfind: Lrfind, values: str, loss: str) -> str:
    Path("mine.py").write_text(CODE, encoding="utf-8")
    Path("own.yaml").write_text(CONFIG.replace("VALUES", values).replace("LOSS", loss), encoding="utf-8")
    ran = lrfind("sweep", "own.yaml", "--no-plot", "--fresh", "--out", "run", "--exit-zero")
    assert ran.code == 0, ran.err
    return Path("run/curve.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("values", "column", "loss"),
    [
        ("x.sum(axis=1)", "x.sum(axis=1)[:, None]", "mse"),
        ("(x[:, 0] > 0)", "(x[:, :1] > 0)", "binary_cross_entropy"),
    ],
)
def test_targets_of_one_axis_are_those_of_a_column(
    folder: Path, lrfind: Lrfind, values: str, column: str, loss: str
) -> None:
    assert curve(lrfind, values, loss) == curve(lrfind, column, loss)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("np.full(16, -1)", "batch 0 of mine.py:batches has label -1"),
        (
            "np.full(16, 1 + (number > 33))",
            "batch 34 of mine.py:batches has label 2, and the network puts out 2 numbers",
        ),
        ("np.full(16, 2**33)", "holds 8589934592"),
        ("np.arange(15)", "has 16 rows of inputs and 15 rows of targets"),
    ],
)
def test_what_cannot_be_read_is_the_inputs_fault(folder: Path, lrfind: Lrfind, values: str, message: str) -> None:
    Path("mine.py").write_text(CODE, encoding="utf-8")
    Path("own.yaml").write_text(CONFIG.replace("VALUES", values).replace("LOSS", "cross_entropy"), encoding="utf-8")
    ran = lrfind("sweep", "own.yaml", "--no-plot")
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert "own.yaml:2" in ran.err
