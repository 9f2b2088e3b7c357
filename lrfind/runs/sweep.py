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
from lrfind.runs.callbacks import Callback, Timer
from lrfind.runs.identity import identity, other_run
from lrfind.runs.measurement import Render, compiled, measure
from lrfind.storage import run_directory
from lrfind.storage.folder_choice import take
from lrfind.storage.ownership import Other
from lrfind.storage.replay import position
from lrfind.task.user_code.loader import ImportPolicy

if TYPE_CHECKING:
    from lrfind.task.task import Task


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
        policy: where the user's own code may be loaded from.
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
    policy: ImportPolicy = field(default_factory=ImportPolicy)
    start: Path = field(default_factory=Path.cwd)
    avoid: Collection[Path] = ()

    def take(
        self, name: str, mark: str, head: Mapping[str, Any], other: Other, result: str = run_directory.RESULT
    ) -> AbstractContextManager[run_directory.RunDirectory]:
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
    config: Config, name: str, render: Render, options: Options, callback: Callback, timer: Timer
) -> tuple[Result, list[Path]]:
    """Measure a curve, read it, and leave the files of the run.

    Returns:
        The result, and the files written. Its status is ``"interrupted"`` where a KeyboardInterrupt came after the
        first chunk; a finished run in the same folder then stays, and nothing but the journal is written.

    Raises:
        InputError: data, config or device are wrong.
        RunError: the run failed.
    """
    task, platform = prepare(config, options, callback, timer)
    from lrfind.runs.sweep_pass import PROBE_EVERY
    from lrfind.storage.recover import journal_head

    parts = identity(task, config.model_dump(mode="json")) | {
        "bounds": [options.low, options.high],
        "groups": list(config.optimizer.groups),  # their order counts, which a hash of keys does not see
    }
    mark = run_directory.fingerprint(parts | {"config": config.model_dump(mode="json", exclude=NO_PART)})
    # What a run that is killed can be told by, without JAX.
    head = parts | journal_head(name, task.report.facts(None), task.train_steps, task.report.assumptions, PROBE_EVERY)
    with options.take(name, mark, head, partial(other_run, parts)) as directory:
        callback.folder(directory.path, directory.passed)
        if (reached := position(directory.recorded)) is not None or directory.rejected_lines:
            callback.resume(reached, directory.rejected_lines)
        bounds = options.low, options.high
        return measure(task, platform, name, directory, render, bounds, callback, timer)


def dry_run(config: Config, options: Options, callback: Callback, timer: Timer) -> dict[str, Any]:
    """Do everything but the measuring: load, compile, and time one chunk of one climb, in which no rate is above zero.

    The user's own code is loaded and traced for its shapes, and takes no step: then nothing is compiled or timed.

    Returns:
        Facts by name, for reading: model, data, parameters, memory in bytes, expected seconds.
    """
    task, platform = prepare(config, options, callback, timer)
    from lrfind.engine import devices

    with devices.failures():
        trainings, seconds = _expected(task, platform, callback, timer)
        return {
            **task.report.outline(),
            "lanes": len(task.batches.seeds),
            "memory_bytes": task.report.memory_bytes(),
            "sweep_steps": config.sweep.steps,
            "confirm_steps": trainings,
            "train_steps": task.train_steps,
            "expected_seconds": None if seconds is None else round(seconds + sum(timer.spent.values()), 2),
        }


def _expected(task: Task, platform: str, callback: Callback, timer: Timer) -> tuple[int, float | None]:
    """The most steps of the confirmation, and the seconds of the run, None where a step runs the user's code."""
    from lrfind.runs.confirmation import expected

    config = task.config
    if task.user_code.in_step:
        most = config.confirm.budget - config.sweep.steps * len(task.batches.seeds) if config.confirm.enabled else 0
        return max(0, most), None
    train_loop, states, judged = compiled(task, platform, callback, timer)
    begin = time.perf_counter()
    still = np.zeros((min(train_loop.chunk, config.sweep.steps), len(states)))
    next(iter(train_loop.run(states, still)))
    seconds = (time.perf_counter() - begin) * config.sweep.steps / len(still)
    trainings = max(0, int(expected(task, judged))) if judged else 0
    confirming = seconds * trainings / (config.sweep.steps * len(states))
    return trainings, seconds + min(confirming, config.confirm.max_seconds or confirming)


def prepare(config: Config, options: Options, callback: Callback, timer: Timer) -> tuple[Task, str]:
    """Import JAX, load the data, build the network; returns the plan and the platform."""
    with timer("import_"):
        callback.phase("import")
        from lrfind.engine import devices, jax_settings, process_tuning

        process_tuning.keep_freed()
        platform = devices.configure(options.device, cache=options.cache)
        jax_settings.set_aside()
        jax_settings.quiet_callbacks()
        from lrfind.task import task as plans
    with timer("data"), devices.failures():
        callback.phase("data")
        if config.targets:
            from lrfind.task import from_user_code

            task = from_user_code.make(config, options.policy)
        else:
            task = plans.make(config)
        jax_settings.set_aside()  # The user's own code may have set others.
    if said := jax_settings.said_of_aside():
        callback.note(said)
    return task, platform
