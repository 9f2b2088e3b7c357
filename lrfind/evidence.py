"""Evidence beside the answer: the trust-region ratio of the sweep, and the largest stable rate at the starting weights.

It is drawn and decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from lrfind import groups
from lrfind.analysis.trust import points
from lrfind.engine.curvature import BASIS, ROUNDS, Stability, rule_of, stability
from lrfind.engine.evaluate import rows_in
from lrfind.errors import OwnCodeError
from lrfind.types import Evidence

if TYPE_CHECKING:
    from lrfind.climb import Climb
    from lrfind.engine.kernel import Kernel
    from lrfind.plan import Plan

STILL = 20
"""Steps at rate zero that fill an adaptive optimiser's averages at the starting weights."""

ROWS = 32
"""Rows that the sharpness is measured on, or a batch where that is more."""

MOST_PRODUCTS = BASIS * ROUNDS + 1
"""Hessian-vector products at most: the budget is laid out before they are counted."""


def measured_rows(plan: Plan) -> int:
    """Rows that the sharpness is measured on."""
    return rows_in(plan.source.first(max(ROWS, plan.source.batch_rows)))


def cost(plan: Plan) -> float:
    """What `sharpness` takes at most, in optimiser steps: a Hessian-vector product is two."""
    if not known(plan):
        return 0
    return STILL + 2 * MOST_PRODUCTS * measured_rows(plan) / plan.rows


def known(plan: Plan) -> bool:
    """Whether there is a formula for the optimiser."""
    section = plan.config.optimizer
    return section.named and rule_of(section.name, section.options) is not None


def sharpness(plan: Plan, kernel: Kernel, start: Any, platform: str) -> Stability | None:
    """The largest stable rate of the first seed's starting weights; None where it is not known, or memory is short."""
    if not known(plan):
        return None
    section = plan.config.optimizer
    *_, chunk = kernel.run([start], np.zeros((STILL, 1)), seeds=[0])
    batch = plan.source.first(max(ROWS, plan.source.batch_rows))
    key = plan.batches.keys(plan.seeds[0], 0, 1)[0]
    factors = groups.factors(plan.initial[0], section.groups, section.frozen) if section.groups else None
    name, options = section.name, section.options
    try:
        return stability(plan.exact.loss, chunk.states[0], batch, key, name, options, platform, factors)
    except (jax.errors.JaxRuntimeError, MemoryError, OwnCodeError):
        return None


def evidence(climb: Climb, found: Stability | None) -> Evidence:
    """What was measured, for the result."""
    steps, ratio = points(climb.trust)
    return Evidence(
        trust_steps=steps,
        trust_ratio=ratio,
        sharpness=found.sharpness if found else None,
        stability_limit=found.limit if found else None,
        stability_rule=found.rule if found else None,
    )
