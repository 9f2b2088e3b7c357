"""The schedule that waits for the loss: what holds until then, and optax's transformation for what is pasted."""

from __future__ import annotations

from typing import Any

from lrfind.analysis.plateau import Plateau
from lrfind.expression import Call


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
    """``r(t) = peak max(min_factor, factor^drops)``: a drop after every `patience` steps without a window whose mean
    loss is below ``(1 - threshold)`` times the lowest (optax.contrib.reduce_on_plateau).

    The call is what holds while the loss improves: `transform` lowers it.
    """
    del steps, factor, patience, threshold, cooldown, window, min_factor
    return Call("optax.constant_schedule", (peak,))


def transform(name: str, accumulate: int = 1, **options: Any) -> Call | None:
    """What an optimiser is chained with under a schedule that depends on the loss; None for all others.

    It takes the loss of every batch as ``value=`` of `update`, `accumulate` of them to a step, and multiplies from the
    last step of a window on; here the next window is the first with another rate.
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
