"""Measure a learning rate, and write the files of the run. Prints nothing, and imports JAX once there is a run."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from lrfind.analysis.build_result import Peak
from lrfind.config.schema import Config
from lrfind.config.variants import NO_PART
from lrfind.core.result import Result
from lrfind.runs.callbacks import Callback
from lrfind.runs.prepare import Options, Run, RunContext, prepare, tell_folder
from lrfind.runs.train import Render, single_run_config
from lrfind.storage.claim import take
from lrfind.storage.layout import fingerprint


def sweep(
    config: Config, name: str, render: Render[Result], options: Options, callback: Callback
) -> tuple[Result, list[Path]]:
    """Measure a curve, confirm its suggestion, and write the files of the run.

    Args:
        config: resolved config.
        name: name of the config.
        render: function that draws the files.
        options: options of the run.
        callback: callback for the progress.

    Returns:
        The result, and the files written. Its status is ``"interrupted"`` if a KeyboardInterrupt came after the first
        chunk; a finished run in the same folder then stays, and nothing but the journal is written.

    Raises:
        InputError: data, config or device are wrong.
        RunError: the run failed.
    """
    context, bounds = RunContext(callback), (options.low, options.high)
    task, platform = prepare(config, options, context)
    from lrfind.runs.identity import identity, other_run
    from lrfind.runs.measure import measure
    from lrfind.runs.range_test import PROBE_EVERY
    from lrfind.task.task import describe

    described = describe(task, name, config.model_dump(mode="json"))
    parts = identity(task, described.config) | {
        "bounds": list(bounds),
        "groups": list(config.optimizer.groups),  # their order counts, which a hash of keys does not see
    }
    mark = fingerprint(parts | {"config": config.model_dump(mode="json", exclude=NO_PART)})
    head = {**parts, **asdict(described), "probe_every": PROBE_EVERY}
    with take(options, name, mark, head, partial(other_run, parts)) as directory:
        tell_folder(directory, callback)
        result = measure(Run(task, platform, context, directory), name, bounds)
        result, files = render(result, context)
        return result, directory.finish(files, result.status)


def dry_run(config: Config, options: Options, callback: Callback, peak: Peak | None = None) -> dict[str, Any]:
    """Load and compile a sweep or a training, and time one chunk of it at rate zero, and one validation.

    The user's own code is traced for its shapes and takes no step; nothing is compiled or timed then.

    Args:
        config: resolved config.
        options: options of the run.
        callback: callback for the progress.
        peak: peak rate of the training; None for a sweep.

    Returns:
        Facts by name: model, data, parameters, memory in bytes, expected seconds.

    Raises:
        InputError: data, config or device are wrong.
    """
    context = RunContext(callback)
    task, platform = prepare(config if peak is None else single_run_config(config, peak), options, context)
    from lrfind.runs.measure import sweep_facts, training_facts

    run = Run(task, platform, context)
    return sweep_facts(run) if peak is None else training_facts(run, peak)
