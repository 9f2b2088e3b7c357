"""The wiring: config -> plan -> sweep -> reading -> result -> run directory. Prints nothing; whoever watches is
told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from lrfind import optimizers, store
from lrfind.analysis import recommend as advice
from lrfind.analysis.curve import divergences, read
from lrfind.analysis.suggest import suggest, suggestions
from lrfind.config.schema import Config, SweepSection, assumptions
from lrfind.errors import RunError
from lrfind.registry import LADDERS
from lrfind.types import Facts, Floats, Result, Sweep, Timing

if TYPE_CHECKING:
    from lrfind.engine.kernel import Chunk, Kernel
    from lrfind.plan import Plan

REACH = 100.0
"""The sweep may extend itself by this factor on each side: two decades."""

RATE = "LEARNING_RATE"
"""Stands for the rate in the optimiser's source text where there is none to recommend."""


NO_PART = {"optimizer": {"learning_rate"}}
"""Of the config, what moves no bit of the curve: after `--write` it is still the same run."""


class Watcher(Protocol):
    """Whoever wants to know what happens: a progress bar, or nobody."""

    def phase(self, name: str) -> None:
        """A part of the work begins: ``"data"``, ``"compile"``, ``"sweep"`` or ``"render"``."""

    def folder(self, path: Path) -> None:
        """The run directory is taken."""

    def climb(self, learning_rate: Floats, done: int, loss: float) -> None:
        """`done` steps of a ladder are measured, the last one at this loss (median over seeds)."""


class Quiet:
    """A watcher who looks away."""

    def phase(self, name: str) -> None: ...

    def folder(self, path: Path) -> None: ...

    def climb(self, learning_rate: Floats, done: int, loss: float) -> None: ...


@dataclass(frozen=True)
class Options:
    """What is not part of the config. Of these, only `low`, `high` and `device` move the curve.

    Attributes:
        out: the run directory the user named; None for one under `runs`.
        runs: the folder of all runs.
        fresh: overwrite another config's run in `out`.
        low: the lowest rate the user allows; None leaves it to the extension.
        high: the highest rate the user allows; None leaves it to the extension.
        device: ``"cpu"``, ``"gpu"``, ``"tpu"``, or None for JAX's choice.
        cache: keep compiled programs between processes.
    """

    out: Path | None = None
    runs: Path = Path("lrfind-runs")
    fresh: bool = False
    low: float | None = None
    high: float | None = None
    device: str | None = None
    cache: bool = True


@dataclass
class Clock:
    """Seconds spent in each part of the work."""

    started: float = field(default_factory=time.perf_counter)
    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.spent[part] = self.spent.get(part, 0.0) + time.perf_counter() - begin

    def timing(self) -> Timing:
        """What was spent so far, the whole included."""
        return Timing(**self.spent, total=time.perf_counter() - self.started)


@dataclass
class Measured:
    """The records of one climb, growing.

    Attributes:
        ladder: all rates that may come, shape (steps,).
        chunks: what was measured so far.
    """

    ladder: Floats
    chunks: list[Chunk] = field(default_factory=list)

    @property
    def learning_rate(self) -> Floats:
        return self.ladder[: self.done]

    @property
    def done(self) -> int:
        """Steps measured so far."""
        return self.chunks[-1].start + self.chunks[-1].loss.shape[1] if self.chunks else 0

    @property
    def loss(self) -> Floats:
        return np.concatenate([chunk.loss for chunk in self.chunks], axis=1)

    @property
    def gradient_norm(self) -> Floats:
        return np.concatenate([chunk.gradient_norm for chunk in self.chunks], axis=1)

    @property
    def update_norm(self) -> Floats:
        return np.concatenate([chunk.update_norm for chunk in self.chunks], axis=1)


Render = Callable[[Result, Clock], tuple[Result, Mapping[str, bytes]]]
"""Draws a result's files by name; the result comes back with the time that took."""


def sweep(
    config: Config, name: str, render: Render, options: Options, watcher: Watcher, clock: Clock
) -> tuple[Result, list[Path]]:
    """Measure a curve, read it, and leave the files of the run.

    Returns:
        The result, and the files written. Its status is ``"interrupted"`` where a KeyboardInterrupt came after the
        first chunk; a finished run in the same folder then stays, and nothing but the journal is written.

    Raises:
        InputError: data, config or device are wrong.
        RunError: the run failed.
    """
    plan, platform = prepare(config, options, watcher, clock)
    from lrfind.engine import devices

    identity = {
        "config": config.model_dump(mode="json"),
        "bounds": [options.low, options.high],
        "data": plan.digest,
        "environment": devices.environment(),
    }
    mark = store.fingerprint(identity | {"config": config.model_dump(mode="json", exclude=NO_PART)})
    folder = options.out or store.default_folder(name, options.runs, mark)
    with store.open_run(folder, mark, identity, own=options.out is not None, fresh=options.fresh) as directory:
        watcher.folder(folder)
        climbs: list[Measured] = []
        interrupted = False
        with failures():
            kernel, states = compiled(plan, platform, watcher, clock)
            directory.journal({"kind": "execution", "steps": kernel.execution.steps, "lanes": kernel.execution.lanes})
            try:
                with clock("sweep"):
                    watcher.phase("sweep")
                    for climb in measure(kernel, states, config.sweep, options, climbs):
                        journal(directory, climb)
                        watcher.climb(climb.ladder, climb.done, float(np.median(climb.chunks[-1].loss[:, -1])))
            except KeyboardInterrupt:
                if not any(climb.chunks for climb in climbs):
                    raise
                interrupted = True
        watcher.phase("render")
        measured = [climb for climb in climbs if climb.chunks][-1]
        result = conclude(plan, name, measured, kernel, interrupted=interrupted, extended=len(climbs) > 1, clock=clock)
        result, files = render(result, clock)
        directory.journal({"kind": "end", "status": result.status})
        return result, [] if interrupted and directory.finished else directory.finish(files)


def rehearse(config: Config, options: Options, watcher: Watcher, clock: Clock) -> dict[str, Any]:
    """Do everything but the sweep: load, compile, and time one chunk of one climb, in which no rate is above zero.

    Returns:
        Facts by name, for reading: model, data, parameters, memory in bytes, expected seconds.
    """
    plan, platform = prepare(config, options, watcher, clock)
    from lrfind.plan import memory

    with failures():
        kernel, states = compiled(plan, platform, watcher, clock)
        begin = time.perf_counter()
        still = np.zeros((min(kernel.chunk, config.sweep.steps), len(states)))
        next(iter(kernel.run(states, still)))
        seconds = (time.perf_counter() - begin) * config.sweep.steps / len(still)
    return {
        "model": plan.network.describe(),
        "parameters": plan.parameters,
        "data": plan.describe_data(),
        "loss": plan.loss,
        "lanes": len(states),
        "memory_bytes": memory(plan),
        "sweep_steps": config.sweep.steps,
        "train_steps": plan.train_steps,
        "expected_seconds": round(seconds + sum(clock.spent.values()), 2),
    }


def prepare(config: Config, options: Options, watcher: Watcher, clock: Clock) -> tuple[Plan, str]:
    """Import JAX, load the data, build the network; returns the plan and the platform."""
    with clock("import_"):
        watcher.phase("import")
        from lrfind.engine import devices

        platform = devices.configure(options.device, cache=options.cache)
        from lrfind import plan as plans
    with clock("data"):
        watcher.phase("data")
        plan = plans.make(config)
    return plan, platform


def compiled(plan: Plan, platform: str, watcher: Watcher, clock: Clock) -> tuple[Kernel, list[Any]]:
    """The compiled kernel and every seed's starting state."""
    from lrfind.engine.kernel import Kernel, chunk_for

    rows = plan.config.data.batch_size * plan.config.optimizer.accumulate
    chunk = chunk_for(plan.parameters, rows, plan.config.sweep.steps)
    kernel = Kernel(plan.step, plan.feed(), platform, chunk=chunk)
    with clock("compile"), ThreadPoolExecutor(max_workers=1) as pool:
        watcher.phase("compile")
        starting = pool.submit(plan.starts)  # XLA compiles outside of Python's lock, so the two overlap.
        kernel.compile(plan.shapes())
        return kernel, starting.result()


def measure(
    kernel: Kernel, states: list[Any], section: SweepSection, options: Options, climbs: list[Measured]
) -> Iterator[Measured]:
    """Climb the ladder; once more from lower down where it began too high.

    Args:
        climbs: grows by one per climb, so that whoever is interrupted still has them.

    Yields:
        The climb after each of its chunks.
    """
    from lrfind.engine import ladder, sweep

    low, high = section.min_lr, section.max_lr
    bottom, top = (low, high) if not section.extend else (low / REACH, high * REACH)
    bottom = bottom if options.low is None else max(bottom, options.low)
    top = top if options.high is None else min(top, options.high)
    rates: Floats = LADDERS[section.ladder].load()(low, high, section.steps)
    while True:
        beyond = ladder.above(rates, top)
        climb = Measured(np.concatenate([rates, beyond]))
        climbs.append(climb)
        for chunk in sweep.sweep(kernel, states, rates, beyond):
            climb.chunks.append(chunk)
            yield climb
        if len(climbs) > 1 or not bottom < low:
            return
        reading = read(climb.learning_rate, climb.loss)
        if not advice.begins_too_high(reading, suggest(section.method, reading, climb.loss)):
            return
        rates = np.concatenate([ladder.below(rates, bottom), rates])


def journal(directory: store.RunDirectory, climb: Measured) -> None:
    """Put the climb's last chunk on the disk."""
    chunk = climb.chunks[-1]
    directory.journal(
        {
            "kind": "sweep",
            "start": chunk.start,
            "learning_rate": climb.ladder[chunk.start : climb.done].tolist(),
            "loss": chunk.loss.tolist(),
            "gradient_norm": chunk.gradient_norm.tolist(),
            "update_norm": chunk.update_norm.tolist(),
        }
    )


def conclude(
    plan: Plan, name: str, measured: Measured, kernel: Kernel, *, interrupted: bool, extended: bool, clock: Clock
) -> Result:
    """Read the curve and put the result together."""
    from lrfind.engine import devices

    config, seeds = plan.config, len(plan.seeds)
    reading = read(measured.learning_rate, measured.loss)
    method = config.sweep.method
    found = suggestions(method, reading, measured.loss)
    recommendation = advice.recommend(
        method, found[method], seeds=seeds, schedule=config.train.schedule.name, steps=plan.train_steps
    )
    warnings = [*range_warnings(config, measured, extended), *advice.warnings(reading, found[method], seeds=seeds)]
    rate = recommendation.learning_rate
    if interrupted:
        steps, last = len(measured.learning_rate), float(measured.learning_rate[-1])
        stopped = f"interrupted after {steps:,} steps, at a rate of {last:.1e}"
        warnings.insert(0, stopped)
        if rate is None:
            recommendation = replace(recommendation, reason=f"{stopped}; what was measured until then shows no rate")
    return Result(
        name=name,
        status="interrupted" if interrupted else "complete" if rate is not None else "no_recommendation",
        recommendation=recommendation,
        suggestions=found,
        sweep=Sweep(
            learning_rate=measured.learning_rate,
            loss=measured.loss,
            smoothed=reading.smoothed,
            gradient_norm=measured.gradient_norm,
            update_norm=measured.update_norm,
            diverged_at=divergences(measured.loss),
            seeds=plan.seeds,
            execution=kernel.execution,
        ),
        facts=facts(plan, rate),
        assumptions=assumptions(config),
        warnings=tuple(warnings),
        config=config.model_dump(mode="json"),
        environment=devices.environment(),
        timing=clock.timing(),
    )


def facts(plan: Plan, rate: float | None) -> Facts:
    """Model, data and the line to paste."""
    section = plan.config.optimizer
    shown = RATE if rate is None else float(f"{rate:.3g}")
    line = optimizers.to_source(
        section.name, section.options, shown, clip_norm=section.clip_norm, accumulate=section.accumulate
    )
    return Facts(plan.network.describe(), plan.parameters, plan.describe_data(), plan.loss, line)


def range_warnings(config: Config, measured: Measured, extended_down: bool) -> tuple[str, ...]:
    """That the sweep went beyond its configured range."""
    first, last = float(measured.learning_rate[0]), float(measured.learning_rate[-1])
    found = []
    if extended_down:
        found.append(
            f"the action lay below min_lr {config.sweep.min_lr:.1e}, so the sweep was measured again from {first:.1e}"
        )
    if last > config.sweep.max_lr * (1 + 1e-9):
        found.append(
            f"the loss had not diverged at max_lr {config.sweep.max_lr:.1e}, so the sweep went on to {last:.1e}"
        )
    return tuple(found)


@contextmanager
def failures() -> Iterator[None]:
    """Turn what JAX raises while the run goes into a sentence."""
    import jax

    try:
        yield
    except jax.errors.JaxRuntimeError as error:
        text = str(error)
        if "RESOURCE_EXHAUSTED" in text or "Out of memory" in text:
            raise RunError("memory ran out; lower data.batch_size, sweep.seeds or the model's size") from error
        raise RunError(f"the run failed inside of JAX: {text.splitlines()[0]}") from error
    except MemoryError as error:
        raise RunError("memory ran out; lower data.batch_size, sweep.seeds or the model's size") from error
