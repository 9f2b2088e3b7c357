"""A training is looked at as it is trained and where its optimiser is evaluated."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lrfind.config.schema import Config
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import LaneRun
from lrfind.runs.validation import make_validator
from lrfind.task.models.contract import computed_in
from lrfind.task.task import Task, make


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
