"""`lrfind report`: a run rendered again, without JAX."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lrfind.cli import options as shared
from lrfind.cli.options import Format
from lrfind.cli.screen import put, report, screen
from lrfind.errors import ExitCode, LrfindError, fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lrfind.types import Result
    from lrfind.types.training import Training

LEAVES, ENDS = ("curve.csv", "plot.png", "result.json"), ("train.csv", "plot.png", "train.json")
"""What a sweep and a training leave, in the order in which they name it."""


def report_(
    run: Annotated[Path, typer.Argument(help="A run directory, or its result.json or train.json.", show_default=False)],
    form: shared.FormatOption = Format.text,
    as_json: shared.Json = False,
    output: shared.Output = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write the files of the run to this folder.", show_default=False),
    ] = None,
    plot: shared.Plot = None,
    no_plot: shared.NoPlot = False,
    advice: shared.Advice = False,
    quiet: shared.Quiet = False,
    no_color: shared.NoColor = False,
    debug: shared.Debug = False,
) -> None:
    """Render a finished or interrupted sweep or training again, to the byte, without measuring anything.

    Writes nothing into the run directory. Of a run that was killed the journal is read.

    Example: lrfind report lrfind-runs/config --format markdown --output report.md
    """
    from lrfind.cli import train_forms
    from lrfind.cli.retold import is_training, kept, told, told_training
    from lrfind.cli.wishes import check_file, check_plot, to_file

    output = to_file(output)
    form = Format.json if as_json else form
    try:
        check_plot(plot, draws=not no_plot)
        for option, path in (("--plot", plot), ("--output", output)):
            check_file(option, path, record(run), "the run that is read")
        look = {"color": not no_color, "draws": not no_plot, "to_file": output is not None}
        if is_training(run):
            training = told_training(run, quiet=quiet)
            files = kept(run, ENDS) if out is None else again(of_training(training, draws=not no_plot), out)
            shown = train_forms.rendered(training, form, about(run, form), {}, files, (), **look)
            if plot is not None:
                from lrfind.report.plots import training_figure

                draw_to(plot, lambda suffix: training_figure.draw(training, suffix))
        else:
            result = told(run, quiet=quiet)
            files = kept(run, LEAVES) if out is None else again(of_sweep(result, draws=not no_plot), out)
            shown = rendered(result, form, about(run, form), files, advice=advice, **look)
            if plot is not None:
                from lrfind.report.plots import sweep_figure

                draw_to(plot, lambda suffix: sweep_figure.draw(result, suffix))
        deliver(shown, output)
    except LrfindError as error:
        raise typer.Exit(report(error, debug=debug)) from None
    except Exception as error:
        raise typer.Exit(report(fault(error), debug=debug)) from None
    raise typer.Exit(ExitCode.DONE)


def record(run: Path) -> list[Path]:
    """The files of a run that must not be written over by what is made of them."""
    from lrfind.folder import CURVE, JOURNAL, RESULT, ROWS, TRAIN

    return [run / name for name in (RESULT, JOURNAL, CURVE, TRAIN, ROWS)] if run.is_dir() else [run]


def about(run: Path, form: Format) -> str:
    """What CI shows a report to be about: a run does not know its config's file, and its own is not one of the
    checkout."""
    return str(run) if form is Format.junit else ""


def again(files: Mapping[str, bytes], out: Path) -> list[Path]:
    """Write the files of a run to a folder, which is created where it is missing."""
    from lrfind.store import disk, write

    with disk(out):
        out.mkdir(parents=True, exist_ok=True)
    return [write(out / name, content) for name, content in files.items()]


def of_sweep(result: Result, *, draws: bool) -> dict[str, bytes]:
    """The files of a sweep, in the order in which it writes them."""
    from lrfind.folder import CURVE, PLOT, RESULT
    from lrfind.report.sweep import result_json

    files = {CURVE: result_json.to_csv(result).encode()}
    if draws:
        from lrfind.report.plots.sweep_figure import draw

        files[PLOT] = draw(result, "png")
    return {**files, RESULT: result_json.to_json(result).encode()}


def of_training(training: Training, *, draws: bool) -> dict[str, bytes]:
    """The files of a training, in the order in which it writes them."""
    from lrfind.folder import TRAIN
    from lrfind.report.train.training_json import to_json

    return {**beside_training(training, draws=draws), TRAIN: to_json(training).encode()}


def beside_training(training: Training, *, draws: bool) -> dict[str, bytes]:
    """Those of them that do not tell how long they took to make."""
    from lrfind.folder import PLOT, ROWS
    from lrfind.report.train import training_json

    files = {ROWS: training_json.to_csv(training).encode()}
    if draws:
        from lrfind.report.plots.training_figure import draw

        files[PLOT] = draw(training, "png")
    return files


def rendered(
    result: Result,
    form: Format,
    where: str,
    files: Sequence[Path],
    *,
    color: bool,
    draws: bool,
    advice: bool,
    to_file: bool,
) -> str:
    """The result in one form, as the sweep gave it.

    Args:
        result: what to render.
        form: which form.
        where: what annotations are about; empty for nothing.
        files: to list in the text.
        color: whether colours are allowed.
        draws: whether the text has the curve.
        advice: whether to add settings for other schedules.
        to_file: the text goes to a file, not to a screen.
    """
    from lrfind.cli.forms import checkout
    from lrfind.report.look import Look
    from lrfind.report.render import render

    shows = screen(sys.stdout, color=color)
    look = Look(
        width=shows.width,
        color=shows.color and not to_file,
        unicode=shows.unicode or to_file,
        draws=draws,
        advice=advice,
        files=tuple(map(str, files)),
        where=where,
        title="lrfind sweep",
        checkout=checkout(),
    )
    return render(result, form, look)


def draw_to(plot: Path, draw: Callable[[Any], bytes]) -> None:
    """Draw the figure to a file."""
    from lrfind.store import write

    write(plot, draw(plot.suffix.removeprefix(".").lower()))


def deliver(text: str, output: Path | None) -> None:
    """Write a report to a file, or to stdout."""
    if output is None:
        put(text)
        return
    from lrfind.store import write

    write(output, text.encode())
