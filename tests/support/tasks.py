"""Small trainings: a quadratic with a closed form, and a network for which numpy has the numbers."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from lrfind.core.dataset import Floats
from lrfind.core.result import Execution
from lrfind.engine.step import GradientStep, TrainState, start
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import BatchFeed, Chunk, StepInputs
from lrfind.task.data.batches import Batches, weight_key
from lrfind.task.models.contract import cross_entropy, supervised
from lrfind.task.models.mlp import Mlp

SCAN_EACH, LOOP_EACH = Execution("scan", "each"), Execution("loop", "each")
SCAN_VMAP, LOOP_VMAP = Execution("scan", "vmap"), Execution("loop", "vmap")

CURVATURE = np.array([1.0, 10.0], np.float32)
BOUND = 2 / 10
"""The largest stable rate on the quadratic."""
START = np.array([3.0, 1.0], np.float32)


def quadratic_loss(params: Any, state: Any, batch: Any, key: Any, train: bool) -> Any:
    """``sum(curvature x^2) / 2``, the batch being the curvature."""
    return 0.5 * jnp.sum(batch * params**2), (state, {})


def quadratic(
    execution: Execution = SCAN_EACH, chunk: int = 10, make: Any = optax.sgd, *, probe: bool = False
) -> TrainLoop:
    """SGD, or another optimiser, on the quadratic."""

    def draw(lane: int, begin: int, stop: int) -> StepInputs:
        return StepInputs(np.zeros(stop - begin, np.int32), np.zeros((stop - begin, 2), np.uint32))

    feed = BatchFeed(CURVATURE[None], lambda data, row: data[row], draw)
    return TrainLoop(GradientStep(quadratic_loss, make, probe=probe), feed, "cpu", execution, chunk)


def quadratic_starts(lanes: int, make: Any = optax.sgd) -> list[TrainState]:
    return [start(START, (), make)] * lanes


def closed_form(rates: Floats) -> Floats:
    """Loss of SGD on the quadratic before each step: ``x <- (1 - rate curvature) x``. Shape of rates: (steps,)."""
    shrink = np.cumprod(1 - rates[:, None] * CURVATURE.astype(float), axis=0)
    x = START * np.concatenate([np.ones((1, 2)), shrink[:-1]])
    return 0.5 * (CURVATURE * x**2).sum(axis=1)


def closed_trust(rates: Floats) -> Floats:
    """Trust-region ratio of SGD on the quadratic: ``1 - rate (g . H g) / (2 g . g)``. Shape of rates: (steps,)."""
    shrink = np.cumprod(1 - rates[:, None] * CURVATURE.astype(float), axis=0)
    slope = CURVATURE * START * np.concatenate([np.ones((1, 2)), shrink[:-1]])
    return 1 - rates * (CURVATURE * slope**2).sum(axis=1) / (2 * (slope**2).sum(axis=1))


ROWS, FEATURES, CLASSES = 40, 5, 3
RNG = np.random.default_rng(7)
INPUTS = RNG.standard_normal((ROWS, FEATURES)).astype(np.float32)
LABELS = (INPUTS @ RNG.standard_normal((FEATURES, CLASSES))).argmax(axis=1).astype(np.int32)
BATCHES = Batches(ROWS, batch_size=8, accumulate=1, seed=0)
NETWORK = Mlp({"hidden": (6,), "activation": "tanh", "norm": "none"}, (FEATURES,), CLASSES)
OPTIMIZERS = {
    "momentum": partial(optax.sgd, momentum=0.9),
    "sgd": optax.sgd,
    # Not b2 = 0.999: optax takes 1 - b2^t in float32, which leaves it four digits, and numpy is to agree to five.
    "adam": partial(optax.adam, b2=0.9),
}


def rows_of(data: Any, rows: Any) -> Any:
    return jax.tree.map(lambda leaf: leaf[rows], data)


def draw_rows(lane: int, begin: int, stop: int) -> StepInputs:
    return StepInputs(BATCHES.indices(lane, begin, stop), BATCHES.keys(lane, begin, stop))


def walk_loss(params: Any, state: Any, batch: Any, key: Any, train: bool) -> Any:
    """A quadratic of curvature 10 about the mean of the batch's inputs: noisy, and quick to compile."""
    return 5 * jnp.mean(jnp.sum((params - batch[0]) ** 2, axis=1)), (state, {})


def walk(execution: Execution = SCAN_EACH, chunk: int = 10) -> TrainLoop:
    """SGD after noisy targets."""
    return TrainLoop(
        GradientStep(walk_loss, optax.sgd), BatchFeed((INPUTS, LABELS), rows_of, draw_rows), "cpu", execution, chunk
    )


def walk_starts(lanes: int) -> list[TrainState]:
    return [start(np.full(FEATURES, 3, np.float32), (), optax.sgd)] * lanes


MLP_LOSS = supervised(NETWORK, cross_entropy).loss


def mlp(
    execution: Execution = SCAN_EACH, chunk: int = 10, optimizer: str = "momentum", *, probe: bool = False
) -> TrainLoop:
    """A small network."""
    step = GradientStep(MLP_LOSS, OPTIMIZERS[optimizer], probe=probe)
    return TrainLoop(step, BatchFeed((INPUTS, LABELS), rows_of, draw_rows), "cpu", execution, chunk)


@lru_cache
def mlp_start(lane: int, optimizer: str = "momentum") -> TrainState:
    state: TrainState = jax.tree.map(np.asarray, start(*NETWORK.init(weight_key(0, lane)), OPTIMIZERS[optimizer]))
    return state


def mlp_starts(lanes: int, optimizer: str = "momentum") -> list[TrainState]:
    return [mlp_start(lane, optimizer) for lane in range(lanes)]


def losses(chunks: Iterator[Chunk]) -> Floats:
    """The loss of every step, shape (lanes, steps)."""
    return np.concatenate([chunk.loss for chunk in chunks], axis=1)


def trusts(chunks: Iterator[Chunk]) -> Floats:
    """The trust-region ratio of every step, shape (lanes, steps)."""
    return np.concatenate([chunk.trust for chunk in chunks], axis=1)


def constant(rates: Sequence[float], steps: int) -> Floats:
    """The same rate at every step of a lane, shape (steps, lanes)."""
    return np.tile(np.array(rates, float), (steps, 1))


@contextmanager
def compilations() -> Iterator[list[str]]:
    """What is compiled meanwhile, as JAX logs it."""
    found: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage().startswith("Finished XLA compilation"):
                found.append(record.getMessage())

    handler, logger = Handler(), logging.getLogger("jax._src.dispatch")
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        with jax.log_compiles():
            yield found
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
