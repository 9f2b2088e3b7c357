"""The losses of an answer that sees no inputs, which a training has to beat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lrfind.config.schema import Config
from lrfind.core.registry import LOSSES
from lrfind.task.task import Task, make


def plan_of(folder: Path, loss: str, targets: Any) -> Task:
    """A plan to learn these targets from nothing."""
    np.savez(folder / "d.npz", x=np.zeros((len(targets), 2)), y=targets)
    given: dict[str, Any] = {
        "model": {"name": "linear"},
        "data": {"name": "npz", "path": str(folder / "d.npz"), "batch_size": 20, "validation_fraction": 0.0},
        "optimizer": {"name": "adam"},
        "train": {"steps": 400},
        "loss": loss,
    }
    return make(Config.model_validate(given))


def constant(task: Task, answer: Any) -> float:
    """The loss where every row has the same answer."""
    targets = task.batches.dataset.train.targets
    outputs = np.broadcast_to(np.asarray(answer, np.float32), (len(targets), task.batches.dataset.outputs))
    return float(LOSSES[task.objective.loss].load()(outputs, targets))


@pytest.mark.parametrize(("loss", "best"), [("mse", lambda y: y.mean(axis=0)), ("mae", lambda y: np.median(y, axis=0))])
def test_the_best_constant_of_values(tmp_path: Path, loss: str, best: Any) -> None:
    task = plan_of(tmp_path, loss, np.random.default_rng(0).exponential(size=(50, 3)))
    targets = task.batches.dataset.train.targets
    at = [constant(task, best(targets) + shift) for shift in (-0.1, 0.0, 0.1)]
    assert task.report.constant_loss == pytest.approx(at[1], rel=1e-5)
    assert at[1] < min(at[0], at[2])


def test_the_best_constant_of_labels(tmp_path: Path) -> None:
    labels = np.random.default_rng(0).choice(4, 60, p=[0.4, 0.3, 0.2, 0.1])
    labels[labels == 2] = 1
    task = plan_of(tmp_path, "cross_entropy", labels)
    share = np.bincount(labels) / 60
    at = constant(task, np.log(np.maximum(share, 1e-30)))
    assert task.report.constant_loss == pytest.approx(at, rel=1e-5)
    assert at < constant(task, np.zeros(4))


def test_chance_holds_every_class_for_equally_likely(tmp_path: Path) -> None:
    task = plan_of(tmp_path, "cross_entropy", np.arange(60) % 4)
    assert task.report.chance_loss == pytest.approx(constant(task, np.zeros(4)))
    answers = plan_of(tmp_path, "binary_cross_entropy", np.arange(60) % 2)
    assert answers.report.chance_loss == pytest.approx(constant(answers, np.zeros(1)))
    assert plan_of(tmp_path, "mse", np.arange(60.0)).report.chance_loss is None


def test_the_best_constant_is_not_known_of_every_loss(tmp_path: Path) -> None:
    assert plan_of(tmp_path, "huber", np.arange(40.0)).report.constant_loss is None


def test_large_targets_do_not_overflow(tmp_path: Path) -> None:
    task = plan_of(tmp_path, "mse", np.array([1e25, -1e25] * 20))
    assert task.report.constant_loss == pytest.approx(1e50, rel=1e-5)
