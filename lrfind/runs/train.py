"""Train once at a rate, and write the files of the run. Prints nothing, and imports JAX once there is a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from lrfind.analysis.build_result import Peak
from lrfind.config.schema import Config, ConfirmSection
from lrfind.core.training import Training
from lrfind.runs.callbacks import Callback
from lrfind.runs.prepare import Options, Run, RunContext, prepare, tell_folder
from lrfind.storage.claim import take
from lrfind.storage.layout import fingerprint

Render = Callable[[Training, RunContext], tuple[Training, Mapping[str, bytes]]]
"""Function that draws a training's files by name; the training comes back with the time that took."""


def train(
    config: Config, name: str, peak: Peak, render: Render, options: Options, callback: Callback
) -> tuple[Training, list[Path]]:
    """Train once, diagnose the training, and write the files of the run.

    Args:
        config: resolved config; its sweep is not used.
        name: name of the config.
        peak: peak rate.
        render: function that draws the files.
        options: options of the run.
        callback: callback that is told of the progress.

    Returns:
        The training, and the files written. Its status is ``"interrupted"`` if a KeyboardInterrupt came after the first
        chunk.

    Raises:
        InputError: data, config or device are wrong.
        RunError: the run failed.
    """
    single, context = single_run_config(config, peak), RunContext(callback)
    task, platform = prepare(single, options, context)
    from lrfind.runs.identity import identity, other_run
    from lrfind.runs.scheduled_training import measure
    from lrfind.task.task import describe

    described = describe(task, name, single.model_dump(mode="json", exclude={"sweep", "confirm"}), peak.rate)
    parts = identity(task, described.config)
    about_rate = {"learning_rate": peak.rate, "rate_from": peak.source, "highest": peak.highest}
    head = {**parts, **asdict(described), **about_rate}
    mark, other = fingerprint({"train": parts}), partial(other_run, parts, no_part={})
    with take(options, f"{name}-train", mark, head, other) as directory:
        tell_folder(directory, callback)
        training = measure(Run(task, platform, context, directory), described, peak)
        spent = {part.rstrip("_"): seconds for part, seconds in context.spent.items()}
        training, files = render(replace(training, timing={**spent, "total": context.total}), context)
        return training, directory.finish(files, training.status)


def dry_run(config: Config, peak: Peak, options: Options, callback: Callback) -> dict[str, Any]:
    """Load and compile a training, and time one chunk of it at rate zero and one validation.

    The user's own code is traced for its shapes and takes no step; nothing is compiled or timed then.

    Args:
        config: resolved config; its sweep is not used.
        peak: peak rate.
        options: options of the run.
        callback: callback that is told of the progress.

    Returns:
        Facts by name: model, data, parameters, memory in bytes, expected seconds.

    Raises:
        InputError: data, config or device are wrong.
    """
    context = RunContext(callback)
    task, platform = prepare(single_run_config(config, peak), options, context)
    from lrfind.runs.dry_run import training_facts

    return training_facts(Run(task, platform, context), peak)


def single_run_config(config: Config, peak: Peak) -> Config:
    """Return the config of one training at a rate, without a sweep."""
    return config.model_copy(
        update={
            "sweep": config.sweep.model_copy(update={"seeds": 1}),
            "confirm": ConfirmSection(enabled=False),
            "optimizer": config.optimizer.model_copy(update={"learning_rate": peak.rate}),
        }
    )
