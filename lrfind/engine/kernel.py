"""The one program: lanes of training, step by step, at whatever rates it is given.

Sweep, confirmation and training differ in the array ``rates[steps, lanes]`` alone. The kernel runs it in chunks and
yields each one; whoever consumes it draws, journals and stops.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from lrfind.engine import compiler
from lrfind.engine.execution import choose, choose_lanes, flops
from lrfind.engine.lanes import Draw, Groups, shape_of, stack_shapes
from lrfind.engine.step import Probing, Record, Step
from lrfind.types import Execution, Floats

WORK = 1e9
"""Weights times rows that a chunk touches: some tenths of a second for a fully connected network on a CPU. Neither
do dispatch and journal outweigh the arithmetic then, nor has an interruption to wait."""

TOUCH = 6
"""Operations for each weight and row of a fully connected network: a product and a sum forward, and both twice
backward."""

SHORTEST, LONGEST = 5, 5000
"""Bounds of a chunk, in steps."""


def chunk_for(parameters: int, rows: int, steps: int) -> int:
    """Steps to a chunk. It moves no bit of the curve and depends on no clock, so that a journal repeats as well.

    Args:
        parameters: weights of the model.
        rows: rows of data to one step.
        steps: steps that are wanted in all.
    """
    return min(steps, int(np.clip(WORK / max(1, parameters * rows), SHORTEST, LONGEST)))


@dataclass(frozen=True)
class Feed:
    """Where batches come from.

    Attributes:
        data: pytree of arrays that stay on the device.
        select: ``(data, row) -> batch``, pure; becomes part of the compiled program.
        draw: ``(seed, start, stop) -> Draw``: the rows and keys of a seed's steps; the seed is its number among the
            run's seeds.
    """

    data: Any
    select: Callable[[Any, Any], Any]
    draw: Callable[[int, int, int], Draw]


@dataclass(frozen=True)
class Chunk:
    """The outcome of some consecutive steps.

    Attributes:
        start: number of its first step.
        loss: shape (lanes, steps).
        gradient_norm: shape (lanes, steps).
        update_norm: shape (lanes, steps).
        trust: trust-region ratio, shape (lanes, steps); NaN where it was not measured.
        states: the lanes' states after it; valid until the next chunk is asked for.
    """

    start: int
    loss: Floats
    gradient_norm: Floats
    update_norm: Floats
    trust: Floats
    states: Sequence[Any]


class Orders(NamedTuple):
    """What the caller wants of steps.

    Attributes:
        rates: shape (steps,), or (steps, lanes) where lanes share a program.
        measure: whether to measure the trust-region ratio, shape (steps,); None where the step cannot.
    """

    rates: Any
    measure: Any


class Kernel:
    """Lanes of training, compiled once.

    Args:
        step: one optimiser step.
        feed: where batches come from.
        platform: what it runs on.
        execution: how lanes and steps are run; None to choose by program and platform.
        chunk: the most steps between two yields. Of a program with more work to a step than `chunk_for` could know of
            (convolutions, tokens) they become fewer when it is compiled, on a CPU.
        lane_steps: steps that all lanes will take in all, as far as known; the choice depends on it.
    """

    def __init__(
        self,
        step: Step,
        feed: Feed,
        platform: str,
        execution: Execution | None = None,
        chunk: int = SHORTEST,
        lane_steps: float = math.inf,
    ) -> None:
        self.feed = feed
        self.chunk = self._length = chunk
        self._platform = platform
        self._lane_steps = lane_steps
        self._given = execution
        self._vmapped = (execution.lanes if execution else choose_lanes(platform)) == "vmap"
        self._groups = Groups(None)
        self._step = step
        self._compiled: Any = None
        self._measuring: Any = None

    @property
    def execution(self) -> Execution:
        """How lanes and steps are run; known once the program is compiled."""
        assert self._given is not None, "compile first"
        return self._given

    def compile(self, states: Sequence[Any]) -> None:
        """Compile for these lanes' shapes, arrays or `jax.ShapeDtypeStruct`; `run` does it where nobody did before.

        Where lanes share a program it is made for as many of them; `run` takes any number, that many at a time.
        """
        self._groups = Groups(len(states) if self._vmapped else None)
        group = self._groups.of(len(states))[0]
        state = self._groups.join([jax.tree.map(shape_of, states[lane]) for lane in group], stack_shapes)
        draws = jax.tree.map(shape_of, self._draw(group, 0, self.chunk))
        rates = self._groups.rates(np.zeros((self.chunk, len(group)), np.float32), range(len(group)))
        orders = self._orders(rates, np.zeros(self.chunk, np.bool_))
        data = jax.tree.map(shape_of, self.feed.data)
        traced = []
        if self._given is None or self._given.steps == "scan":
            traced = [jax.jit(self._scan, donate_argnums=0).trace(state, data, draws, orders, 0)]
            self._shorten(traced[0].jaxpr)
            self._given = self._given or choose(traced[0].jaxpr, self._platform, self._lane_steps)
        if self._given.steps == "loop":
            first = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), (draws, rates))
            steps = [
                self._one_step(measure) for measure in ((None, True) if isinstance(self._step, Probing) else (None,))
            ]
            traced = [jax.jit(step, donate_argnums=0).trace(state, data, *first) for step in steps]
            self._shorten(traced[0].jaxpr)
        lowered = [each.lower() for each in traced]
        with ThreadPoolExecutor(max_workers=1) as pool:  # XLA compiles outside of Python's lock.
            others = [pool.submit(compiler.compile, each, self._given.compiler) for each in lowered[1:]]
            self._compiled = compiler.compile(lowered[0], self._given.compiler)
            self._measuring = others[0].result() if others else None

    def _shorten(self, program: Any) -> None:
        """Fewer steps to a chunk where the program's own operations ask for it; it moves no bit of the curve."""
        if self._platform == "cpu":
            work = flops(program.jaxpr) / (self._groups.width or 1)
            self.chunk = min(self.chunk, max(SHORTEST, int(TOUCH * WORK / max(1.0, work))))

    def run(
        self,
        states: Sequence[Any],
        rates: Floats,
        *,
        start: int = 0,
        seeds: Sequence[int] | None = None,
        probe_every: int = 0,
        label: Mapping[str, Any] | None = None,
    ) -> Iterator[Chunk]:
        """Train the lanes.

        Args:
            states: the state of each lane before step `start`.
            rates: learning rates, shape (steps, lanes).
            start: number of the first step: where in their batches and keys the lanes are.
            seeds: whose batches and keys each lane takes; left out: lane by lane, one each.
            probe_every: measure the trust-region ratio at steps whose number is a multiple of this; 0 for never. A step
                that is not `Probing` measures none.
            label: for who writes down what is run (`lrfind.engine.recorded`); the kernel takes no notice.

        Yields:
            The chunks, in order. Stop asking, and nothing more is computed.
        """
        del label
        if self._compiled is None:
            self.compile(states)
        groups = self._groups.of(len(states))
        seeds = range(len(states)) if seeds is None else seeds
        numbers = np.arange(start, start + len(rates))
        measure = numbers % probe_every == 0 if probe_every else np.zeros(len(rates), np.bool_)
        with np.errstate(over="ignore"):  # A rate beyond float32 is infinite, and so is what it does.
            orders = self._orders(rates.astype(np.float32), measure)
        # The program gives its input's memory to its output, so it must not be handed the caller's arrays.
        carried = [self._groups.join([jax.tree.map(np.array, states[lane]) for lane in group]) for group in groups]
        data = jax.device_put(self.feed.data)
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:

            def ahead(first: int) -> list[Future[Draw]]:
                last = min(first + self.chunk, len(rates))
                return [
                    pool.submit(self._draw, [seeds[i] for i in group], start + first, start + last) for group in groups
                ]

            drawn = ahead(0)
            for first in range(0, len(rates), self.chunk):
                part = jax.tree.map(lambda leaf, first=first: leaf[first : first + self.chunk], orders)

                def advance(group: list[int], state: Any, draws: Future[Draw], part: Any = part) -> tuple[Any, Record]:
                    own = part._replace(rates=self._groups.rates(part.rates, group))
                    return self._advance(state, data, draws.result(), own)

                running = [pool.submit(advance, *each) for each in zip(groups, carried, drawn, strict=True)]
                drawn = ahead(first + self.chunk) if first + self.chunk < len(rates) else []
                outcomes = [each.result() for each in running]
                carried = [state for state, _ in outcomes]
                here = slice(len(states))  # What fills up the last group is left out.
                loss, gradient_norm, update_norm, trust = (
                    np.concatenate([np.atleast_2d(np.asarray(record[k], np.float64).T) for _, record in outcomes])[here]
                    for k in range(len(Record._fields))
                )
                yield Chunk(start + first, loss, gradient_norm, update_norm, trust, self._groups.split(carried)[here])

    def _draw(self, seeds: Sequence[int], start: int, stop: int) -> Draw:
        draws = self._groups.draws([self.feed.draw(seed, start, stop) for seed in seeds])
        if self._platform == "cpu" or jax.tree.leaves(self.feed.data):
            return draws
        # Batches that the host makes: on their way to the device while the chunk before them runs.
        sent: Draw = jax.device_put(jax.tree.map(lambda leaf: pad(leaf, self.chunk), draws))
        return sent

    def _orders(self, rates: NDArray[np.float32], measure: NDArray[np.bool_]) -> Orders:
        return Orders(rates, measure if isinstance(self._step, Probing) else None)

    def _one_step(self, measure: Any = None) -> Callable[..., Any]:
        """``(state, data, draw, rate) -> (state, record)``; measures if it is told to, True or a traced bool."""

        def one(state: Any, data: Any, draw: Draw, rate: Any) -> tuple[Any, Record]:
            batch = self.feed.select(data, draw.rows)
            if isinstance(self._step, Probing):
                return self._step.measured(state, batch, rate, draw.keys, measure)
            return self._step(state, batch, rate, draw.keys)

        # The lanes measure at the same steps and share `measure`, so that a branch on it stays one.
        return jax.vmap(one, in_axes=(0, None, 0, 0)) if self._vmapped else one

    def _scan(self, state: Any, data: Any, draws: Draw, orders: Orders, steps: Any) -> tuple[Any, Record]:
        """`steps` of the chunk's steps in one loop; the number is traced, so a last, shorter chunk needs no program."""
        fields = len(Record._fields) - (orders.measure is None)
        empty = jnp.full((self._length, fields, *orders.rates.shape[1:]), jnp.nan)

        def body(i: Any, carry: tuple[Any, Any]) -> tuple[Any, Any]:
            state, table = carry
            draw, order = jax.tree.map(lambda leaf: leaf[i], (draws, orders))
            state, record = self._one_step(order.measure)(state, data, draw, order.rates)
            # One array of all: every array that a loop writes to costs a step of thirty microseconds half of one.
            return state, table.at[i].set(jnp.stack(record[:fields]))

        state, table = jax.lax.fori_loop(0, steps, body, (state, empty))
        return state, Record(*(table[:, k] for k in range(fields)))

    def _advance(self, state: Any, data: Any, draws: Draw, orders: Orders) -> tuple[Any, Record]:
        steps = len(orders.rates)
        if self.execution.steps == "scan":
            draws, orders = jax.tree.map(lambda leaf: pad(leaf, self._length), (draws, orders))
            state, records = self._compiled(state, data, draws, orders, steps)
            return state, complete(jax.tree.map(lambda values: np.asarray(values)[:steps], records))
        rows = []
        for i in range(steps):
            draw = jax.tree.map(lambda leaf, i=i: leaf[i], draws)
            # A program of its own: inside of a branch a convolution is as slow on a CPU as it is inside of a loop.
            program = self._measuring if orders.measure is not None and orders.measure[i] else self._compiled
            state, record = program(state, data, draw, orders.rates[i])
            rows.append(record)
        return state, jax.tree.map(lambda *each: np.stack([np.asarray(one) for one in each]), *map(complete, rows))


def complete(record: Record) -> Record:
    """The record with NaN for what was not measured."""
    return record if record.trust is not None else record._replace(trust=np.full(record.loss.shape, np.nan, np.float32))


def pad(leaf: Any, length: int) -> Any:
    """Zeros behind the leading axis up to `length`; they are never read."""
    missing = length - len(leaf)
    return leaf if missing == 0 else np.concatenate([leaf, np.zeros((missing, *leaf.shape[1:]), leaf.dtype)])
