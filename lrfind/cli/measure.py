"""Sweeps and dry runs of the configs of a command. Imports what trains, so only when there is something to measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from lrfind.cli.command import Session
from lrfind.cli.options import CommandOptions, CompareOptions, TrainOptions
from lrfind.cli.outputs import RUNS, figure_format
from lrfind.cli.sources import CommandSource
from lrfind.cli.terminal import say
from lrfind.config.load import Loaded
from lrfind.core.dry_run import DryRun
from lrfind.core.errors import InputError
from lrfind.core.result import Result
from lrfind.report.sweep import result_json
from lrfind.runs import sweep as sweeps
from lrfind.runs.callbacks import Callback
from lrfind.runs.prepare import Options, RunContext
from lrfind.storage.journal import NEXT_JOURNAL
from lrfind.storage.layout import CURVE, PLOT, RESULT
from lrfind.task.user_code.loader import ImportPolicy
from lrfind.task.user_code.module_loading import loaded as loaded_modules


def measure(source: CommandSource, loaded: Loaded, session: Session, runs: Path = RUNS) -> Result:
    """Return the result of a sweep, and print where the measurements are if a signal came.

    Args:
        source: the config.
        loaded: its content.
        session: of the command; gets the files that were written.
        runs: folder of the runs if --out names none.

    Raises:
        LrfindError: the run failed.
    """
    options = session.options
    with session.narrate(loaded.name, named=options.out is not None) as narration:
        result, session.files = sweeps.sweep(
            loaded.config,
            loaded.name,
            lambda result, context: _render(result, context, session),
            run_options(source, loaded, session, runs),
            narration,
        )
    session.interruption.confirm(result.status)
    if result.status == "interrupted" and not session.files:
        say(f"lrfind: interrupted; {narration.path} keeps its finished run, {NEXT_JOURNAL} there has what was measured")
    elif result.status == "interrupted":
        say(f"lrfind: interrupted; what was measured is in {narration.path}")
    elif session.interruption.code is not None:
        say(f"lrfind: interrupted, but the sweep had finished; its result is in {narration.path}")
    return result


def run_options(source: CommandSource, loaded: Loaded, session: Session, runs: Path = RUNS) -> Options:
    """Return the options of a run that are not part of its config.

    Args:
        source: the config.
        loaded: its content.
        session: of the command.
        runs: folder of the runs if --out names none.

    Raises:
        InputError: --allow-code names no folder.
    """
    options = session.options
    return Options(
        out=source.folder,
        runs=runs,
        start=session.start,
        avoid=session.taken,
        fresh=options.fresh,
        low=None if isinstance(options, TrainOptions) else options.min_lr,
        high=None if isinstance(options, TrainOptions) else options.max_lr,
        device=options.device and options.device.value,
        cache=not options.no_cache,
        policy=import_policy(loaded, options),
    )


def import_policy(loaded: Loaded, options: CommandOptions) -> ImportPolicy:
    """Return where user code may be loaded from: the config's folder, and what --allow-code and --allow-import name.

    Args:
        loaded: the config.
        options: of the command.

    Raises:
        InputError: --allow-code names no folder.
    """
    for folder in options.allow_code or ():
        if not folder or not Path(folder).is_dir():
            raise InputError(f"--allow-code {folder or repr(folder)}: there is no such folder")
    folders = [*filter(None, [loaded.folder]), *map(Path, options.allow_code or ())]
    return ImportPolicy(tuple(folder.resolve() for folder in folders), tuple(options.allow_import or ()))


def _render(result: Result, context: RunContext, session: Session) -> tuple[Result, dict[str, bytes]]:
    """Return the files of a sweep; result.json comes last, as the sign that all are there."""
    files = {CURVE: result_json.to_csv(result).encode()}
    with context.timed("render"):
        if session.worker is not None and session.options.draws:
            files[PLOT] = session.worker.draw(result, "png")
            if (plot := session.options.plot) is not None and not isinstance(session.options, CompareOptions):
                session.figure = session.worker.draw(result, figure_format(plot))
    result = replace(result, timing=context.timing())
    files[RESULT] = result_json.to_json(result).encode()
    return result, files


def dry_run(source: CommandSource, loaded: Loaded, session: Session) -> DryRun:
    """Return the size and the cost of a sweep that is not run.

    Args:
        source: the config.
        loaded: its content.
        session: of the command.

    Raises:
        LrfindError: config, data or user code are wrong.
    """

    def facts(narration: Callback) -> Any:
        options = Options(
            device=session.options.device and session.options.device.value,
            cache=not session.options.no_cache,
            policy=import_policy(loaded, session.options),
        )
        return sweeps.dry_run(loaded.config, options, narration)

    del source
    return narrated_dry_run(loaded, session, facts)


def narrated_dry_run(loaded: Loaded, session: Session, facts: Callable[[Callback], Any]) -> DryRun:
    """Return the document of a dry run, and print the names of user code that it loaded.

    Args:
        loaded: the config.
        session: of the command.
        facts: returns the facts of the dry run.
    """
    with session.narrate(loaded.name, named=True) as narration:
        try:
            return DryRun(loaded.name, facts(narration))
        finally:
            if not session.options.quiet and loaded.config.targets and (names := loaded_modules()):
                say(f"lrfind: ran code of {', '.join(names)}, to know its shapes")
