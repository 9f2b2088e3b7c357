"""Recover the result of a killed run from its journal, without JAX: what an interruption at that moment leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from lrfind.analysis.build_result import Measurements, RunDescription, ScheduleTotals, build_result
from lrfind.analysis.build_training import Peak, TrainingRecord, build_training
from lrfind.analysis.confirmation.search import Search
from lrfind.analysis.confirmation.summary import SearchRun
from lrfind.analysis.range_test.recommendation import stopped
from lrfind.analysis.range_test.sweep_curve import SweepCurve
from lrfind.core.dataset import Floats
from lrfind.core.errors import InputError, NothingToJudge
from lrfind.core.fields import build, checked, mapping, sections
from lrfind.core.result import Execution, Facts, Result
from lrfind.core.training import Training
from lrfind.storage import journal
from lrfind.storage.layout import JOURNAL, head_of, read_journal
from lrfind.storage.replay import JournalReader, Line

AGAIN = "start the same command again to carry it on"

DAMAGE = (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError)
"""Errors of reading well-formed lines with the wrong content."""

Recovered = TypeVar("Recovered")


def journal_head(described: RunDescription, **more: Any) -> dict[str, Any]:
    """Return the head of a run's journal, without identity and fingerprint; `description_of` is its inverse."""
    return {**asdict(described), **more}


def description_of(head: Line) -> RunDescription:
    """Return the description of a run from the head of its journal.

    Raises:
        KeyError, TypeError: the head does not hold one.
    """
    return RunDescription(
        name=checked(head["name"], str, "name"),
        config=sections(head["config"]),
        environment=mapping(head["environment"], "environment"),
        facts=build(Facts, head["facts"], "facts"),
        train_steps=checked(head["train_steps"], int, "train_steps"),
        assumptions=checked(head["assumptions"], tuple[str, ...], "assumptions"),
        schedule=totals_of(head["schedule"]) if head.get("schedule") else None,
    )


def totals_of(schedule: Line) -> ScheduleTotals:
    """Return the totals of a schedule from the head of a journal, which spells non-finite numbers as texts."""
    return ScheduleTotals(float(schedule["sum"]), float(schedule["mean"]), bool(schedule["plateau"]))


def recover_result(folder: Path) -> tuple[Result, str]:
    """Return the result of a run directory that has only a journal, and how far the run came, in words.

    Raises:
        NothingToJudge: nothing was measured, or a version of lrfind wrote the journal that records too little.
        InputError: the journal is none of lrfind's, or does not hold what one holds.
    """
    lines = read_journal(folder / JOURNAL).lines
    if not lines or lines[0].get("kind") != journal.KIND_HEAD:
        raise InputError(f"{folder}: its {JOURNAL} is not lrfind's, or torn from its first line on")
    return undamaged(folder, "a sweep", lambda: interrupted_result(folder, lines))


def undamaged(folder: Path, what: str, recover: Callable[[], Recovered]) -> Recovered:
    """Return what a function recovers from a journal.

    Raises:
        InputError: the journal does not hold what one holds.
    """
    try:
        return recover()
    except DAMAGE as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"{folder / JOURNAL}: does not hold what a journal of {what} holds ({reason})") from None


def interrupted_result(folder: Path, lines: Sequence[Line]) -> tuple[Result, str]:
    """Return the result that an interruption after a journal's lines leaves, and how far the run came."""
    head, reader = lines[0], JournalReader(lines)
    passes = passes_of(reader.rest(journal.KIND_SWEEP), head.get("probe_every", 0))
    if not passes:
        raise NothingToJudge(f"{folder}: the run was killed before anything was measured; {AGAIN}")
    curve = passes[-1]
    confirming = bool(reader.rest(journal.KIND_SWEPT) or reader.rest(journal.KIND_CONFIRM))
    reached = stopped(curve.learning_rate, confirming=confirming)
    if "facts" not in head:
        raise NothingToJudge(f"{folder}: {reached}, by a version of lrfind whose journals tell no more; {AGAIN}")
    described = description_of(head)
    measured = Measurements(
        curve,
        passes=len(passes),
        execution=build(Execution, dict(reader.replay(journal.KIND_EXECUTION) or {}), "execution"),
        confirming=confirming,
        run=search_of(reader, described.train_steps, seeds=len(curve.loss)),
        stability=(reader.replay(journal.KIND_SHARPNESS) or {}).get("found") or {},
    )
    return build_result(measured, described, interrupted=True), reached


def with_infinities(result: Result, folder: Path) -> Result:
    """Return a result with infinities for the nulls of its file, if the journal beside it is of the same run."""
    try:
        curve = passes_of(JournalReader(read_journal(folder / JOURNAL).lines).rest(journal.KIND_SWEEP))[-1]
    except DAMAGE:
        return result
    sweep = result.sweep
    if not np.array_equal(curve.learning_rate, sweep.learning_rate):
        return result
    rows = {name: getattr(curve, name) for name in ("loss", "gradient_norm", "update_norm")}
    rows["smoothed"] = curve.summary.smoothed
    matches = all(is_written(row, getattr(sweep, name)) for name, row in rows.items())
    return replace(result, sweep=replace(sweep, **rows)) if matches else result


def is_written(row: Floats, written: Floats) -> bool:
    """Return whether numbers are those of a file, which has NaN for each that is not finite."""
    return np.array_equal(np.where(np.isfinite(row), row, np.nan), written, equal_nan=True)


def passes_of(lines: Sequence[Line], probe_every: int = 0) -> list[SweepCurve]:
    """Return the curves of the passes of a range test.

    Args:
        lines: lines of its chunks, in order.
        probe_every: steps between two measurements of the trust-region ratio; 0 leaves it out.

    Raises:
        KeyError, TypeError, ValueError: the lines hold something else.
    """
    starts = [number for number, line in enumerate(lines) if line["start"] == 0]
    return [
        curve_of(lines[first:stop], probe_every) for first, stop in zip(starts, [*starts, len(lines)][1:], strict=True)
    ]


def curve_of(chunks: Sequence[Line], probe_every: int) -> SweepCurve:
    """Return the curve of the chunks of one pass."""
    loss, gradient_norm, update_norm = (
        np.concatenate([np.array(line[name], np.float64) for line in chunks], axis=1)
        for name in ("loss", "gradient_norm", "update_norm")
    )
    rates = np.concatenate([np.array(line["learning_rate"], np.float64) for line in chunks])
    if any(row.shape[1:] != rates.shape for row in (loss, gradient_norm, update_norm)):
        raise ValueError("its lines have not as many rates as losses")
    trust = np.full(loss.shape, np.nan)
    for line in chunks if probe_every else ():
        steps = line["start"] + np.arange(len(line["loss"][0]))
        probed = steps[steps % probe_every == 0]
        if "trust" in line:
            trust[:, probed] = np.array(line["trust"], np.float64).reshape(len(trust), len(probed))
    return SweepCurve(rates, loss, gradient_norm, update_norm, trust)


def search_of(reader: JournalReader, steps: int, seeds: int) -> SearchRun | None:
    """Return the search of a journal with the outcomes of its finished trials; None if it had not begun.

    The inverse of `lrfind.runs.confirmation.search_record`.

    Args:
        reader: reader of the journal.
        steps: length of the training that the rate is for.
        seeds: number of seeds of the sweep.

    Raises:
        KeyError, TypeError, ValueError: the lines hold something else.
    """
    line = reader.replay(journal.KIND_SEARCH)
    if line is None:
        return None
    search = Search(
        suggestion=float(line["suggestion"]),
        steps=steps,
        budget=float(line["budget"]),
        seeds=seeds,
        untrained=np.array(line["untrained"], np.float64),
        evaluation=float(line["evaluation"]),
        max_exponent=float(line.get("most", 0.0)),
    )
    for rung in search.rungs():
        finished = False
        while not finished and (group := reader.replay(journal.KIND_JUDGED)) is not None:
            finished = search.report(rung, *np.array([group["loss"], group["train_loss"]], np.float64))
        if not finished:
            break
    return SearchRun(search, checked(line["judged_on"], str, "judged_on"), float(line["before"]))


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


def training_with_infinities(training: Training, folder: Path) -> Training:
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
