"""A training that is carried on, and what ends one early."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lrfind.analysis.build_result import LOST, TrainingRecord, trace
from lrfind.core.training import Scores
from lrfind.runs.evaluator import validation_interval


@pytest.mark.parametrize(("steps", "looks", "chunk"), [(400, 21, 2000), (2500, 50, 7), (10, 50, 2000), (1000, 0, 64)])
def test_chunks_divide_the_steps_between_looks(steps: int, looks: int, chunk: int) -> None:
    between, size = validation_interval(steps, looks, chunk)
    assert size <= chunk
    assert between % size == 0
    assert steps / between <= max(looks - 1, 1)


@pytest.mark.parametrize(
    ("loss", "lost"), [([1.0] * LOST, False), ([np.nan] * (LOST - 1), False), ([np.nan] * LOST, True)]
)
def test_a_training_ends_when_its_loss_is_lost(loss: list[float], lost: bool) -> None:
    assert TrainingRecord(loss=loss).lost is lost


def test_a_training_as_a_log_has_a_row_after_the_last_update() -> None:
    scores = Scores(np.array([0.0, 3.0]), np.array([2.0, np.nan]), np.array([0.0, 0.0]), "accuracy", 1)
    found = trace(np.ones(3), np.array([2.0, np.nan, 1.0]), scores)
    assert found.step.tolist() == [0, 1, 2, 3]
    assert np.isinf(found.loss[1])
    assert np.isnan(found.loss[3])
    assert found.val_loss is not None
    assert np.isinf(found.val_loss[3])


KILLED_AFTER = 3


def test_a_killed_training_is_carried_on_to_the_same_bits(lrfind_folder: Any) -> None:
    """The journal up to some line, as a kill leaves it, is enough."""
    run = lrfind_folder
    whole = run("whole")
    lines = (whole / "journal.jsonl").read_bytes().splitlines(keepends=True)
    cut = whole.with_name("cut")
    cut.mkdir()
    (cut / "journal.jsonl").write_bytes(b"".join(lines[: 3 + 2 * KILLED_AFTER]) + lines[-2][:20])
    again = run("cut")
    assert (again / "train.csv").read_bytes() == (whole / "train.csv").read_bytes()


@pytest.fixture
def lrfind_folder(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Train into a folder of a name."""
    from typer.testing import CliRunner

    from lrfind.cli.app import app

    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text(
        "model: {name: mlp, hidden: [8]}\ndata: {name: digits}\noptimizer: {name: adam, learning_rate: 1e-2}\n"
        "train: {steps: 60}\n",
        encoding="utf-8",
    )

    def run(name: str) -> Any:
        ran = CliRunner().invoke(app, ["train", "c.yaml", "--out", name, "--no-plot", "--quiet"])
        assert ran.exit_code == 0
        return tmp_path / name

    return run
