"""The one program: lanes of training, step by step, at whatever rates it is given.

Sweep, confirmation and training differ in the array ``rates[steps, lanes]`` alone. The kernel runs it in chunks and
yields each one; whoever consumes it draws, journals and stops.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from lrfind.engine import compiler
from lrfind.engine.execution import choose, choose_lanes
from lrfind.engine.step import Record, Step
from lrfind.types import Execution, Floats

WORK = 1e9
"""Weights times rows that a chunk touches: some tenths of a second for a fully connected network on a CPU. Neither
do dispatch and journal outweigh the arithmetic then, nor has an interruption to wait."""

SHORTEST, LONGEST = 5, 2000
"""Bounds of a chunk, in steps."""


def chunk_for(parameters: int, rows: int, steps: int) -> int:
    """Steps to a chunk. It moves no bit of the curve and depends on no clock, so that a journal repeats as well.

    Args:
        parameters: weights of the model.
        rows: rows of data to one step.
        steps: steps that are wanted in all.
    """
    return min(steps, int(np.clip(WORK / max(1, parameters * rows), SHORTEST, LONGEST)))


class Draw(NamedTuple):
    """What steps consume.

    Attributes:
        rows: pytree of arrays, leading axis steps: what `select` makes batches of.
        keys: raw keys, shape (steps, 2).
    """

    rows: Any
    keys: NDArray[np.uint32]


@dataclass(frozen=True)
class Feed:
    """Where batches come from.

    Attributes:
        data: pytree of arrays that stay on the device.
        select: ``(data, row) -> batch``, pure; becomes part of the compiled program.
        draw: ``(lane, start, stop) -> Draw``: the rows and keys of a lane's steps.
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
        states: the lanes' states after it; valid until the next chunk is asked for.
    """

    start: int
    loss: Floats
    gradient_norm: Floats
    update_norm: Floats
    states: list[Any]


class Kernel:
    """Lanes of training, compiled once.

    Args:
        step: one optimiser step.
        feed: where batches come from.
        platform: what it runs on.
        execution: how lanes and steps are run; None to choose by program and platform.
        chunk: the most steps between two yields.
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
        self.chunk = chunk
        self._platform = platform
        self._lane_steps = lane_steps
        self._given = execution
        self._lanes = execution.lanes if execution else choose_lanes(platform)
        self._step = self._one_step(step)
        self._compiled: Any = None

    @property
    def execution(self) -> Execution:
        """How lanes and steps are run; known once the program is compiled."""
        assert self._given is not None, "compile first"
        return self._given

    def compile(self, states: Sequence[Any]) -> None:
        """Compile for these lanes' shapes, arrays or `jax.ShapeDtypeStruct`; `run` does it where nobody did before."""
        group = self._groups(list(range(len(states))))[0]
        state = self._join([jax.tree.map(shape_of, states[lane]) for lane in group], stack=stack_shapes)
        draws = self._draw(group, 0, self.chunk)
        rates = np.zeros((self.chunk, *self._lane_axis(group)), np.float32)
        data = jax.tree.map(shape_of, self.feed.data)
        traced = None
        if self._given is None or self._given.steps == "scan":
            traced = jax.jit(self._scan, donate_argnums=0).trace(state, data, draws, rates, 0)
            self._given = self._given or choose(traced.jaxpr, self._platform, self._lane_steps)
        if traced is None or self._given.steps == "loop":
            first = jax.tree.map(lambda leaf: leaf[0], draws)
            traced = jax.jit(self._step, donate_argnums=0).trace(state, data, first, np.float32(rates[0]))
        self._compiled = compiler.compile(traced.lower(), self._given.compiler)

    def run(self, states: Sequence[Any], rates: Floats, *, start: int = 0) -> Iterator[Chunk]:
        """Train the lanes.

        Args:
            states: the state of each lane before step `start`.
            rates: learning rates, shape (steps, lanes).
            start: number of the first step: where in their batches and keys the lanes are.

        Yields:
            The chunks, in order. Stop asking, and nothing more is computed.
        """
        if self._compiled is None:
            self.compile(states)
        groups = self._groups(list(range(len(states))))
        # The program gives its input's memory to its output, so it must not be handed the caller's arrays.
        carried = [
            self._join([jax.tree.map(np.array, states[lane]) for lane in group], stack=np.stack) for group in groups
        ]
        data = jax.device_put(self.feed.data)
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:

            def ahead(first: int) -> list[Future[Draw]]:
                last = min(first + self.chunk, len(rates))
                return [pool.submit(self._draw, group, start + first, start + last) for group in groups]

            drawn = ahead(0)
            for first in range(0, len(rates), self.chunk):
                part = rates[first : first + self.chunk].astype(np.float32)

                def advance(group: list[int], state: Any, draws: Future[Draw], part: Any = part) -> tuple[Any, Record]:
                    own = part[:, group] if self._lanes == "vmap" else part[:, group[0]]
                    return self._advance(state, data, draws.result(), own)

                running = [pool.submit(advance, *each) for each in zip(groups, carried, drawn, strict=True)]
                drawn = ahead(first + self.chunk) if first + self.chunk < len(rates) else []
                outcomes = [each.result() for each in running]
                carried = [state for state, _ in outcomes]
                loss, gradient_norm, update_norm = (
                    np.concatenate([np.atleast_2d(np.asarray(record[k], np.float64).T) for _, record in outcomes])
                    for k in range(len(Record._fields))
                )
                yield Chunk(start + first, loss, gradient_norm, update_norm, self._split(carried))

    def _one_step(self, step: Step) -> Callable[..., Any]:
        def one(state: Any, data: Any, draw: Draw, rate: Any) -> tuple[Any, Record]:
            return step(state, self.feed.select(data, draw.rows), rate, draw.keys)

        return jax.vmap(one, in_axes=(0, None, 0, 0)) if self._lanes == "vmap" else one

    def _scan(self, state: Any, data: Any, draws: Draw, rates: jax.Array, steps: Any) -> tuple[Any, Record]:
        """`steps` of the chunk's steps in one loop; the number is traced, so a last, shorter chunk needs no program."""
        empty = jnp.full(rates.shape, jnp.nan)

        def body(i: Any, carry: tuple[Any, Record]) -> tuple[Any, Record]:
            state, records = carry
            draw = jax.tree.map(lambda leaf: leaf[i], draws)
            state, record = self._step(state, data, draw, rates[i])
            return state, Record(*(kept.at[i].set(new) for kept, new in zip(records, record, strict=True)))

        outcome: tuple[Any, Record] = jax.lax.fori_loop(0, steps, body, (state, Record(empty, empty, empty)))
        return outcome

    def _advance(self, state: Any, data: Any, draws: Draw, rates: NDArray[np.float32]) -> tuple[Any, Record]:
        steps = len(rates)
        if self.execution.steps == "scan":
            draws, rates = jax.tree.map(lambda leaf: pad(leaf, self.chunk), (draws, rates))
            state, records = self._compiled(state, data, draws, rates, steps)
            return state, Record(*(np.asarray(values)[:steps] for values in records))
        rows = []
        for i in range(steps):
            draw = jax.tree.map(lambda leaf, i=i: leaf[i], draws)
            state, record = self._compiled(state, data, draw, rates[i])
            rows.append(record)
        return state, Record(*(np.stack([np.asarray(row[k]) for row in rows]) for k in range(len(Record._fields))))

    def _groups(self, lanes: list[int]) -> list[list[int]]:
        """The lanes that share one call."""
        return [lanes] if self._lanes == "vmap" else [[lane] for lane in lanes]

    def _lane_axis(self, group: list[int]) -> tuple[int, ...]:
        return (len(group),) if self._lanes == "vmap" else ()

    def _draw(self, group: list[int], start: int, stop: int) -> Draw:
        draws = [self.feed.draw(lane, start, stop) for lane in group]
        if self._lanes == "each":
            return draws[0]
        joined: Draw = jax.tree.map(lambda *leaves: np.stack(leaves, axis=1), *draws)
        return joined

    def _join(self, states: list[Any], stack: Callable[..., Any]) -> Any:
        if self._lanes == "each":
            return states[0]
        return jax.tree.map(lambda *leaves: stack(leaves), *states)

    def _split(self, carried: list[Any]) -> list[Any]:
        if self._lanes == "each":
            return carried
        lanes = len(jax.tree.leaves(carried[0])[0])
        return [jax.tree.map(lambda leaf, lane=lane: leaf[lane], carried[0]) for lane in range(lanes)]


def pad(leaf: Any, length: int) -> Any:
    """Zeros behind the leading axis up to `length`; they are never read."""
    missing = length - len(leaf)
    return leaf if missing == 0 else np.concatenate([leaf, np.zeros((missing, *leaf.shape[1:]), leaf.dtype)])


def shape_of(leaf: Any) -> jax.ShapeDtypeStruct:
    """The shape and type of an array or of a description of one."""
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype)


def stack_shapes(shapes: Sequence[Any]) -> jax.ShapeDtypeStruct:
    """The shape of the shapes' arrays stacked."""
    return jax.ShapeDtypeStruct((len(shapes), *shapes[0].shape), shapes[0].dtype)
