"""`lrfind compare`: runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from lrfind.analysis.comparison import Comparison, Trained, TrainingComparison, labelled, labels
from lrfind.cli.command import Command, Job, Session
from lrfind.cli.commands.sweep import dry_run, start_worker
from lrfind.cli.options import CompareOptions
from lrfind.cli.outputs import RUNS, figure_format, files_of
from lrfind.cli.sources import CommandSource, ConfigLoader
from lrfind.cli.terminal import note
from lrfind.config import variants
from lrfind.config.load import Loaded
from lrfind.core.errors import ExitCode, InputError
from lrfind.core.result import Result
from lrfind.core.training import Training
from lrfind.report.render import Document, refuse
from lrfind.storage.layout import is_training
from lrfind.storage.recover import open_result

CONFIGS = (".yaml", ".yml")


def run(arguments: Sequence[str], options: CompareOptions) -> ExitCode:
    """Compare runs and configs, and return the exit code."""
    command = Command(
        title="lrfind compare",
        prepare=partial(prepare, arguments, options),
        execute=partial(measure, options),
        reopen=partial(reopen, options),
        conclude=conclude,
        combine=partial(combine, options),
        failure_formats=(),
    )
    if options.dry_run:
        command = Command(title="lrfind sweep", prepare=command.prepare, execute=dry_run, reopen=command.reopen)
    return Session(command, options).run()


def prepare(arguments: Sequence[str], options: CompareOptions, loader: ConfigLoader) -> Sequence[CommandSource]:
    """Return the configs and runs, or the variants of the one config.

    Raises:
        InputError: an output may not be written, or there is nothing to compare.
    """
    runs = [name for name in arguments if is_run(name)]
    files = [file for run in runs for file in files_of(Path(run))]
    configs = loader.sources([name for name in arguments if name not in runs], files, "what is compared")
    refuse(Comparison, options.format)
    trained = [run for run in runs if is_training(Path(run))]
    others = [name for name in arguments if name not in trained]
    if trained and others:
        raise InputError(
            f"{trained[0]} is the run of a training, and {others[0]} is not; name trainings alone, or sweeps and "
            "configs"
        )
    if options.optimizers and options.batch_sizes:
        raise InputError("--optimizers and --batch-sizes vary one thing at a time; leave one of them out")
    varies = "--optimizers" if options.optimizers else "--batch-sizes" if options.batch_sizes else None
    if varies and (len(arguments) > 1 or runs):
        raise InputError(f"{varies} varies one config; name a config, and no run beside it")
    if varies:
        return variants_of(configs[0], options, loader)
    if len(arguments) < 2:
        raise InputError(
            "one run is nothing to compare; name two or more, or a config with --optimizers or --batch-sizes"
        )
    rest = iter(configs)
    return [CommandSource(name) if name in runs else next(rest) for name in arguments]


def is_run(argument: str) -> bool:
    """Return whether an argument names a run rather than a config."""
    path = Path(argument)
    suffix = path.suffix.lower()
    return argument not in ("", "-") and suffix not in CONFIGS and (path.is_dir() or suffix == ".json")


def variants_of(source: CommandSource, options: CompareOptions, loader: ConfigLoader) -> list[CommandSource]:
    """Return the variants of a config as sources, by label.

    Args:
        source: the config.
        options: of the command.
        loader: of the config.

    Raises:
        InputError: there is no such variant.
    """
    loaded = loader.load(source.argument)
    if options.optimizers is not None:
        chosen = variants.optimizers(loaded.config, options.optimizers)
    else:
        chosen = variants.batch_sizes(options.batch_sizes or "")
    for variant in chosen:
        if variant.dropped:
            note(f"{variant.label} has no {', '.join(variant.dropped)}; left out for it", quiet=options.quiet)

    def load(variant: variants.Variant) -> Loaded:
        return replace(loader.load(source.argument, variant.settings), name=variant.label)

    return [
        CommandSource(label, partial(load, variant), label, options.out and options.out / label)
        for label, variant in {variant.label: variant for variant in chosen}.items()
    ]


def measure(options: CompareOptions, job: Job) -> Result:
    """Sweep one config; without --out the variants' runs are in a folder of their config."""
    start_worker(job.session)
    from lrfind.cli.measure import measure

    varies = options.optimizers or options.batch_sizes
    return measure(job, RUNS / f"{Path(job.loaded.where).stem}-compare" if varies else RUNS)


def reopen(options: CompareOptions, run: str) -> Result | Training:
    """Return the document of a run that was finished, interrupted or killed."""
    return open_result(Path(run), partial(note, quiet=options.quiet))


def conclude(document: Document, job: Job) -> ExitCode:
    """Return exit code 1 where a sweep ended without a rate."""
    del job
    assert isinstance(document, Result)
    no_rate = document.recommendation.learning_rate is None and document.status != "interrupted"
    return ExitCode.NO_RECOMMENDATION if no_rate else ExitCode.DONE


def combine(options: CompareOptions, runs: Sequence[tuple[str, Document]], session: Session) -> Document:
    """Return the comparison of runs, and draw the figure of --plot."""
    trainings = [(folder, run) for folder, run in runs if isinstance(run, Training)]
    comparison: Comparison | TrainingComparison
    if trainings:
        names = labels([(folder, training.name) for folder, training in trainings])
        comparison = TrainingComparison(
            tuple(Trained(name, *training) for name, training in zip(names, trainings, strict=True))
        )
    else:
        varied = "optimizer" if options.optimizers else "batch_size" if options.batch_sizes else None
        comparison = Comparison(labelled([(folder, run) for folder, run in runs if isinstance(run, Result)]), varied)
    if options.plot is not None:
        from lrfind.report.plots.figures import draw

        session.figure = draw(comparison, figure_format(options.plot))
        session.write_figure()
    return comparison
