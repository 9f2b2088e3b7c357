"""What trained states are judged by, against numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lrfind.config.schema import Config
from lrfind.core.dataset import Split
from lrfind.runs.evaluator import FEW_ROWS, HELD_OUT, make_evaluator
from lrfind.task.batch_source import Drawn, pick
from lrfind.task.task import Task, make


def friedman(rows: int = 300) -> Task:
    """Values to be predicted by a linear model, 20 to a batch."""
    given: dict[str, Any] = {
        "model": {"name": "linear"},
        "data": {"name": "friedman", "rows": rows, "batch_size": 20},
        "optimizer": {"name": "adam"},
        "train": {"steps": 400},
        "sweep": {"min_lr": 1e-5, "max_lr": 10.0, "steps": 40, "seeds": 3},
    }
    return make(Config.model_validate(given))


def squared(state: Any, rows: Split) -> float:
    """The mean squared error of a linear model, in numpy."""
    weight, bias = (np.asarray(state.params[name], float) for name in ("weight", "bias"))
    return float(np.mean((rows.inputs.astype(float) @ weight + bias - rows.targets) ** 2))


def test_it_is_the_held_out_loss() -> None:
    task = friedman()
    assert isinstance(task.batches.source, Drawn)
    judged, starts = make_evaluator(task), task.starts("cpu")
    assert (judged.name, judged.rows) == ("held-out loss", 60)
    held_out, trained_on = judged(starts)
    assert task.batches.dataset.validation is not None
    for state, loss, own in zip(starts, held_out, trained_on, strict=True):
        assert loss == pytest.approx(squared(state, task.batches.dataset.validation), rel=1e-5)
        rows = task.batches.dataset.train.rows
        drawn = Split(*pick(task.batches.source.train, 160))
        assert own == pytest.approx(squared(state, drawn), rel=1e-5)
        assert rows > 160
    assert judged.cost == pytest.approx((160 + 60) / 20 / 3)


def test_rows_are_drawn_from_all_over_a_sorted_file() -> None:
    ordered = (np.arange(5000.0)[:, None], np.repeat(np.arange(10), 500))
    inputs, targets = pick(ordered, 1000)
    assert len(inputs) == 1000
    np.testing.assert_array_equal(targets, inputs[:, 0] // 500)
    assert np.bincount(targets.astype(int), minlength=10).min() > 60
    np.testing.assert_array_equal(pick(ordered, 1000)[0], inputs)


def test_few_rows_are_all_taken_in_their_order() -> None:
    ordered = (np.arange(50.0)[:, None], np.arange(50))
    np.testing.assert_array_equal(pick(ordered, 50)[0], ordered[0])


def test_no_more_rows_than_so_many_batches() -> None:
    task = friedman(rows=5000)
    assert make_evaluator(task).rows == max(HELD_OUT * 20, FEW_ROWS)
