"""The truth of a task: validation loss at the end of real trainings, on a dense grid of rates, for several seeds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from lrfind import schedules
from lrfind.data.batches import weight_key
from lrfind.engine.kernel import Draw, Feed, Kernel
from lrfind.engine.step import start
from lrfind.plan import Plan, rows_of

RATES_PER_DECADE = 8
LOW, HIGH = -6.0, 1.5
"""Bounds of the grid, powers of ten."""

SEEDS = 8
FIRST_SEED = 1000
"""Seeds of the truth are not those that a finder sees."""


@dataclass(frozen=True)
class Truth:
    """What every rate of a grid is worth.

    Attributes:
        rates: shape (rates,).
        loss: validation loss after training, shape (rates, seeds).
        untrained: validation loss before training, shape (seeds,).
    """

    rates: NDArray[np.float64]
    loss: NDArray[np.float64]
    untrained: NDArray[np.float64]

    @property
    def regret(self) -> NDArray[np.float64]:
        """Share of the achievable improvement that each rate loses, in [0, 1]; diverged is 1; shape (rates,)."""
        finite = np.where(np.isfinite(self.loss), self.loss, np.inf)
        median = np.median(finite, axis=1)
        lost = (median - median.min()) / (np.median(self.untrained) - median.min())
        return np.clip(np.where(np.isfinite(lost), lost, 1.0), 0.0, 1.0)

    def regret_of(self, rate: float | None) -> float:
        """Regret of any rate, between the grid's in log rate; 1 for none, where one with small regret exists."""
        return 1.0 if rate is None else float(np.interp(np.log10(rate), np.log10(self.rates), self.regret))


def measure(plan: Plan, platform: str) -> Truth:
    """Train at every rate, every seed, under the config's own schedule for its own number of steps."""
    steps = plan.train_steps
    rates = 10 ** np.arange(LOW, HIGH + 1e-9, 1 / RATES_PER_DECADE)
    seeds = range(FIRST_SEED, FIRST_SEED + SEEDS)
    lanes = [(rate, seed) for rate in rates for seed in seeds]
    batches = replace(plan.batches, seed=FIRST_SEED)

    def draw(lane: int, begin: int, stop: int) -> Draw:
        return Draw(batches.indices(lanes[lane][1], begin, stop), batches.keys(lanes[lane][1], begin, stop))

    feed = Feed((plan.data.train.inputs, plan.data.train.targets), rows_of, draw)
    kernel = Kernel(plan.step, feed, platform, chunk=steps)
    initial = jax.jit(lambda params, state: start(params, state, plan.make_optimizer))
    starts = {seed: initial(*plan.model.init(weight_key(FIRST_SEED, seed))) for seed in seeds}
    section = plan.config.train.schedule
    unit = schedules.unit(section.name, steps, **section.keywords(steps))
    (chunk,) = kernel.run([starts[seed] for _, seed in lanes], unit[:, None] * np.array([rate for rate, _ in lanes]))
    loss = np.array([validate(plan, state) for state in chunk.states]).reshape(len(rates), SEEDS)
    return Truth(rates, loss, np.array([validate(plan, starts[seed]) for seed in seeds]))


def validate(plan: Plan, train: Any) -> float:
    """Loss on all held-out rows."""
    assert plan.data.validation is not None
    batch = (plan.data.validation.inputs, plan.data.validation.targets)
    return float(evaluator(plan)(train.params, train.state, batch))


_evaluators: dict[int, Any] = {}


def evaluator(plan: Plan) -> Any:
    """The compiled evaluation of a plan's model."""
    if id(plan) not in _evaluators:
        _evaluators[id(plan)] = jax.jit(
            lambda params, state, batch: plan.model.loss(params, state, batch, None, False)[0]
        )
    return _evaluators[id(plan)]
