"""`lrfind report`: a run rendered again, without JAX."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lrfind.cli import options
from lrfind.cli.delivery import look_of
from lrfind.cli.options import Format
from lrfind.cli.terminal import screen, show_error, write_stdout
from lrfind.core.errors import ExitCode, InputError, LrfindError, fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lrfind.core.result import Result
    from lrfind.core.training import Training

LEAVES, ENDS = ("curve.csv", "plot.png", "result.json"), ("train.csv", "plot.png", "train.json")
"""What a sweep and a training leave, in the order in which they name it."""


def report_(
    run: Annotated[
        Path,
        typer.Argument(
            help="A run directory, or its result.json or train.json.",
            show_default=False,
            parser=options.named,
            metavar="RUN",
        ),
    ],
    form: options.FormatOption = Format.text,
    as_json: options.Json = False,
    output: options.Output = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write the files of the run to this folder.", show_default=False, **options.PATH),
    ] = None,
    plot: options.Plot = None,
    no_plot: options.NoPlot = False,
    advice: options.Advice = False,
    quiet: options.Quiet = False,
    no_color: options.NoColor = False,
    debug: options.Debug = False,
) -> None:
    """Render a finished or interrupted sweep or training again, to the byte, without measuring anything.

    Writes nothing into the run directory. Of a run that was killed the journal is read.

    Example: lrfind report lrfind-runs/config --format markdown --output report.md
    """
    from lrfind.cli.outputs import check_files, check_folder, check_plot, check_runs, files_of, to_file
    from lrfind.cli.reopened_run import is_training, kept, open_result, open_training
    from lrfind.report.render import render

    output = to_file(output)
    form = Format.json if as_json else form
    try:
        check_plot(plot, draws=not no_plot)
        check_files({"--plot": plot, "--output": output}, files_of(run), "the run that is read")
        if out is not None:
            check_folder(out)
            check_runs({"--plot": plot, "--output": output}, [out])
        trained = is_training(run)
        document = open_training(run, quiet=quiet) if trained else open_result(run, quiet=quiet)
        left = ENDS if trained else LEAVES
        files = kept(run, left) if out is None else again(contents_of(document, not no_plot), out, run)
        look = look_of(
            screen(sys.stdout, color=not no_color),
            output,
            draws=not no_plot,
            advice=advice,
            files=tuple(map(str, files)),
            where=about(run, form),
            title="lrfind train" if trained else "lrfind sweep",
        )
        shown = render(document, form, look)
        if plot is not None:
            from lrfind.report.plots.figure_of import draw
            from lrfind.storage.run_directory import write

            write(plot, draw(document, plot.suffix.removeprefix(".").lower()))  # type: ignore[arg-type]
        deliver(shown, output)
    except LrfindError as error:
        raise typer.Exit(show_error(error, debug=debug)) from None
    except Exception as error:
        raise typer.Exit(show_error(fault(error), debug=debug)) from None
    raise typer.Exit(ExitCode.DONE)


def about(run: Path, form: Format) -> str:
    """What CI shows a report to be about: a run does not know its config's file, and its own is not one of the
    checkout."""
    return str(run) if form is Format.junit else ""


def again(files: Mapping[str, bytes], out: Path, run: Path) -> list[Path]:
    """Write the files of a run to a folder, which is created where it is missing.

    Raises:
        InputError: the folder is that of another run, or has other files of those names that lrfind did not write.
    """
    from lrfind.cli.outputs import holds_run, same_file
    from lrfind.storage.run_directory import add_files

    if holds_run(out) and not same_file(out, run if run.is_dir() else run.parent):
        raise InputError(f"{out} holds another run; choose another folder with --out")
    return add_files(out, files)


def contents_of(document: Result | Training, draws: bool) -> dict[str, bytes]:
    """The files of a sweep or of a training, in the order in which it writes them."""
    from lrfind.core.result import Result
    from lrfind.report.sweep import result_json
    from lrfind.report.train.training_json import to_json
    from lrfind.storage.layout import CURVE, PLOT, RESULT, TRAIN

    if not isinstance(document, Result):
        return {**beside_training(document, draws=draws), TRAIN: to_json(document).encode()}
    files = {CURVE: result_json.to_csv(document).encode()}
    if draws:
        from lrfind.report.plots.sweep_figure import draw

        files[PLOT] = draw(document, "png")
    return {**files, RESULT: result_json.to_json(document).encode()}


def beside_training(training: Training, *, draws: bool) -> dict[str, bytes]:
    """Those of them that do not tell how long they took to make."""
    from lrfind.report.train import training_json
    from lrfind.storage.layout import PLOT, ROWS

    files = {ROWS: training_json.to_csv(training).encode()}
    if draws:
        from lrfind.report.plots.training_figure import draw

        files[PLOT] = draw(training, "png")
    return files


def deliver(text: str, output: Path | None) -> None:
    """Write a report to a file, or to stdout."""
    if output is None:
        write_stdout(text)
        return
    from lrfind.storage.run_directory import write

    write(output, text.encode())
