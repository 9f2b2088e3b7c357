"""Train once at one rate, and write the files of the run. Prints nothing, and imports JAX once there is a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from lrfind.analysis.build_result import Peak
from lrfind.config.schema import Config, ConfirmSection
from lrfind.core.result import Result
from lrfind.core.training import Training
from lrfind.runs.callbacks import Callback
from lrfind.runs.prepare import Options, Run, RunContext, prepare, tell_folder
from lrfind.storage.claim import take
from lrfind.storage.layout import fingerprint

Outcome = TypeVar("Outcome", Result, Training)

Render = Callable[[Outcome, RunContext], tuple[Outcome, Mapping[str, bytes]]]
"""Function that draws an outcome's files by name; the outcome comes back with the time that took."""


def train(
    config: Config, name: str, peak: Peak, render: Render[Training], options: Options, callback: Callback
) -> tuple[Training, list[Path]]:
    """Train once, diagnose the training, and write the files of the run.

    Args:
        config: resolved config; its sweep is not used.
        name: name of the config.
        peak: peak rate.
        render: function that draws the files.
        options: options of the run.
        callback: callback for the progress.

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
    from lrfind.runs.training import measure
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


def single_run_config(config: Config, peak: Peak) -> Config:
    """Return the config of one training at a rate, without a sweep."""
    return config.model_copy(
        update={
            "sweep": config.sweep.model_copy(update={"seeds": 1}),
            "confirm": ConfirmSection(enabled=False),
            "optimizer": config.optimizer.model_copy(update={"learning_rate": peak.rate}),
        }
    )
