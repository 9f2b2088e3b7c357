"""`lrfind check`: the gate for CI."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lrfind.cli.commands.sweep import dry_run, start_worker
from lrfind.cli.options import CheckOptions, Configs, Format
from lrfind.cli.spread import spread

if TYPE_CHECKING:
    from lrfind.cli.command import Session
    from lrfind.cli.sources import CommandSource, ConfigLoader
    from lrfind.config.load import Loaded
    from lrfind.core.errors import ExitCode
    from lrfind.core.result import Result
    from lrfind.core.verdicts import Check
    from lrfind.report.render import Document

RATE = "optimizer.learning_rate"


@spread
def check(configs: Configs, options: CheckOptions) -> None:
    """Judge whether the configured learning rate is usable and the model learns at all: a gate for CI.

    Sweeps, or judges a finished run (--run), and leaves check.json in the run directory. `lrfind explain` says what
    each verdict means. Exits 1 where one fails.

    Example: lrfind check config.yaml --format github
    """
    from lrfind.cli.command import Command, run

    command = Command(
        title="lrfind check",
        prepare=lambda loader: prepare(configs, options, loader),
        execute=partial(judge, several=len(configs) > 1),
        conclude=conclude,
        wraps=False,
        failure_formats=frozenset(Format),
        summarises=True,
    )
    if options.dry_run:
        command = Command(title="lrfind sweep", prepare=command.prepare, execute=dry_run)
    raise typer.Exit(run(command, options))


def prepare(configs: Sequence[str], options: CheckOptions, loader: ConfigLoader) -> Sequence[CommandSource]:
    """Return the configs, each with its run directory; a config has to have a rate.

    Raises:
        InputError: an output may not be written, or options are unknown or contradict each other.
    """
    from lrfind.cli.outputs import check_files
    from lrfind.cli.sources import check_sources, note_renamed, output_files, sources_of

    sources = sources_of(configs, options, loader)
    check_sources(sources, options, loader)
    refuse(options)
    check_files(output_files(options), [*filter(None, (options.run, options.baseline))], "what is read")
    note_renamed(sources, options)
    return [replace(source, load=partial(with_rate, source)) for source in sources]


def refuse(options: CheckOptions) -> None:
    """Refuse options of the gate that could only fail after the measuring.

    Raises:
        InputError: an unknown verdict, options that contradict each other, or a factor that is none.
    """
    from lrfind.core.errors import InputError
    from lrfind.core.registry import VERDICTS, near

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
    from lrfind.core.errors import ConfigError, InputError

    assert source.load is not None
    loaded = source.load()
    if loaded.config.optimizer.learning_rate is None:
        message = "is left out: there is no rate to check; give it, or let lrfind sweep --write put one there"
        raise ConfigError([loaded.locate(InputError(message, key=RATE))])
    return loaded


def judge(source: CommandSource, loaded: Loaded, session: Session, *, several: bool) -> Check | None:
    """Return the verdicts on a new sweep, or on a finished run; None after an interruption.

    Args:
        source: the config.
        loaded: its content.
        session: of the command.
        several: whether --run and --baseline name folders of the runs of several configs.

    Raises:
        LrfindError: the run failed, or there is nothing to judge.
    """
    from lrfind.runs import check as gate

    options = session.options
    assert isinstance(options, CheckOptions)

    def run_of(path: Path) -> Path:
        return path / source.name if several else path

    baseline = None if options.baseline is None else judgeable(run_of(options.baseline), "--baseline")
    if options.run is not None:
        folder = run_of(options.run)
        result = judgeable(folder, "--run", loaded)
        session.files = [(folder if folder.is_dir() else folder.parent) / "result.json"]
    else:
        start_worker(session)
        from lrfind.cli.measure import measure

        result = measure(source, loaded, session)
        if result.status == "interrupted":
            return None  # The signal decides how the process ends.
    warn, ignore = tuple(options.warn or ()), tuple(options.ignore or ())
    return gate.check(loaded, result, baseline=baseline, max_drift=options.max_drift, warn=warn, ignore=ignore)


def conclude(document: Document, source: CommandSource, loaded: Loaded, session: Session) -> ExitCode:
    """Write check.json into the run directory, and return the exit code.

    Raises:
        LrfindError: check.json cannot be written beside a new sweep.
    """
    from lrfind.cli.terminal import say
    from lrfind.core.errors import ExitCode, InputError, RunError
    from lrfind.core.verdicts import Check
    from lrfind.report.check.check_report import to_json
    from lrfind.storage.claim import add_files
    from lrfind.storage.layout import CHECK

    del source, loaded
    assert isinstance(document, Check)
    assert isinstance(session.options, CheckOptions)
    folder = session.files[0].parent
    try:
        add_files(session.start / folder, {CHECK: to_json(document).encode()}, folder)
    except (InputError, RunError) as error:
        if session.options.run is None:
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
    from lrfind.core.errors import InputError, LrfindError
    from lrfind.runs import check as gate
    from lrfind.storage.finished import finished_result

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
