"""What a training that was killed had measured, out of its journal alone and without JAX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lrfind.analysis.diagnosis.training import judge, trace
from lrfind.core.dataset import Floats
from lrfind.core.errors import InputError, NothingToJudge
from lrfind.core.fields import build, checked
from lrfind.core.result import Facts
from lrfind.core.training import Scores, Training
from lrfind.storage.layout import JOURNAL, head_of, read_journal
from lrfind.storage.recover import AGAIN, DAMAGE, of_kind

Line = Mapping[str, Any]


def is_training(folder: Path) -> bool:
    """Whether the journal in a folder is that of a training."""
    return "rate_from" in (head_of(folder / JOURNAL) or {})


def recover_training(folder: Path) -> tuple[Training, str]:
    """The training of a run directory that has only a journal; and how far it came, in words.

    Raises:
        NothingToJudge: nothing was measured.
        InputError: the journal does not hold what one holds.
    """
    lines = read_journal(folder / JOURNAL).lines
    try:
        if not of_kind(lines, "train"):
            raise NothingToJudge(f"{folder}: the training was killed before anything was measured; {AGAIN}")
        return build_training(lines), f"interrupted after {len(measured(lines)[1]):,} steps"
    except DAMAGE as error:
        raise InputError(f"{folder / JOURNAL}: does not hold what a journal of a training holds ({error})") from None


def with_infinities(training: Training, folder: Path) -> Training:
    """A training with the infinities that its file has as null, where the journal beside it is of the same run."""
    try:
        rate, loss, gradient_norm = measured(read_journal(folder / JOURNAL).lines)
    except DAMAGE:
        return training
    rows = {"rate": rate, "loss": loss, "gradient_norm": gradient_norm}
    for name, row in rows.items():
        if not np.array_equal(np.where(np.isfinite(row), row, np.nan), getattr(training, name), equal_nan=True):
            return training
    return replace(training, rate=rate, loss=loss, gradient_norm=gradient_norm)


def measured(lines: Sequence[Line]) -> tuple[Floats, Floats, Floats]:
    """Rate, loss and gradient norm of each step, shape (done,) each."""
    chunks = of_kind(lines, "train")
    parts = [[line["learning_rate"], line["loss"][0], line["gradient_norm"][0]] for line in chunks]
    rows = [np.concatenate([[], *(np.array(part[i], np.float64) for part in parts)]) for i in range(3)]
    if len({len(row) for row in rows}) > 1:
        raise ValueError("its lines have not as many rates as losses")
    return rows[0], rows[1], rows[2]


def build_training(lines: Sequence[Line]) -> Training:
    """The training, as `lrfind.runs.train` puts an interrupted one together."""
    head = lines[0]
    rate, loss, gradient_norm = measured(lines)
    scores = scores_of(lines, len(loss))
    config = dict(head["config"])
    highest = None if head.get("highest") is None else checked(head["highest"], float, "highest")
    return Training(
        name=checked(head["name"], str, "name"),
        status="interrupted",
        learning_rate=checked(head["learning_rate"], float, "learning_rate"),
        rate_from=checked(head["rate_from"], str, "rate_from"),
        schedule=checked(config["train"]["schedule"]["name"], str, "train.schedule"),
        steps=checked(head["train_steps"], int, "train_steps"),
        rate=rate,
        loss=loss,
        gradient_norm=gradient_norm,
        scores=scores,
        findings=judge(trace(rate, loss, scores, highest)),
        facts=build(Facts, head["facts"], "facts"),
        assumptions=tuple(checked(each, str, "assumptions") for each in head["assumptions"]),
        config=config,
        environment=dict(head["environment"]),
    )


def scores_of(lines: Sequence[Line], done: int) -> Scores | None:
    """The looks at a training; None where nothing is held out."""
    look = next(iter(of_kind(lines, "look")), None)
    if look is None:
        return None
    seen = [line for line in of_kind(lines, "score") if 0 <= checked(line["step"], int, "step") <= done]
    at, loss, metric = (np.array([line[key] for line in seen], np.float64) for key in ("step", "val_loss", "metric"))
    return Scores(at, loss, metric, checked(look["metric"], str, "metric"), checked(look["rows"], int, "rows"))
