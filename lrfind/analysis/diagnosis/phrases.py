"""Phrase the numbers and columns of a diagnosis."""

from __future__ import annotations

from typing import Any, Literal

from lrfind.analysis.diagnosis.evidence import TraceStatistics
from lrfind.analysis.diagnosis.rules import burst, never_calm
from lrfind.analysis.diagnosis.series import BLOWN

Unit = Literal["step", "epoch"]


def name(e: TraceStatistics) -> str:
    """Return the name of the loss that the rate is judged by."""
    return "the validation loss" if e.val is not None else "the loss"


def unrest(e: TraceStatistics) -> dict[str, Any]:
    """Return the numbers of a restless loss by key."""
    judge = e.judge
    return {
        "rises": judge.unrest.rises,
        "late_rises": judge.unrest.late_rises,
        "overshoot": max(column.unrest.overshoot for column in e.columns),
        "residual": judge.residual,
    }


def burst_of(e: TraceStatistics, unit: Unit) -> str:
    """Describe a loss that shot up within the first epoch, of which only the mean is logged.

    Returns:
        The description; empty if the loss did not shoot up.
    """
    if e.train is None or not burst(e):
        return ""
    first = e.train.series
    mean = f"the training loss of {at(float(first.at[0]), unit)} is {number(float(first.value[0]))} in the mean"
    if e.val is not None and e.burst < BLOWN <= e.depth:
        return f"{mean}, {e.depth:.0f} times the validation loss at the end, most of it lost within the next epochs"
    if e.val is not None and (e.burst >= BLOWN or never_calm(e)):
        return f"{mean}, and the validation loss after it {number(float(e.val.series.value[0]))}"
    return f"{mean}, {e.plunge:.0f} times that of the next ones, from where it hardly falls"


def peak_of(e: TraceStatistics) -> float | None:
    """Return the ratio of a loss's peak to its start; None if it hardly rose."""
    over = max(column.unrest.overshoot for column in e.columns)
    return 1 + over if over > 0.2 else None


def lower(e: TraceStatistics, factor: int) -> str:
    """Advise to lower the rate by a factor."""
    return f"lower the rate by a factor of {factor}{to(e, factor)}; `lrfind sweep` finds how far"


def to(e: TraceStatistics, divisor: float) -> str:
    """Return the change of the peak, ``" (from 1.0e-01 to 1.0e-02)"``; empty if unknown."""
    return f" (from {rate(e.travel.peak)} to {rate(e.travel.peak / divisor)})" if e.travel.known else ""


def rate(value: float) -> str:
    """Format a learning rate as every report does."""
    return f"{value:.1e}"


def number(value: float) -> str:
    """Format a loss."""
    return f"{value:.4g}"


def share(value: float) -> str:
    """Format a fraction: ``"7%"``, or as a factor from ten on."""
    return f"{value:.0%}" if value < 10 else f"{value:.3g} times"


def at(step: float, unit: Unit) -> str:
    """Format a position in the log."""
    return f"{unit} {step:,.10g}"
