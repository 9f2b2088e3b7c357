"""Open a run, without JAX: its document, or what its journal holds of a killed run, as an interruption leaves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lrfind.analysis.build_result import (
    Measurements,
    Peak,
    RunDescription,
    ScheduleTotals,
    TrainingRecord,
    build_result,
    build_training,
)
from lrfind.analysis.confirmation.search import Search
from lrfind.analysis.confirmation.summary import SearchRun
from lrfind.analysis.range_test.recommendation import stopped
from lrfind.analysis.range_test.sweep_curve import SweepCurve
from lrfind.core.dataset import Floats
from lrfind.core.decode import build, checked, read_result, read_training, sections
from lrfind.core.errors import InputError, NothingToJudge
from lrfind.core.result import Execution, Result, Sweep
from lrfind.core.training import Training
from lrfind.storage import journal
from lrfind.storage.journal import JOURNAL, NEXT_JOURNAL, ending, fingerprint_of, read_journal
from lrfind.storage.layout import RESULT, TRAIN, finished, is_training
from lrfind.storage.replay import Line, ReplayJournal

AGAIN = "start the same command again to carry it on"

DAMAGE = (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError)
"""Errors of reading well-formed lines with the wrong content."""


def open_result(run: Path, note: Callable[[str], None]) -> Result | Training:
    """Return the result of a sweep or of a training, whether the run ended or was killed.

    Args:
        run: run directory, or its ``result.json`` or ``train.json``.
        note: takes a sentence about a run that did not end.

    Raises:
        InputError: there is no run, or its files are none of lrfind's.
        NothingToJudge: the run was killed before anything was measured.
        RunError: a file cannot be read.
    """
    training = is_training(run)
    if not run.is_dir() or (run / (TRAIN if training else RESULT)).exists() or not (run / JOURNAL).exists():
        document = finished(run, TRAIN, read_training) if training else finished(run, RESULT, read_result)
        lines = read_journal(run / JOURNAL).lines if document.status == "interrupted" and run.is_dir() else ()
        if not lines or ending(lines) is not None:  # Otherwise it was resumed and killed: its journal knows more.
            if run.is_dir() and fingerprint_of(run, NEXT_JOURNAL) is not None:
                note(f"a newer run in {run} is not finished, so this is the one before it")
            return with_infinities(document, run if run.is_dir() else run.parent)
    document, reached = recover_training(run) if training else recover_result(run)
    note(f"{run}: the run did not end: {reached}; start the same command again to carry it on")
    return document


def description_of(head: Line) -> RunDescription:
    """Return the description of a run from the head of its journal, which has the fields of one.

    Raises:
        KeyError, TypeError: the head does not hold one.
    """
    totals = head.get("schedule")
    if totals:  # Numbers that are not finite are texts.
        totals = ScheduleTotals(float(totals["sum"]), float(totals["mean"]), bool(totals["plateau"]))
    decoded = {"config": sections(head["config"]), "assumptions": head["assumptions"], "schedule": totals or None}
    return build(RunDescription, {**head, **decoded})


@contextmanager
def undamaged(folder: Path, what: str) -> Iterator[None]:
    """Refuse a journal that does not hold what one of a sweep or a training holds.

    Raises:
        InputError: it does not.
    """
    try:
        yield
    except DAMAGE as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"{folder / JOURNAL}: does not hold what a journal of {what} holds ({reason})") from None


def recover_result(folder: Path) -> tuple[Result, str]:
    """Return the result of a run directory that has only a journal, and how far the run came, in words.

    Raises:
        NothingToJudge: nothing was measured, or a version of lrfind wrote the journal that records too little.
        InputError: the journal is none of lrfind's, or does not hold what one holds.
    """
    lines = read_journal(folder / JOURNAL).lines
    if not lines or lines[0].get("kind") != journal.KIND_HEAD:
        raise InputError(f"{folder}: its {JOURNAL} is not lrfind's, or torn from its first line on")
    with undamaged(folder, "a sweep"):
        head, reader = lines[0], ReplayJournal(lines)
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


def with_infinities(document: Result | Training, folder: Path) -> Result | Training:
    """Return a document with infinities for the nulls of its file, if the journal beside it is of the same run."""
    rows: dict[str, Any]
    try:
        journalled = ReplayJournal(read_journal(folder / JOURNAL).lines)
        if isinstance(document, Training):
            record = record_of(journalled)
            rows = {name: np.array(getattr(record, name), np.float64) for name in ("rate", "loss", "gradient_norm")}
            return replace(document, **rows) if are_written(rows, document) else document
        curve = passes_of(journalled.rest(journal.KIND_SWEEP))[-1]
        rows = {name: getattr(curve, name) for name in ("learning_rate", "loss", "gradient_norm", "update_norm")}
        rows["smoothed"] = curve.summary.smoothed
        sweep = document.sweep
        return replace(document, sweep=replace(sweep, **rows)) if are_written(rows, sweep) else document
    except DAMAGE:
        return document


def are_written(rows: Mapping[str, Floats], written: Sweep | Training) -> bool:
    """Return whether rows are those of a file, which has NaN for each number that is not finite."""
    return all(
        np.array_equal(np.where(np.isfinite(row), row, np.nan), getattr(written, name), equal_nan=True)
        for name, row in rows.items()
    )


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


def search_of(reader: ReplayJournal, steps: int, seeds: int) -> SearchRun | None:
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


def recover_training(folder: Path) -> tuple[Training, str]:
    """Return the training of a run directory that has only a journal, and how far it came, in words.

    Raises:
        NothingToJudge: nothing was measured.
        InputError: the journal does not hold what one holds.
    """
    lines = read_journal(folder / JOURNAL).lines
    with undamaged(folder, "a training"):
        record = record_of(ReplayJournal(lines))
        if not record.done:
            raise NothingToJudge(f"{folder}: the training was killed before anything was measured; {AGAIN}")
        head = lines[0]
        peak = Peak(
            checked(head["learning_rate"], float, "learning_rate"),
            checked(head["rate_from"], str, "rate_from"),
            checked(head.get("highest"), float | None, "highest"),
        )
        training = build_training(record, description_of(head), peak, "interrupted")
        return training, f"interrupted after {record.done:,} steps"


def record_of(reader: ReplayJournal) -> TrainingRecord:
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
