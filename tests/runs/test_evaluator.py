"""What trained states are judged by, against numpy; a training is looked at where its optimiser is evaluated."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lrfind.config.schema import Config
from lrfind.core.dataset import Split
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import LaneRun
from lrfind.runs.evaluator import FEW_ROWS, HELD_OUT, make_evaluator, make_validator
from lrfind.task.batch_source import Drawn, pick
from lrfind.task.models.contract import computed_in
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


def plan_of(optimizer: str, precision: str) -> Task:
    given: dict[str, Any] = {
        "model": {"name": "linear"},
        "data": {"name": "classification", "rows": 400, "classes": 4, "features": 6, "batch_size": 32},
        "optimizer": {"name": optimizer},
        "precision": precision,
        "train": {"steps": 20},
        "sweep": {"seeds": 1},
    }
    return make(Config.model_validate(given))


@pytest.mark.parametrize(("optimizer", "precision"), [("schedule_free_sgd", "float32"), ("sgd", "bfloat16")])
def test_a_look_is_at_what_counts(optimizer: str, precision: str) -> None:
    task = plan_of(optimizer, precision)
    [chunk] = TrainLoop(task.step, task.batches.feed(), "cpu", chunk=10, lane_steps=10).train(
        LaneRun(task.starts("cpu"), np.full((10, 1), 0.5))
    )
    [state] = chunk.states
    looked, held_out = make_validator(task, 20), task.batches.dataset.validation
    assert looked is not None
    assert held_out is not None
    batch = jnp.asarray(held_out.inputs), jnp.asarray(held_out.targets)

    def judged(params: Any, apply: Any) -> tuple[float, float]:
        # Compiled as a whole, as XLA keeps digits between operations that bfloat16 would drop.
        outputs = np.asarray(jax.jit(lambda params, rows: apply(params, (), rows, None, False)[0])(params, batch[0]))
        right = outputs[np.arange(len(outputs)), held_out.targets]
        loss = np.log(np.exp(outputs).sum(axis=1)) - right
        return float(loss.mean()), float((outputs.argmax(axis=1) == held_out.targets).mean())

    found = looked(state)
    assert found == pytest.approx(
        judged(
            task.optimizer.evaluated_at(state).params, computed_in(task.config.precision, task.objective.network.apply)
        ),
        rel=1e-5,
    )
    assert found[0] != pytest.approx(judged(state.params, task.objective.network.apply)[0], rel=1e-5)
