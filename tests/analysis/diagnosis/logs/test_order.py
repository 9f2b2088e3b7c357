"""Rows that begin anew, repeat their epoch, or hold NaN for blank cells; forms of trackers that name no loss."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from lrfind.analysis.diagnosis.logs.read import read
from lrfind.core.errors import InputError
from lrfind.core.training import Trace

LOSS = [round(2.0 * 0.97**i + 0.1, 6) for i in range(100)]


def log(header: str, rows: Sequence[Sequence[Any]]) -> tuple[Trace, list[str]]:
    """The trace of a CSV, and what was told of it."""
    told: list[str] = []
    text = "\n".join([header, *(",".join(map(str, row)) for row in rows)])
    return read(text, "log", {}, told.append), told


def pandas(rows: Sequence[Sequence[Any]], word: str) -> list[list[Any]]:
    """Rows with a word for every cell that is None, as a data frame writes them."""
    return [[word if cell is None else cell for cell in row] for row in rows]


@pytest.mark.parametrize("word", ["nan", "NaN", ""])
def test_one_table_of_training_and_validation_rows(word: str) -> None:
    """As Lightning's, through a data frame: a row for the loss, a row for the validation loss, a row for the rate."""
    rows: list[list[Any]] = []
    for i, loss in enumerate(LOSS):
        rows.append([i, loss, None, None])
        if i % 25 == 24:
            rows += [[i, None, loss + 1, None], [i, None, None, 0.1]]
    trace, _ = log("step,train_loss,val_loss,lr-Adam", pandas(rows, word))
    assert trace.loss.tolist() == LOSS
    assert trace.val_loss is not None
    assert np.flatnonzero(np.isfinite(trace.val_loss)).tolist() == [24, 49, 74, 99]
    assert not np.isinf(trace.val_loss).any()
    assert trace.rate is not None
    assert np.isfinite(trace.rate).sum() == 4


@pytest.mark.parametrize("word", ["nan", ""])
def test_a_loss_that_broke_in_such_a_table(word: str) -> None:
    rows: list[list[Any]] = []
    for i, loss in enumerate(LOSS):
        rows.append([i, loss if i < 60 else None, None])
        if i % 2:
            rows.append([i, None, loss + 1 if i < 60 else None])
    trace, _ = log("step,loss,val_loss", pandas(rows, word))
    assert np.isfinite(trace.loss).sum() == 60
    assert np.isinf(trace.loss[60:]).all()


def test_null_to_the_end_is_a_loss_that_broke_and_a_last_blank_row_is_none() -> None:
    lines = [json.dumps({"step": i, "loss": loss if i < 60 else None}) for i, loss in enumerate(LOSS)]
    assert np.isinf(read("\n".join(lines), "log", {}).loss[60:]).all()
    trace, _ = log("step,loss,val_loss", [*([i, loss, ""] for i, loss in enumerate(LOSS)), [100, "", 0.3]])
    assert not np.isinf(trace.loss).any()


def test_a_validation_loss_that_is_not_logged_any_more_has_not_broken() -> None:
    trace, _ = log("step,loss,val_loss", [[i, loss, loss if i < 30 else ""] for i, loss in enumerate(LOSS)])
    assert trace.val_loss is not None
    assert not np.isinf(trace.val_loss).any()


@pytest.mark.parametrize("unit", ["step", "epoch"])
def test_numbers_that_begin_anew_in_one_training_are_counted_on(unit: str) -> None:
    trace, told = log(f"{unit},loss", [[i % 20, loss] for i, loss in enumerate(LOSS)])
    assert trace.step.tolist() == list(range(100))
    assert trace.loss.tolist() == LOSS
    assert told == [f"{unit}s begin anew 4 times and the loss goes on: they are counted on"]


def test_of_two_trainings_in_one_file_the_last_is_read() -> None:
    rows = [[i, loss] for i, loss in enumerate(LOSS)]
    trace, told = log("step,loss", rows + [[i, 2 * loss] for i, loss in rows])
    assert trace.loss.tolist() == [2 * loss for loss in LOSS]
    assert told == ["the log begins anew at line 102: what is before it is left out"]
    with pytest.raises(InputError, match="log from line 102 on, where it begins anew, has 3 losses, and"):
        log("step,loss", rows + rows[:3])


def test_a_header_in_the_middle_is_that_of_a_logger_that_was_started_again() -> None:
    rows: list[list[Any]] = [[i, loss] for i, loss in enumerate(LOSS)]
    trace, _ = log("step,loss", [*rows[:50], ["step", "loss"], *rows[50:]])
    assert trace.loss.tolist() == LOSS


def test_several_losses_an_epoch_are_steps() -> None:
    trace, told = log("epoch,loss", [[i // 25, loss] for i, loss in enumerate(LOSS)])
    assert (trace.unit, trace.loss.tolist()) == ("step", LOSS)
    assert told == ["several losses an epoch and no steps: rows are counted as steps"]


def test_an_evaluation_in_a_row_of_its_own_leaves_epochs_alone() -> None:
    """The Trainer's prints have no step: fractions of epochs, and two rows where it evaluates."""
    rows: list[list[Any]] = []
    for i, loss in enumerate(LOSS):
        rows.append([(i + 1) / 10, loss, ""])
        if i % 10 == 9:
            rows.append([(i + 1) / 10, "", loss])
    trace, told = log("epoch,loss,eval_loss", rows)
    assert (trace.unit, told) == ("epoch", [])
    assert trace.loss.tolist() == LOSS


FORMS = {
    "a scalar of TensorBoard": "\n".join(
        ["Wall time,Step,Value", *(f"{1.6e9 + i},{i},{loss}" for i, loss in enumerate(LOSS))]
    ),
    "the same as JSON": json.dumps([[1.6e9 + i, i, loss] for i, loss in enumerate(LOSS)]),
    "a row for each number": "\n".join(
        ["run,tag,step,value", *(f"r,train/loss,{i},{loss}\nr,lr,{i},0.1" for i, loss in enumerate(LOSS))]
    ),
    "a metric of MLflow": "\n".join(f"{1669000000000 + i} {loss} {i}" for i, loss in enumerate(LOSS)),
    "no underscores": "\n".join(
        ["globalStep,trainLoss,learningRate", *(f"{i},{loss},0.1" for i, loss in enumerate(LOSS))]
    ),
    "printed dictionaries": "\n".join(
        str({"loss": loss, "grad_norm": float("nan"), "step": i, "note": None}) for i, loss in enumerate(LOSS)
    ),
    "aligned columns": "\n".join(["  step    loss", *(f"{i:6d}  {loss:8.6f}" for i, loss in enumerate(LOSS))]),
    "no log yet": "\n".join(["Step\tTraining Loss", *(f"{i}\t{loss}" for i, loss in enumerate(LOSS)), "100\tNo log"]),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_trackers(form: str) -> None:
    trace = read(FORMS[form], "log", {})
    there = ~np.isnan(trace.loss)
    assert trace.loss[there].tolist() == LOSS
    assert trace.step[there].tolist() == list(range(100))
    assert trace.unit == "step"


def test_two_runs_side_by_side_are_named() -> None:
    trace, told = log("Step,a - loss,a - loss__MIN,b - loss", [[i, loss, 0, 9] for i, loss in enumerate(LOSS)])
    assert trace.loss.tolist() == LOSS
    assert told == ["a - loss, b - loss are as good: took a - loss; --loss-column names another"]


def test_a_loss_of_evaluations_is_no_training_loss() -> None:
    trace, _ = log("step,train_loss,evaluation_loss", [[i, loss, 1] for i, loss in enumerate(LOSS)])
    assert trace.val_loss is not None
    assert trace.loss.tolist() == LOSS


def test_a_header_alone() -> None:
    with pytest.raises(InputError, match="log has a header and no rows"):
        read("step,loss\n", "log", {})
