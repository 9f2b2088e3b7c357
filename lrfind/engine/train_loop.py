"""Train lanes side by side in one compiled program, at given rates.

Sweep, confirmation and training differ only in the array ``rates[steps, lanes]``. The train loop runs in chunks and
yields each of them; the consumer draws, journals and stops.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from lrfind.core.result import Execution
from lrfind.engine.execution import choose, choose_lanes, compile_program, flops
from lrfind.engine.step import GradientStep, Record, Step
from lrfind.engine.trainer import BatchFeed, Chunk, LaneRun, StepInputs, Trainer

WORK = 1e9
"""Parameters times rows per chunk: tenths of a second on a CPU, a prompt Ctrl-C."""

TOUCH = 6
"""Operations per parameter and row of a fully connected network: 2 forward, 4 backward."""

SHORTEST, LONGEST = 5, 5000
"""Bounds of the length of a chunk, in steps."""


IN_FLIGHT = 2**24
"""Bytes of batches, of all lanes, that a chunk may hold: 17 MB. As many are made ahead while it runs."""


def chunk_for(parameters: int, rows: int, steps: int, step_bytes: int = 0) -> int:
    """Return the steps per chunk, independent of clocks: a journal replays the same chunks.

    Args:
        parameters: number of parameters of the model.
        rows: rows of data per step.
        steps: total number of steps.
        step_bytes: bytes of one step's batches, of all lanes, that the host makes; 0 for data on the device.
    """
    chunk = int(np.clip(WORK / max(1, parameters * rows), SHORTEST, LONGEST))
    return min(steps, chunk, max(1, IN_FLIGHT // max(1, step_bytes)))


@dataclass(frozen=True)
class LaneGroups:
    """Assignment of lanes to calls.

    Attributes:
        width: lanes per call; None for one lane per call, without an axis of lanes.
    """

    width: int | None

    def of(self, lanes: int) -> list[list[int]]:
        """Return the lanes of each call; the last call is padded with the last lane."""
        width = self.width or 1
        return [[min(first + i, lanes - 1) for i in range(width)] for first in range(0, lanes, width)]

    def rates(self, rates: NDArray[np.float32], group: Sequence[int]) -> NDArray[np.float32]:
        """Return a call's columns of ``rates[steps, lanes]``."""
        return rates[:, group[0]] if self.width is None else rates[:, group]

    def join(self, trees: Sequence[Any], axis: int = 0, stack: Callable[..., Any] = np.stack) -> Any:
        """Stack the states or draws of a call's lanes along an axis."""
        return trees[0] if self.width is None else jax.tree.map(lambda *leaves: stack(leaves, axis), *trees)

    def split(self, calls: Sequence[Any]) -> list[Any]:
        """Return the state of every lane from the states of the calls."""
        if self.width is None:
            return list(calls)
        return [
            jax.tree.map(lambda leaf, lane=lane: leaf[lane], state) for state in calls for lane in range(self.width)
        ]


class StepControls(NamedTuple):
    """Inputs of steps that the caller controls.

    Attributes:
        rates: learning rates, shape (steps,), or (steps, lanes) for lanes that share a program.
        measure: whether to measure the trust-region ratio, shape (steps,); unused if the step does not probe.
    """

    rates: Any
    measure: Any


class TrainLoop(Trainer):
    """Train loop over lanes, compiled once.

    Args:
        step: optimiser step.
        feed: source of batches.
        platform: ``"cpu"``, ``"gpu"`` or ``"tpu"``.
        execution: how lanes and steps are run; None to choose it by program and platform.
        chunk: largest number of steps per chunk. On a CPU, compilation lowers it for programs with more work per step
            than `chunk_for` assumes (convolutions, tokens).
        lane_steps: total number of steps of all lanes, as far as known; the choice of execution depends on it.
    """

    def __init__(
        self,
        step: Step,
        feed: BatchFeed,
        platform: str,
        execution: Execution | None = None,
        chunk: int = SHORTEST,
        lane_steps: float = math.inf,
    ) -> None:
        self.feed = feed
        self.chunk = self._program_steps = chunk
        self._platform = platform
        self._lane_steps = lane_steps
        self._execution = execution
        self._vmapped = (execution.lanes if execution else choose_lanes(platform)) == "vmap"
        self._groups = LaneGroups(None)
        self._step = step
        self._probes = isinstance(step, GradientStep) and step.probe
        self._compiled: Any = None
        self._measuring: Any = None

    @property
    def execution(self) -> Execution:
        """How lanes and steps are run; known after compilation."""
        assert self._execution is not None, "compile first"
        return self._execution

    def compile(self, states: Sequence[Any]) -> None:
        """Compile the program; `train` does so if needed.

        Lanes that share a program are compiled for `len(states)` at a time; `train` takes any number of lanes.

        Args:
            states: training state of each lane, arrays or `jax.ShapeDtypeStruct`.
        """
        self._groups = LaneGroups(len(states) if self._vmapped else None)
        group = self._groups.of(len(states))[0]
        joined = partial(self._groups.join, stack=jnp.stack)
        state = jax.eval_shape(joined, [states[lane] for lane in group])
        draws = self._draw(group, 0, self.chunk)
        rates = self._groups.rates(np.zeros((self.chunk, len(group)), np.float32), range(len(group)))
        controls = StepControls(rates, np.zeros(self.chunk, np.bool_))
        traced = []
        if self._execution is None or self._execution.steps == "scan":
            traced = [jax.jit(self._scan, donate_argnums=0).trace(state, self.feed.data, draws, controls, 0)]
            self._shorten(traced[0].jaxpr)
            self._execution = self._execution or choose(traced[0].jaxpr, self._platform, self._lane_steps)
        if self._execution.steps == "loop":
            first = jax.tree.map(lambda leaf: leaf[0], (draws, rates))
            measures = (None, True) if self._probes else (None,)
            steps = [jax.jit(self._one_step(measure), donate_argnums=0) for measure in measures]
            traced = [step.trace(state, self.feed.data, *first) for step in steps]
            self._shorten(traced[0].jaxpr)
        lowered = [program.lower() for program in traced]
        with ThreadPoolExecutor(max_workers=1) as pool:  # XLA compiles outside of Python's lock.
            others = [pool.submit(compile_program, program, self._execution.compiler) for program in lowered[1:]]
            self._compiled = compile_program(lowered[0], self._execution.compiler)
            self._measuring = others[0].result() if others else None

    def _shorten(self, program: Any) -> None:
        """Lower the steps per chunk by the program's operations; the losses do not depend on it."""
        if self._platform == "cpu":
            work = flops(program.jaxpr) / (self._groups.width or 1)
            self.chunk = min(self.chunk, max(SHORTEST, int(TOUCH * WORK / max(1.0, work))))

    def train(self, run: LaneRun) -> Iterator[Chunk]:
        """Train lanes; the label is ignored."""
        if self._compiled is None:
            self.compile(run.states)
        lanes, steps = len(run.states), len(run.rates)
        groups = self._groups.of(lanes)
        numbers = np.arange(run.start, run.start + steps)
        measure = numbers % run.probe_every == 0 if run.probe_every else np.zeros(steps, np.bool_)
        with np.errstate(over="ignore"):  # A rate beyond float32 is infinite, and so is what it does.
            controls = StepControls(run.rates.astype(np.float32), measure)
        # The program gives its input's memory to its output, so it must not be handed the caller's arrays.
        carried = [self._groups.join([jax.tree.map(np.array, run.states[lane]) for lane in group]) for group in groups]
        data = jax.device_put(self.feed.data)
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:

            def draw_ahead(first: int) -> list[Future[StepInputs]]:
                begin, stop = run.start + first, run.start + min(first + self.chunk, steps)
                return [pool.submit(self._draw, [run.lane_seeds[i] for i in group], begin, stop) for group in groups]

            def advance(
                part: StepControls, group: list[int], state: Any, draws: Future[StepInputs]
            ) -> tuple[Any, Record]:
                own = part._replace(rates=self._groups.rates(part.rates, group))
                return self._advance(state, data, draws.result(), own)

            drawn = draw_ahead(0)
            for first in range(0, steps, self.chunk):
                part = jax.tree.map(lambda leaf, first=first: leaf[first : first + self.chunk], controls)
                running = [pool.submit(advance, part, *call) for call in zip(groups, carried, drawn, strict=True)]
                drawn = draw_ahead(first + self.chunk) if first + self.chunk < steps else []
                outcomes = [call.result() for call in running]
                carried = [state for state, _ in outcomes]
                yield self._chunk(run.start + first, lanes, [record for _, record in outcomes], carried)

    def _chunk(self, start: int, lanes: int, records: Sequence[Record], states: Sequence[Any]) -> Chunk:
        """Return the chunk of the groups' records and states, without the padding of the last group."""
        loss, gradient_norm, update_norm, trust = (
            np.concatenate([np.atleast_2d(np.asarray(record[k], np.float64).T) for record in records])[:lanes]
            for k in range(len(Record._fields))
        )
        return Chunk(start, loss, gradient_norm, update_norm, trust, self._groups.split(states)[:lanes])

    def _draw(self, seeds: Sequence[int], start: int, stop: int) -> StepInputs:
        draws: StepInputs = self._groups.join([self.feed.draw(seed, start, stop) for seed in seeds], axis=1)
        if self._platform != "cpu" and not jax.tree.leaves(self.feed.data):
            # Batches that the host makes: on their way to the device while the chunk before them runs.
            draws = jax.device_put(jax.tree.map(lambda leaf: pad(leaf, self.chunk), draws))
        return draws

    def _one_step(self, measure: Any) -> Callable[..., Any]:
        """Return ``(state, data, draw, rate) -> (state, record)``; `measure` is that of `GradientStep`."""

        def one(state: Any, data: Any, draw: StepInputs, rate: Any) -> tuple[Any, Record]:
            batch = self.feed.select(data, draw.rows)
            return self._step(state, batch, rate, draw.keys, *([measure] if self._probes else []))

        # The lanes measure at the same steps and share `measure`, so that a branch on it stays one.
        return jax.vmap(one, in_axes=(0, None, 0, 0)) if self._vmapped else one

    def _scan(self, state: Any, data: Any, draws: StepInputs, controls: StepControls, steps: Any) -> tuple[Any, Record]:
        """Run the first `steps` steps of a chunk in one loop; a traced number needs one program."""
        fields = len(Record._fields) - (not self._probes)
        empty = jnp.full((self._program_steps, fields, *controls.rates.shape[1:]), jnp.nan)

        def body(i: Any, carry: tuple[Any, Any]) -> tuple[Any, Any]:
            state, table = carry
            draw, control = jax.tree.map(lambda leaf: leaf[i], (draws, controls))
            state, record = self._one_step(control.measure)(state, data, draw, control.rates)
            # One array of all: every array that a loop writes to costs a step of thirty microseconds half of one.
            return state, table.at[i].set(jnp.stack(record[:fields]))

        state, table = jax.lax.fori_loop(0, steps, body, (state, empty))
        return state, Record(*(table[:, k] for k in range(fields)))

    def _advance(self, state: Any, data: Any, draws: StepInputs, controls: StepControls) -> tuple[Any, Record]:
        steps = len(controls.rates)
        if self.execution.steps == "scan":
            draws, controls = jax.tree.map(lambda leaf: pad(leaf, self._program_steps), (draws, controls))
            state, records = self._compiled(state, data, draws, controls, steps)
            return state, complete(jax.tree.map(lambda values: np.asarray(values)[:steps], records))
        rows = []
        for i in range(steps):
            draw = jax.tree.map(lambda leaf, i=i: leaf[i], draws)
            # A program of its own: inside of a branch a convolution is as slow on a CPU as it is inside of a loop.
            program = self._measuring if self._probes and controls.measure[i] else self._compiled
            state, record = program(state, data, draw, controls.rates[i])
            rows.append(record)
        return state, jax.tree.map(lambda *values: np.stack(list(map(np.asarray, values))), *map(complete, rows))


def complete(record: Record) -> Record:
    """Return a record whose `trust` is NaN if it was not measured."""
    return record if record.trust is not None else record._replace(trust=np.full(record.loss.shape, np.nan, np.float32))


def pad(leaf: Any, length: int) -> Any:
    """Pad the leading axis with zeros to a length; the padding is never read."""
    missing = length - len(leaf)
    return leaf if missing == 0 else np.concatenate([leaf, np.zeros((missing, *leaf.shape[1:]), leaf.dtype)])
