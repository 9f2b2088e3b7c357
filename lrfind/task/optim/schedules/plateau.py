"""Reduce-on-plateau schedule: rate before any drop, and the optax transformation."""

from __future__ import annotations

from typing import Any

from lrfind.analysis.plateau import Plateau
from lrfind.task.optim.source_code import Call


def reduce_on_plateau(
    peak: Any,
    steps: int,
    *,
    factor: float,
    patience: int,
    threshold: float,
    cooldown: int,
    window: int,
    min_factor: float,
) -> Call:
    """Return the rate before any drop, ``r(t) = peak max(min_factor, factor^drops)``.

    A drop follows `patience` steps without a window whose mean loss is below ``(1 - threshold)`` times the lowest, as
    in `optax.contrib.reduce_on_plateau`; `transform` applies the drops.
    """
    del steps, factor, patience, threshold, cooldown, window, min_factor
    return Call("optax.constant_schedule", (peak,))


def transform(name: str, accumulate: int = 1, **options: Any) -> Call | None:
    """Return the optax transformation of a loss-dependent schedule; None for others.

    It takes the loss of every micro-batch as ``value=`` of `update`. It applies a drop from the last step of a window
    on, lrfind's own loop from the first step of the next window on.

    Args:
        name: name of the schedule.
        accumulate: micro-batches per optimiser step.
        **options: keywords of the schedule.
    """
    if name != "reduce_on_plateau":
        return None
    rule = Plateau.of(**options)
    kwargs = {
        "factor": rule.factor,
        "patience": rule.patience,
        "rtol": rule.threshold,
        "cooldown": rule.cooldown,
        "accumulation_size": rule.window * accumulate,
        "min_scale": rule.minimum,
    }
    return Call("optax.contrib.reduce_on_plateau", (), kwargs)
