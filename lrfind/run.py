"""The wiring: config -> plan -> sweep -> reading -> result -> run directory. Prints nothing; whoever watches is
told."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lrfind import store
from lrfind.config.schema import Config
from lrfind.types import Result
from lrfind.watch import Clock, Watcher

if TYPE_CHECKING:
    from lrfind.climb import Climb
    from lrfind.engine.kernel import Kernel
    from lrfind.plan import Plan

NO_PART = {"optimizer": {"learning_rate"}}
"""Of the config, what moves no bit of the curve: after `--write` it is still the same run."""


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
    from lrfind.climb import climb
    from lrfind.conclude import conclude
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
        climbs: list[Climb] = []
        interrupted = False
        with devices.failures():
            kernel, states = compiled(plan, platform, watcher, clock)
            directory.journal({"kind": "execution", **asdict(kernel.execution)})
            try:
                with clock("sweep"):
                    watcher.phase("sweep")
                    for current in climb(kernel, states, config.sweep, (options.low, options.high), climbs):
                        journal(directory, current)
                        watcher.climb(current.ladder, current.done, float(np.median(current.chunks[-1].loss[:, -1])))
            except KeyboardInterrupt:
                if not any(begun.chunks for begun in climbs):
                    raise
                interrupted = True
        watcher.phase("render")
        measured = [begun for begun in climbs if begun.chunks][-1]
        extended = len(climbs) > 1
        result = conclude(
            plan, name, measured, kernel.execution, interrupted=interrupted, extended=extended, clock=clock
        )
        result, files = render(result, clock)
        directory.journal({"kind": "end", "status": result.status})
        return result, [] if interrupted and directory.finished else directory.finish(files)


def rehearse(config: Config, options: Options, watcher: Watcher, clock: Clock) -> dict[str, Any]:
    """Do everything but the sweep: load, compile, and time one chunk of one climb, in which no rate is above zero.

    Returns:
        Facts by name, for reading: model, data, parameters, memory in bytes, expected seconds.
    """
    plan, platform = prepare(config, options, watcher, clock)
    from lrfind.engine import devices
    from lrfind.plan import memory

    with devices.failures():
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
    lane_steps = plan.config.sweep.steps * len(plan.seeds)
    kernel = Kernel(plan.step, plan.feed(), platform, chunk=chunk, lane_steps=lane_steps)
    with clock("compile"), ThreadPoolExecutor(max_workers=1) as pool:
        watcher.phase("compile")
        starting = pool.submit(plan.starts, platform)  # XLA compiles outside of Python's lock, so the two overlap.
        kernel.compile(plan.shapes())
        return kernel, starting.result()


def journal(directory: store.RunDirectory, current: Climb) -> None:
    """Put the climb's last chunk on the disk."""
    chunk = current.chunks[-1]
    directory.journal(
        {
            "kind": "sweep",
            "start": chunk.start,
            "learning_rate": current.ladder[chunk.start : current.done].tolist(),
            "loss": chunk.loss.tolist(),
            "gradient_norm": chunk.gradient_norm.tolist(),
            "update_norm": chunk.update_norm.tolist(),
        }
    )
