"""The wiring: config -> plan -> sweep -> reading -> result -> run directory. Prints nothing; whoever watches is
told."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lrfind.config.diff import NO_PART
from lrfind.config.schema import Config
from lrfind.core.result import Result
from lrfind.runs.callbacks import Clock, Watcher
from lrfind.runs.identity import identity, other_run
from lrfind.runs.measurement import Render, compiled, measure
from lrfind.storage import run_directory as store
from lrfind.storage.folder_choice import take
from lrfind.storage.ownership import Other
from lrfind.storage.replay import position
from lrfind.task.user_code.loader import Door

if TYPE_CHECKING:
    from lrfind.task.task import Plan


@dataclass(frozen=True)
class Options:
    """What is not part of the config. Of these, only `low`, `high` and `device` move the curve.

    Attributes:
        out: the run directory the user named; None for one under `runs`.
        runs: the folder of all runs.
        fresh: begin anew, and overwrite another config's run in `out`.
        low: the lowest rate the user allows; None leaves it to the extension.
        high: the highest rate the user allows; None leaves it to the extension.
        device: ``"cpu"``, ``"gpu"``, ``"tpu"``, or None for JAX's choice.
        cache: keep compiled programs between processes.
        door: where the user's own code may be loaded from.
        start: the absolute folder that `out` and `runs` are relative to, whatever the user's code does.
        avoid: run directories of the configs before this one in the same command.
    """

    out: Path | None = None
    runs: Path = Path("lrfind-runs")
    fresh: bool = False
    low: float | None = None
    high: float | None = None
    device: str | None = None
    cache: bool = True
    door: Door = field(default_factory=Door)
    start: Path = field(default_factory=Path.cwd)
    avoid: Collection[Path] = ()

    def take(
        self, name: str, mark: str, head: Mapping[str, Any], other: Other, result: str = store.RESULT
    ) -> AbstractContextManager[store.RunDirectory]:
        """Take the run directory of a config: `out`, or a free one under `runs`."""
        return take(
            self.out,
            self.runs,
            name,
            mark,
            head,
            other=other,
            fresh=self.fresh,
            start=self.start,
            avoid=self.avoid,
            result=result,
        )


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
    from lrfind.runs.build_result import facts
    from lrfind.runs.sweep_pass import PROBE_EVERY
    from lrfind.storage.recover import preface

    parts = identity(plan, config.model_dump(mode="json")) | {
        "bounds": [options.low, options.high],
        "groups": list(config.optimizer.groups),  # their order counts, which a hash of keys does not see
    }
    mark = store.fingerprint(parts | {"config": config.model_dump(mode="json", exclude=NO_PART)})
    # What a run that is killed can be told by, without JAX.
    head = parts | preface(name, facts(plan, None), plan.train_steps, plan.assumptions, PROBE_EVERY)
    with options.take(name, mark, head, partial(other_run, parts)) as directory:
        watcher.folder(directory.path, directory.passed)
        if (reached := position(directory.recorded)) is not None or directory.strange:
            watcher.resume(reached, directory.strange)
        bounds = options.low, options.high
        return measure(plan, platform, name, directory, render, bounds, watcher, clock)


def rehearse(config: Config, options: Options, watcher: Watcher, clock: Clock) -> dict[str, Any]:
    """Do everything but the measuring: load, compile, and time one chunk of one climb, in which no rate is above zero.

    The user's own code is loaded and traced for its shapes, and takes no step: then nothing is compiled or timed.

    Returns:
        Facts by name, for reading: model, data, parameters, memory in bytes, expected seconds.
    """
    plan, platform = prepare(config, options, watcher, clock)
    from lrfind.engine import devices
    from lrfind.task.task import memory

    with devices.failures():
        trainings, seconds = _expected(plan, platform, watcher, clock)
        return {
            "model": plan.described,
            "parameters": plan.parameters,
            "frozen": plan.frozen,
            "precision": config.precision,
            "data": plan.describe_data(),
            "loss": plan.loss,
            "lanes": len(plan.seeds),
            "memory_bytes": memory(plan),
            "sweep_steps": config.sweep.steps,
            "confirm_steps": trainings,
            "train_steps": plan.train_steps,
            "expected_seconds": None if seconds is None else round(seconds + sum(clock.spent.values()), 2),
        }


def _expected(plan: Plan, platform: str, watcher: Watcher, clock: Clock) -> tuple[int, float | None]:
    """The most steps of the confirmation, and the seconds of the run, None where a step runs the user's code."""
    from lrfind.runs.confirmation import expected

    config = plan.config
    if plan.runs_own_code:
        most = config.confirm.budget - config.sweep.steps * len(plan.seeds) if config.confirm.enabled else 0
        return max(0, most), None
    kernel, states, judged = compiled(plan, platform, watcher, clock)
    begin = time.perf_counter()
    still = np.zeros((min(kernel.chunk, config.sweep.steps), len(states)))
    next(iter(kernel.run(states, still)))
    seconds = (time.perf_counter() - begin) * config.sweep.steps / len(still)
    trainings = max(0, int(expected(plan, judged))) if judged else 0
    confirming = seconds * trainings / (config.sweep.steps * len(states))
    return trainings, seconds + min(confirming, config.confirm.max_seconds or confirming)


def prepare(config: Config, options: Options, watcher: Watcher, clock: Clock) -> tuple[Plan, str]:
    """Import JAX, load the data, build the network; returns the plan and the platform."""
    with clock("import_"):
        watcher.phase("import")
        from lrfind.engine import devices, jax_settings
        from lrfind.engine import process_tuning as heap

        heap.keep_freed()
        platform = devices.configure(options.device, cache=options.cache)
        jax_settings.set_aside()
        jax_settings.quiet_callbacks()
        from lrfind.task import task as plans
    with clock("data"), devices.failures():
        watcher.phase("data")
        if config.targets:
            from lrfind.task import from_user_code as targets

            plan = targets.make(config, options.door)
        else:
            plan = plans.make(config)
        jax_settings.set_aside()  # The user's own code may have set others.
        _ = plan.initial  # A model that memory has no room for is met here.
    if said := jax_settings.said_of_aside():
        watcher.note(said)
    return plan, platform
