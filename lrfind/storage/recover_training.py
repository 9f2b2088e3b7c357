"""Recover a killed training from its journal, without JAX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lrfind.analysis.build_training import Peak, TrainingRecord, build_training
from lrfind.core.errors import NothingToJudge
from lrfind.core.fields import checked
from lrfind.core.training import Training
from lrfind.storage import journal
from lrfind.storage.layout import JOURNAL, head_of, read_journal
from lrfind.storage.recover import AGAIN, DAMAGE, description_of, is_written, undamaged
from lrfind.storage.replay import JournalReader, Line


def is_training(folder: Path) -> bool:
    """Return whether the journal in a folder is that of a training."""
    return "rate_from" in (head_of(folder / JOURNAL) or {})


def recover_training(folder: Path) -> tuple[Training, str]:
    """Return the training of a run directory that has only a journal, and how far it came, in words.

    Raises:
        NothingToJudge: nothing was measured.
        InputError: the journal does not hold what one holds.
    """
    lines = read_journal(folder / JOURNAL).lines
    return undamaged(folder, "a training", lambda: interrupted_training(folder, lines))


def interrupted_training(folder: Path, lines: Sequence[Line]) -> tuple[Training, str]:
    """Return the training that an interruption after a journal's lines leaves, and how far it came."""
    record = record_of(JournalReader(lines))
    if not record.done:
        raise NothingToJudge(f"{folder}: the training was killed before anything was measured; {AGAIN}")
    head = lines[0]
    peak = Peak(
        checked(head["learning_rate"], float, "learning_rate"),
        checked(head["rate_from"], str, "rate_from"),
        None if head.get("highest") is None else checked(head["highest"], float, "highest"),
    )
    training = build_training(record, description_of(head), peak, "interrupted")
    return training, f"interrupted after {record.done:,} steps"


def with_infinities(training: Training, folder: Path) -> Training:
    """Return a training with infinities for the nulls of its file, if the journal beside it is of the same run."""
    try:
        record = record_of(JournalReader(read_journal(folder / JOURNAL).lines))
        rows: dict[str, Any] = {
            name: np.array(getattr(record, name), np.float64) for name in ("rate", "loss", "gradient_norm")
        }
    except DAMAGE:
        return training
    matches = all(is_written(row, getattr(training, name)) for name, row in rows.items())
    return replace(training, **rows) if matches else training


def record_of(reader: JournalReader) -> TrainingRecord:
    """Return the measurements of a training from its journal.

    Raises:
        KeyError, TypeError, ValueError: the lines hold something else.
    """
    record = TrainingRecord()
    for chunk in reader.rest(journal.KIND_TRAIN):
        record.rate += map(float, chunk["learning_rate"])
        record.loss += map(float, chunk["loss"][0])
        record.gradient_norm += map(float, chunk["gradient_norm"][0])
    if len({len(record.rate), len(record.loss), len(record.gradient_norm)}) > 1:
        raise ValueError("its lines have not as many rates as losses")
    line = reader.replay(journal.KIND_VALIDATOR)
    if line is not None:
        record.metric_name = checked(line["metric"], str, "metric")
        record.rows = checked(line["rows"], int, "rows")
        for score in reader.rest(journal.KIND_VALIDATION):
            if 0 <= checked(score["step"], int, "step") <= record.done:
                record.add_validation(score)
    return record
