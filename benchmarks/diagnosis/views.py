"""What a run's log would hold: the same run with and without its rates and its validation loss, and thinned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from corpus import Floats, Run

from lrfind.core.training import Trace

EPOCHS = 25
"""Rows of the thinned log."""


@dataclass(frozen=True)
class View:
    """A kind of log.

    Attributes:
        trace: of a run.
        rates: it has rates.
        validation: it has a validation loss.
    """

    trace: Callable[[Run], Trace]
    rates: bool = True
    validation: bool = True


def broken(values: Floats) -> Floats:
    """The values with inf for what is not finite."""
    return np.where(np.isfinite(values), values, np.inf)


def steps(run: Run, *, rates: bool, validation: bool, first: bool = True) -> Trace:
    """A row a step; `first`: with the look before training."""
    step = np.arange(len(run.loss) + 1, dtype=np.float64)
    val = np.full(len(step), np.nan)
    val[run.at] = broken(run.val)
    if not first:
        val[0] = np.nan
    rate = np.append(run.rate, np.nan)
    return Trace(step, np.append(broken(run.loss), np.nan), rate if rates else None, val if validation else None)


def epochs(run: Run) -> Trace:
    """A row an epoch, as Keras logs: means of the training loss, and what is known after it."""
    size = max(1, len(run.loss) // EPOCHS)
    begins = np.arange(0, len(run.loss) - size + 1, size)
    loss = np.array([broken(run.loss)[begin : begin + size].mean() for begin in begins])
    val = np.interp(begins + size, run.at, broken(run.val))
    return Trace(np.arange(1.0, len(begins) + 1), loss, run.rate[begins + size - 1], val, "epoch")


VIEWS = {
    "all": View(lambda run: steps(run, rates=True, validation=True)),
    "no look before training": View(lambda run: steps(run, rates=True, validation=True, first=False)),
    "no rates": View(lambda run: steps(run, rates=False, validation=True), rates=False),
    "no validation": View(lambda run: steps(run, rates=True, validation=False), validation=False),
    "bare loss": View(lambda run: steps(run, rates=False, validation=False), rates=False, validation=False),
    "25 epochs": View(epochs),
}
