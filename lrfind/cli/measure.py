"""Sweeps and dry runs of the configs of a command. Imports what trains, so only when there is something to measure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lrfind.analysis.build_result import Peak
from lrfind.cli.command import Job
from lrfind.cli.options import CompareOptions, RangeOptions
from lrfind.cli.outputs import RUNS, figure_format
from lrfind.cli.terminal import note, say
from lrfind.core.errors import InputError
from lrfind.core.result import DryRun, Result
from lrfind.report.sweep import result_json
from lrfind.runs import sweep as sweeps
from lrfind.runs.prepare import Options, RunContext
from lrfind.storage.journal import NEXT_JOURNAL
from lrfind.storage.layout import CURVE, PLOT, RESULT
from lrfind.task.user_code.loader import ImportPolicy
from lrfind.task.user_code.module_loading import loaded as loaded_modules


def measure(job: Job, runs: Path = RUNS) -> Result:
    """Return the result of a sweep, and print where the measurements are if a signal came.

    Args:
        job: the config; its session gets the files that were written.
        runs: folder of the runs if --out names none.

    Raises:
        LrfindError: the run failed.
    """
    loaded, session = job.loaded, job.session

    def render(result: Result, context: RunContext) -> tuple[Result, dict[str, bytes]]:
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

    with session.narrate(loaded.name, named=session.options.out is not None) as narration:
        result, session.files = sweeps.sweep(loaded.config, loaded.name, render, run_options(job, runs), narration)
    session.interruption.confirm(result.status)
    if result.status == "interrupted" and not session.files:
        say(f"lrfind: interrupted; {narration.path} keeps its finished run, {NEXT_JOURNAL} there has what was measured")
    elif result.status == "interrupted":
        say(f"lrfind: interrupted; what was measured is in {narration.path}")
    elif session.interruption.code is not None:
        say(f"lrfind: interrupted, but the sweep had finished; its result is in {narration.path}")
    return result


def run_options(job: Job, runs: Path = RUNS) -> Options:
    """Return the options of a run that are not part of its config.

    Args:
        job: the config.
        runs: folder of the runs if --out names none.

    Raises:
        InputError: --allow-code names no folder.
    """
    options, loaded = job.session.options, job.loaded
    for folder in options.allow_code or ():
        if not folder or not Path(folder).is_dir():
            raise InputError(f"--allow-code {folder or repr(folder)}: there is no such folder")
    folders = [*filter(None, [loaded.folder]), *map(Path, options.allow_code or ())]
    return Options(
        out=job.source.folder,
        runs=runs,
        start=job.session.start,
        avoid=job.session.taken,
        fresh=options.fresh,
        low=options.min_lr if isinstance(options, RangeOptions) else None,
        high=options.max_lr if isinstance(options, RangeOptions) else None,
        device=options.device,
        cache=not options.no_cache,
        policy=ImportPolicy(tuple(folder.resolve() for folder in folders), tuple(options.allow_import or ())),
    )


def dry_run(job: Job, peak: Peak | None = None) -> DryRun:
    """Return the size and the cost of a run, and print the names of user code that was loaded for it.

    Args:
        job: the config.
        peak: peak rate of a training; None for a sweep.

    Raises:
        LrfindError: config, data or user code are wrong.
    """
    loaded = job.loaded
    with job.session.narrate(loaded.name, named=True) as narration:
        try:
            return DryRun(loaded.name, sweeps.dry_run(loaded.config, run_options(job), narration, peak))
        finally:
            if loaded.config.targets and (names := loaded_modules()):
                note(f"ran code of {', '.join(names)}, to know its shapes", quiet=job.session.options.quiet)
