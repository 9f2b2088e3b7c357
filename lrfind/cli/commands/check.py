"""`lrfind check`: the gate for CI."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from lrfind.cli.command import Command, Job, Session
from lrfind.cli.commands.sweep import dry_run, start_worker
from lrfind.cli.options import CheckOptions
from lrfind.cli.sources import CommandSource, ConfigLoader
from lrfind.cli.terminal import say
from lrfind.config.load import Loaded
from lrfind.core.errors import ConfigError, ExitCode, InputError, LrfindError, RunError
from lrfind.core.formats import Format
from lrfind.core.registry import VERDICTS, near
from lrfind.core.result import Result
from lrfind.core.verdicts import Check
from lrfind.report.check.check_report import to_json
from lrfind.report.render import Document
from lrfind.runs import check as gate
from lrfind.storage.claim import add_files
from lrfind.storage.layout import CHECK, finished_result


def run(configs: Sequence[str], options: CheckOptions) -> ExitCode:
    """Judge the configs, and return the exit code."""
    command = Command(
        title="lrfind check",
        prepare=partial(prepare, configs, options),
        execute=partial(judge, options, several=len(configs) > 1),
        conclude=partial(conclude, options),
        wraps=False,
        failure_formats=frozenset(Format),
        summarises=True,
    )
    if options.dry_run:
        command = Command(title="lrfind sweep", prepare=command.prepare, execute=dry_run)
    return Session(command, options).run()


def prepare(configs: Sequence[str], options: CheckOptions, loader: ConfigLoader) -> Sequence[CommandSource]:
    """Return the configs, each with its run directory; a config has to have a rate.

    Raises:
        InputError: an output may not be written, or options are unknown or contradict each other.
    """
    refuse(options)
    sources = loader.sources(configs, [*filter(None, (options.run, options.baseline))])
    return [replace(source, load=partial(with_rate, source)) for source in sources]


def refuse(options: CheckOptions) -> None:
    """Refuse options of the gate that could only fail after the measuring.

    Raises:
        InputError: an unknown verdict, options that contradict each other, or a factor that is none.
    """
    for option, names in (("--warn", options.warn), ("--ignore", options.ignore)):
        for name in names or ():
            if name not in VERDICTS:
                raise InputError(f"{option} {name}: no such verdict{near(name, VERDICTS)}; {', '.join(VERDICTS)}")
    if options.max_drift is not None and options.baseline is None:
        raise InputError("--max-drift has nothing to hold against; give --baseline result.json")
    if options.max_drift is not None and not 1 <= options.max_drift < math.inf:
        raise InputError(f"--max-drift {options.max_drift:g}: must be a factor of at least 1")
    sweeping = {"--out": options.out, "--fresh": options.fresh, "--device": options.device}
    sweeping |= {"--dry-run": options.dry_run, "--plot": options.plot}
    given = [option for option, value in sweeping.items() if value]
    if options.run is not None and given:
        raise InputError(f"{given[0]} is about a sweep, and --run judges a finished one; leave one of them out")


def with_rate(source: CommandSource) -> Loaded:
    """Return a config, which has to say its rate.

    Raises:
        ConfigError: the config is wrong, or has no rate.
    """
    assert source.load is not None
    loaded = source.load()
    if loaded.config.optimizer.learning_rate is None:
        message = "is left out: there is no rate to check; give it, or let lrfind sweep --write put one there"
        raise ConfigError([loaded.locate(InputError(message, key="optimizer.learning_rate"))])
    return loaded


def judge(options: CheckOptions, job: Job, *, several: bool) -> Check | None:
    """Return the verdicts on a new sweep, or on a finished run; None after an interruption.

    Args:
        options: of the command.
        job: the config.
        several: whether --run and --baseline name folders of the runs of several configs.

    Raises:
        LrfindError: the run failed, or there is nothing to judge.
    """
    name = job.source.name if several else ""
    baseline = None if options.baseline is None else judgeable(options.baseline / name, "--baseline")
    if options.run is not None:
        folder = options.run / name
        result = judgeable(folder, "--run", job.loaded)
        job.session.files = [(folder if folder.is_dir() else folder.parent) / "result.json"]
    else:
        start_worker(job.session)
        from lrfind.cli.measure import measure

        result = measure(job)
        if result.status == "interrupted":
            return None  # The signal decides how the process ends.
    warn, ignore = tuple(options.warn or ()), tuple(options.ignore or ())
    return gate.check(job.loaded, result, baseline=baseline, max_drift=options.max_drift, warn=warn, ignore=ignore)


def conclude(options: CheckOptions, document: Document, job: Job) -> ExitCode:
    """Write check.json into the run directory, and return the exit code.

    Raises:
        LrfindError: check.json cannot be written beside a new sweep.
    """
    assert isinstance(document, Check)
    folder = job.session.files[0].parent
    try:
        add_files(job.session.start / folder, {CHECK: to_json(document).encode()}, folder)
    except (InputError, RunError) as error:
        if options.run is None:
            raise
        say(f"lrfind: {error}; the verdicts stand")
    return ExitCode.NO_RECOMMENDATION if document.status == "fail" else ExitCode.DONE


def judgeable(run: Path, option: str, loaded: Loaded | None = None) -> Result:
    """Return the result of a finished run that can be judged.

    Args:
        run: run directory, or its ``result.json``.
        option: that named it.
        loaded: config that has to be the run's; None for any.

    Raises:
        InputError: there is no run, or it is the run of another config.
        NothingToJudge: it was interrupted or failed, or measured nothing.
        RunError: it cannot be read.
    """
    try:
        result = finished_result(run)
    except InputError as error:
        raise InputError(f"{option} {error}") from None
    try:
        gate.judgeable(result)
        if loaded is not None:
            gate.same_config(loaded, result)
    except LrfindError as error:
        raise type(error)(f"{option} {run}: {error}") from None
    return result
