"""Logs as frameworks write them, and as they should not be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from lrfind.analysis.diagnosis.logs.read import read
from lrfind.core.errors import InputError
from lrfind.core.training import Trace

LOSS = [round(2.0 * 0.9**i, 6) for i in range(20)]


def log(text: str, **given: Any) -> Trace:
    return read(text, "log", given)


def csv(header: str, rows: list[str]) -> str:
    return "\n".join([header, *rows]) + "\n"


FORMS: Mapping[str, str] = {
    "csv": csv("step,loss", [f"{i},{loss}" for i, loss in enumerate(LOSS)]),
    "tabs": csv("step\tloss", [f"{i}\t{loss}" for i, loss in enumerate(LOSS)]),
    "semicolons and a byte order mark": "\ufeff" + csv("Step; Loss", [f"{i}; {loss}" for i, loss in enumerate(LOSS)]),
    "quoted names of a tracker": csv('"Step","run 7 - train/loss"', [f'"{i}","{v}"' for i, v in enumerate(LOSS)]),
    "no header": "\n".join(f"{i} {loss}" for i, loss in enumerate(LOSS)),
    "a comment first": "# made by hand\n" + csv("iter,train_loss", [f"{i},{v}" for i, v in enumerate(LOSS)]),
    "json lines": "\n".join(json.dumps({"step": i, "loss": v}) for i, v in enumerate(LOSS)),
    "json lines, the last one torn": "\n".join(json.dumps({"step": i, "loss": v}) for i, v in enumerate(LOSS))
    + '\n{"s',
    "nested": "\n".join(json.dumps({"global_step": i, "train": {"loss": v}}) for i, v in enumerate(LOSS)),
    "an array": json.dumps([{"step": i, "loss": v} for i, v in enumerate(LOSS)]),
    "a history": json.dumps({"params": {"epochs": 20}, "history": {"loss": LOSS}}),
    "the Trainer's state": json.dumps(
        {"best_metric": None, "log_history": [{"step": i, "loss": v} for i, v in enumerate(LOSS)]}
    ),
    "columns": json.dumps({"loss": LOSS, "step": list(range(20))}),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_the_same_log(form: str) -> None:
    trace = log(FORMS[form])
    assert trace.loss.tolist() == LOSS
    assert trace.step.tolist() == list(range(20))
    assert trace.unit == "step"
    assert trace.rate is None
    assert trace.val_loss is None


def test_the_log_of_keras() -> None:
    """Epochs, the rate, and a validation loss in every row."""
    rows = [f"{i},0.5,{loss},0.001,0.4,{loss + 0.1}" for i, loss in enumerate(LOSS)]
    trace = log(csv("epoch,accuracy,loss,learning_rate,val_accuracy,val_loss", rows))
    assert trace.unit == "epoch"
    assert trace.rate is not None
    assert trace.val_loss is not None
    assert trace.rate.tolist() == [0.001] * 20
    assert trace.val_loss == pytest.approx(np.array(LOSS) + 0.1)


def test_the_log_of_lightning() -> None:
    """Rows for the rate, the loss and the validation loss of one step are joined; blanks stay blank."""
    rows = []
    for i, loss in enumerate(LOSS):
        rows += [f"{i // 5},0.01,{i},,,", f"{i // 5},,{i},,{loss},"]
        if i % 5 == 4:
            rows += [f"{i // 5},,{i},,,{loss + 1}", f"{i // 5},,{i},{loss},,"]
    trace = log(csv("epoch,lr-AdamW/pg1,step,train_loss_epoch,train_loss_step,val_loss", rows))
    assert trace.loss.tolist() == LOSS
    assert trace.rate is not None
    assert trace.val_loss is not None
    assert trace.rate.tolist() == [0.01] * 20
    assert np.flatnonzero(np.isfinite(trace.val_loss)).tolist() == [4, 9, 14, 19]


def test_the_log_of_a_trainer_with_evaluations() -> None:
    """A row with the loss, a row with the evaluation, a last one with means."""
    rows: list[dict[str, Any]] = [
        {"loss": v, "learning_rate": 1e-4, "epoch": i / 4, "step": 10 * i} for i, v in enumerate(LOSS)
    ]
    rows += [{"eval_loss": 0.5, "epoch": 5.0, "step": 190}, {"train_loss": 0.7, "train_runtime": 3.0, "step": 190}]
    trace = log(json.dumps({"log_history": rows}))
    assert trace.loss.tolist() == LOSS
    assert trace.step.tolist() == [10.0 * i for i in range(20)]
    assert trace.val_loss is not None
    assert trace.val_loss[-1] == 0.5


def test_steps_that_begin_anew_in_every_epoch_are_counted_on() -> None:
    trace = log(csv("epoch,step,loss", [f"{i // 5},{i % 5},{loss}" for i, loss in enumerate(LOSS)]))
    assert trace.step.tolist() == list(range(20))


def test_of_a_resumed_run_the_later_rows_count() -> None:
    steps = [*range(12), *range(8, 20)]
    trace = log(csv("step,loss", [f"{step},{i}" for i, step in enumerate(steps)]))
    assert trace.step.tolist() == list(range(20))
    assert trace.loss.tolist() == [*range(8), *range(12, 24)]


@pytest.mark.parametrize("word", ["nan", "NaN", "inf", "-inf"])
def test_a_loss_that_is_not_finite_is_not_blank(word: str) -> None:
    trace = log(csv("step,loss", [f"{i},{loss if i < 10 else word}" for i, loss in enumerate(LOSS)]))
    assert np.isinf(trace.loss[10:]).all()


def test_nan_between_numbers_stands_for_a_blank_cell() -> None:
    rows = [f"{i},{loss},{loss if i % 4 == 0 else 'nan'}" for i, loss in enumerate(LOSS)]
    trace = log(csv("step,loss,val_loss", rows))
    assert trace.val_loss is not None
    assert not np.isinf(trace.val_loss).any()
    assert np.isfinite(trace.val_loss).sum() == 5


def test_named_columns() -> None:
    rows = [f"{i},{loss},{2 * loss},1" for i, loss in enumerate(LOSS)]
    trace = read(csv("when,a,b,c", rows), "log", {"loss": "b", "step": "when", "val_loss": "a", "lr": "c"})
    assert trace.loss.tolist() == [2 * loss for loss in LOSS]
    assert trace.val_loss is not None
    assert trace.val_loss.tolist() == LOSS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "log is empty"),
        ("\n \n", "log is empty"),
        ("# nothing\n", "nothing but comments"),
        ("step,loss\n1,2\n2,abc\n", "log:3: column 'loss': expected a number, got 'abc'"),
        ("step,loss\n1,2,3\n", "log:2: has 3 cells, and the header 2"),
        ("loss,loss\n1,2\n", "the column 'loss' is there twice"),
        ("a,b\n1,2\n", "none of its columns is known to be a loss; name it with --loss-column; there are a, b"),
        ("step,loss\n1,2\n2,1\n", "log has 2 losses, and a diagnosis needs 8"),
        ('{"step": 1, "loss": 2}\n{"step": 2, "los\n{"step": 3}', "log:2: not valid JSON"),
        ('{"step": 1, "loss": 2}\n[1]\n', "log:2: expected an object"),
        ("[1, 2]", "expected an array of objects"),
        ('{"a": {"b": 1}', "not valid JSON"),
        ('{"a": {"b": 1}}', "known to be a loss"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('{"schema": "lrfind/train/1", "trace": {"loss": [1, 2]}, "validation": "x"}', "lrfind is damaged"),
        ("1,2,3,4,5\n1,2,3,4,5\n", "expected a header"),
    ],
)
def test_what_cannot_be_read_says_where_and_what_would_be_right(text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        log(text)
    assert message in str(error.value)


def test_a_column_that_is_not_there_has_a_near_name() -> None:
    with pytest.raises(InputError, match="--loss-column los: there is no such column \\(did you mean 'loss'\\?\\)"):
        read(FORMS["csv"], "log", {"loss": "los"})
