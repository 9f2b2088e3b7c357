"""`lrfind report`: a run rendered again, without JAX."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lrfind.cli import options as shared
from lrfind.cli.options import Format
from lrfind.cli.screen import put, report, screen
from lrfind.errors import ExitCode, InputError, LrfindError, fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lrfind.trace import Training
    from lrfind.types import Result

LEAVES, ENDS = ("curve.csv", "plot.png", "result.json"), ("train.csv", "plot.png", "train.json")
"""What a sweep and a training leave, in the order in which they name it."""


def report_(
    run: Annotated[
        Path,
        typer.Argument(
            help="A run directory, or its result.json or train.json.",
            show_default=False,
            parser=shared.named,
            metavar="RUN",
        ),
    ],
    form: shared.FormatOption = Format.text,
    as_json: shared.Json = False,
    output: shared.Output = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write the files of the run to this folder.", show_default=False, **shared.PATH),
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
    from lrfind.cli.outputs import check_files, check_folder, check_plot, check_runs, files_of, to_file
    from lrfind.cli.retold import is_training, kept, told, told_training

    output = to_file(output)
    form = Format.json if as_json else form
    try:
        check_plot(plot, draws=not no_plot)
        check_files({"--plot": plot, "--output": output}, files_of(run), "the run that is read")
        if out is not None:
            check_folder(out)
            check_runs({"--plot": plot, "--output": output}, [out])
        look = {"color": not no_color, "draws": not no_plot, "to_file": output is not None}
        if is_training(run):
            training = told_training(run, quiet=quiet)
            files = kept(run, ENDS) if out is None else again(of_training(training, draws=not no_plot), out, run)
            shown = train_forms.rendered(training, form, about(run, form), {}, files, (), **look)
            if plot is not None:
                from lrfind.report import train_figure

                draw_to(plot, lambda suffix: train_figure.draw(training, suffix))
        else:
            result = told(run, quiet=quiet)
            files = kept(run, LEAVES) if out is None else again(of_sweep(result, draws=not no_plot), out, run)
            shown = rendered(result, form, about(run, form), files, advice=advice, **look)
            if plot is not None:
                from lrfind.report import figure

                draw_to(plot, lambda suffix: figure.draw(result, suffix))
        deliver(shown, output)
    except LrfindError as error:
        raise typer.Exit(report(error, debug=debug)) from None
    except Exception as error:
        raise typer.Exit(report(fault(error), debug=debug)) from None
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
    from lrfind.store import add_files

    if holds_run(out) and not same_file(out, run if run.is_dir() else run.parent):
        raise InputError(f"{out} holds another run; choose another folder with --out")
    return add_files(out, files)


def of_sweep(result: Result, *, draws: bool) -> dict[str, bytes]:
    """The files of a sweep, in the order in which it writes them."""
    from lrfind.folder import CURVE, PLOT, RESULT
    from lrfind.report import records

    files = {CURVE: records.to_csv(result).encode()}
    if draws:
        from lrfind.report.figure import draw

        files[PLOT] = draw(result, "png")
    return {**files, RESULT: records.to_json(result).encode()}


def of_training(training: Training, *, draws: bool) -> dict[str, bytes]:
    """The files of a training, in the order in which it writes them."""
    from lrfind.folder import TRAIN
    from lrfind.report.train_records import to_json

    return {**beside_training(training, draws=draws), TRAIN: to_json(training).encode()}


def beside_training(training: Training, *, draws: bool) -> dict[str, bytes]:
    """Those of them that do not tell how long they took to make."""
    from lrfind.folder import PLOT, ROWS
    from lrfind.report import train_records

    files = {ROWS: train_records.to_csv(training).encode()}
    if draws:
        from lrfind.report.train_figure import draw

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
    match form:
        case Format.json:
            from lrfind.report import records

            return records.to_json(result)
        case Format.markdown:
            from lrfind.report.markdown import summary

            return summary(result, advice=advice)
        case Format.junit | Format.github:
            from lrfind.cli.forms import for_ci
            from lrfind.report.outcome import outcome

            return for_ci([outcome(result, where, {})], form, "lrfind sweep")
        case Format.html:
            from lrfind.report.html import page
            from lrfind.report.html_sections import of_sweep as section

            svg = b""
            if draws:
                from lrfind.report.figure import draw

                svg = draw(result, "svg")
            return page([section(result, svg, advice=advice)], "lrfind sweep")
        case Format.text:
            from lrfind.cli.job import CURVE_HEIGHT
            from lrfind.report.console import table

            look = screen(sys.stdout, color=color)
            colored, unicode = look.color and not to_file, look.unicode or to_file
            shown = [str(path) for path in files]
            text = table(result, width=look.width, color=colored, unicode=unicode, files=shown, advice=advice)
            if not draws:
                return text
            from lrfind.report.terminal import plot

            curve = plot(result, width=look.width, height=CURVE_HEIGHT, color=colored, unicode=unicode)
            return f"{curve}\n{text}"


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
