"""`lrfind compare`: runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lrfind.cli.commands.sweep import dry_run, start_worker
from lrfind.cli.options import CompareOptions
from lrfind.cli.spread import spread

if TYPE_CHECKING:
    from lrfind.cli.command import Session
    from lrfind.cli.sources import CommandSource, ConfigLoader
    from lrfind.config.load import Loaded
    from lrfind.core.errors import ExitCode
    from lrfind.core.result import Result
    from lrfind.core.training import Training
    from lrfind.report.render import Document

CONFIGS = (".yaml", ".yml")


@spread
def compare(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN|CONFIG...", help="Run directories, result.json files, configs.", show_default=False
        ),
    ],
    options: CompareOptions,
) -> None:
    """Put runs side by side: rates, intervals and judged losses in one table, the curves in one figure (--plot).

    Finished runs, of sweeps or of trainings, are read, without JAX; configs are swept. With --optimizers or
    --batch-sizes one config is swept once for each of them.

    Example: lrfind compare config.yaml --optimizers sgd,momentum,adam --plot optimizers.png
    """
    from lrfind.cli.command import Command, run

    command = Command(
        title="lrfind compare",
        prepare=lambda loader: prepare(sources, options, loader),
        execute=measure,
        reopen=lambda source: reopen(source, options),
        conclude=conclude,
        combine=combine,
        failure_formats=(),
    )
    if options.dry_run:
        command = Command(title="lrfind sweep", prepare=command.prepare, execute=dry_run, reopen=command.reopen)
    raise typer.Exit(run(command, options))


def prepare(arguments: Sequence[str], options: CompareOptions, loader: ConfigLoader) -> Sequence[CommandSource]:
    """Return the configs and runs, or the variants of the one config.

    Raises:
        InputError: an output may not be written, or there is nothing to compare.
    """
    from lrfind.analysis.comparison import Comparison
    from lrfind.cli.outputs import check_files, files_of
    from lrfind.cli.sources import CommandSource, check_sources, note_renamed, output_files, sources_of
    from lrfind.core.errors import InputError
    from lrfind.report.render import refuse
    from lrfind.storage.finished import is_training

    configs = in_folders(sources_of([name for name in arguments if not is_run(name)], options, loader), options)
    check_sources(configs, options, loader)
    runs = [name for name in arguments if is_run(name)]
    check_files(output_files(options), [file for run in runs for file in files_of(Path(run))], "what is compared")
    refuse(Comparison, options.format)
    trained = [run for run in runs if is_training(Path(run))]
    others = [name for name in arguments if name not in trained]
    if trained and others:
        raise InputError(
            f"{trained[0]} is the run of a training, and {others[0]} is not; name trainings alone, or sweeps and "
            "configs"
        )
    varied = {"--optimizers": options.optimizers, "--batch-sizes": options.batch_sizes}
    given = [option for option, values in varied.items() if values]
    if len(given) > 1:
        raise InputError("--optimizers and --batch-sizes vary one thing at a time; leave one of them out")
    if given and (len(arguments) > 1 or runs):
        raise InputError(f"{given[0]} varies one config; name a config, and no run beside it")
    if given:
        return in_folders(variants_of(configs[0], options, loader), options)
    if len(arguments) < 2:
        raise InputError(
            "one run is nothing to compare; name two or more, or a config with --optimizers or --batch-sizes"
        )
    note_renamed(configs, options)
    rest = iter(configs)
    return [CommandSource(name) if is_run(name) else next(rest) for name in arguments]


def is_run(argument: str) -> bool:
    """Return whether an argument names a run rather than a config."""
    path = Path(argument)
    return (
        argument not in ("", "-")
        and path.suffix.lower() not in CONFIGS
        and (path.is_dir() or path.suffix.lower() == ".json")
    )


def in_folders(sources: Sequence[CommandSource], options: CompareOptions) -> list[CommandSource]:
    """Return sources with run directories in --out, which is a folder of runs even for one."""
    return [replace(source, folder=options.out and options.out / source.name) for source in sources]


def variants_of(source: CommandSource, options: CompareOptions, loader: ConfigLoader) -> list[CommandSource]:
    """Return the variants of a config as sources, by label.

    Args:
        source: the config.
        options: of the command.
        loader: of the config.

    Raises:
        InputError: there is no such variant.
    """
    from lrfind.cli.outputs import distinct
    from lrfind.cli.terminal import say
    from lrfind.config import variants

    loaded = loader.load(source.argument)
    if options.optimizers is not None:
        chosen = variants.optimizers(loaded.config, options.optimizers)
    else:
        chosen = variants.batch_sizes(options.batch_sizes or "")
    for variant in chosen:
        if variant.dropped and not options.quiet:
            say(f"lrfind: {variant.label} has no {', '.join(variant.dropped)}; left out for it")

    def load(variant: variants.Variant) -> Loaded:
        return replace(loader.load(source.argument, variant.settings), name=variant.label)

    by_label = {variant.label: variant for variant in chosen}
    return [
        replace(source, argument=label, load=partial(load, variant), name=name)
        for (label, variant), name in zip(by_label.items(), distinct(list(by_label)), strict=True)
    ]


def measure(source: CommandSource, loaded: Loaded, session: Session) -> Result:
    """Sweep one config; without --out the variants' runs are in a folder of their config."""
    from lrfind.cli.outputs import RUNS

    start_worker(session)
    from lrfind.cli.measure import measure

    options = session.options
    assert isinstance(options, CompareOptions)
    varies = options.optimizers or options.batch_sizes
    return measure(source, loaded, session, RUNS / f"{Path(loaded.where).stem}-compare" if varies else RUNS)


def reopen(source: CommandSource, options: CompareOptions) -> Result | Training:
    """Return the document of a run that was finished, interrupted or killed."""
    from lrfind.cli.terminal import say
    from lrfind.storage.recover import open_result

    return open_result(Path(source.argument), lambda text: None if options.quiet else say(f"lrfind: {text}"))


def conclude(document: Document, source: CommandSource, loaded: Loaded, session: Session) -> ExitCode:
    """Return exit code 1 where a sweep ended without a rate."""
    from lrfind.core.errors import ExitCode
    from lrfind.core.result import Result

    del source, loaded, session
    assert isinstance(document, Result)
    no_rate = document.recommendation.learning_rate is None and document.status != "interrupted"
    return ExitCode.NO_RECOMMENDATION if no_rate else ExitCode.DONE


def combine(runs: Sequence[tuple[str, Document]], session: Session) -> Document:
    """Return the comparison of runs, and draw the figure of --plot."""
    from lrfind.analysis.comparison import Comparison, Trained, TrainingComparison, labelled, labels
    from lrfind.cli.outputs import figure_format
    from lrfind.core.result import Result
    from lrfind.core.training import Training

    options = session.options
    assert isinstance(options, CompareOptions)
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
