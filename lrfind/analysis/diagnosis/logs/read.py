"""Read a log file as a trace: pick columns, number rows, join rows of one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lrfind.analysis.diagnosis.logs.cells import is_blank, number, settled
from lrfind.analysis.diagnosis.logs.names import Role, assign, listed
from lrfind.analysis.diagnosis.logs.order import Tell, joined, numbers
from lrfind.analysis.diagnosis.logs.rows import rows
from lrfind.core.errors import InputError
from lrfind.core.training import Trace

FEWEST = 8
"""Least number of losses for a diagnosis; one loss that is not finite also suffices."""


def quiet(sentence: str) -> None:
    """Ignore a sentence for the reader."""
    del sentence


def read(text: str, source: str, given: Mapping[Role, str], tell: Tell = quiet) -> Trace:
    """Read a log.

    Args:
        text: contents of the file.
        source: name of the file, for messages.
        given: columns that the user named, by role.
        tell: receives one sentence for each guess.

    Raises:
        InputError: The file cannot be read, or holds too few losses.
    """
    records = rows(text, source)
    if not records:
        raise InputError(f"{source} has a header and no rows")
    columns = list(dict.fromkeys(name for row in records for name in row.cells))
    filled = {name: sum(not is_blank(row.cells.get(name)) for row in records) for name in columns}
    try:
        roles = assign(columns, filled, given, tell)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    cells = {role: np.array([number(row, name, source) for row in records]) for role, name in roles.items()}
    loss, val = cells.get("loss"), cells.get("val_loss")
    if loss is not None:
        cells["loss"] = settled(loss, val, whole=True)
    if val is not None:
        cells["val_loss"] = settled(val, loss, whole=False)
    if "lr" in cells:
        cells["lr"] = np.where(np.isfinite(cells["lr"]), cells["lr"], np.nan)
    order = numbers(cells, len(records), tell)
    step, kept = joined(order.step, cells)
    trace = Trace(
        step,
        kept.get("loss", np.full(len(step), np.nan)),
        None if "lr" not in kept or np.isnan(kept["lr"]).all() else kept["lr"],
        kept.get("val_loss"),
        order.unit,
    )
    begun = "" if order.begun is None else f" from line {records[order.begun].line} on, where it begins anew,"
    check(trace, source, columns, begun)
    if begun:
        tell(f"the log begins anew at line {records[order.begun or 0].line}: what is before it is left out")
    return trace


def check(trace: Trace, source: str, columns: Sequence[str], begun: str = "") -> None:
    """Check that a log has enough losses for a diagnosis.

    Args:
        trace: the log.
        source: name of the file, for messages.
        columns: names of its columns, for messages.
        begun: phrase that names the part of the file that was read; empty for all of it.

    Raises:
        InputError: The log has fewer than `FEWEST` losses, all of them finite.
    """
    there = [column[~np.isnan(column)] for column in (trace.loss, trace.val_loss) if column is not None]
    most = max((len(column) for column in there), default=0)
    if most < FEWEST and not any(np.isinf(column).any() for column in there):
        raise InputError(
            f"{source}{begun} has {most} loss{'es' * (most != 1)}, and a diagnosis needs {FEWEST} at least; log more "
            f"often (columns: {listed(columns)})"
        )
