"""`lrfind report`: a run rendered again, without JAX."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lrfind.cli import options as shared
from lrfind.cli.options import Format
from lrfind.cli.screen import put, report, say, screen
from lrfind.errors import ExitCode, LrfindError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrfind.types import Result


def report_(
    run: Annotated[Path, typer.Argument(help="A run directory, or the result.json of one.", show_default=False)],
    form: shared.FormatOption = Format.text,
    as_json: shared.Json = False,
    output: shared.Output = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write result.json, curve.csv and plot.png to this folder.", show_default=False),
    ] = None,
    plot: shared.Plot = None,
    no_plot: shared.NoPlot = False,
    advice: Annotated[
        bool,
        typer.Option("--advice", help="Add settings to paste for other schedules, and the usual guesses judged."),
    ] = False,
    quiet: shared.Quiet = False,
    no_color: shared.NoColor = False,
    debug: shared.Debug = False,
) -> None:
    """Render a finished or interrupted run again, to the byte, without measuring anything.

    Writes nothing into the run directory. Of a run that was killed the journal is read.

    Example: lrfind report lrfind-runs/config --format markdown --output report.md
    """
    from lrfind.cli.wishes import check_file, check_plot, to_file

    output = to_file(output)
    form = Format.json if as_json else form
    try:
        check_plot(plot, draws=not no_plot)
        for option, path in (("--plot", plot), ("--output", output)):
            check_file(option, path, record(run), "the run that is read")
        result = told(run, quiet=quiet)
        files = kept(run) if out is None else again(result, out, draws=not no_plot)
        shown = rendered(
            result, run, form, files, color=not no_color, draws=not no_plot, advice=advice, to_file=output is not None
        )
        if plot is not None:
            draw(result, plot)
        deliver(shown, output)
    except LrfindError as error:
        raise typer.Exit(report(error, debug=debug)) from None
    except Exception as error:
        if debug:
            raise
        failure = LrfindError(f"a fault of lrfind: {type(error).__name__}: {error}; --debug shows where")
        raise typer.Exit(report(failure, debug=False)) from None
    raise typer.Exit(ExitCode.DONE)


def record(run: Path) -> list[Path]:
    """The files of a run that must not be written over by what is made of them."""
    from lrfind.folder import CURVE, JOURNAL, RESULT

    return [run / name for name in (RESULT, JOURNAL, CURVE)] if run.is_dir() else [run]


def told(run: Path, *, quiet: bool) -> Result:
    """The result of a run, whether it ended or was killed; what a reader has to know of that is said on stderr.

    Raises:
        InputError: there is no run, or none of lrfind's.
        NothingToJudge: the run was killed before anything was measured.
        RunError: it cannot be read.
    """
    from lrfind.cli.finished import finished
    from lrfind.folder import JOURNAL, RENEWED, RESULT, fingerprint_of

    if not run.is_dir() or (run / RESULT).exists() or not (run / JOURNAL).exists():
        from lrfind.salvage import restored

        result = restored(finished(run), run if run.is_dir() else run.parent)
        if run.is_dir() and fingerprint_of(run, RENEWED) is not None and not quiet:
            say(f"lrfind: a newer run in {run} is not finished, so this is the one before it")
        return result
    from lrfind.salvage import salvage

    result, reached = salvage(run)
    if not quiet:
        say(f"lrfind: {run}: the run did not end: {reached}; start the same command again to carry it on")
    return result


def kept(run: Path) -> list[Path]:
    """The files that a run left, in the order in which it names them."""
    from lrfind.folder import CURVE, PLOT, RESULT

    folder = run if run.is_dir() else run.parent
    return [folder / name for name in (CURVE, PLOT, RESULT) if (folder / name).exists()]


def again(result: Result, out: Path, *, draws: bool) -> list[Path]:
    """Write the files of a run to a folder, which is created where it is missing."""
    from lrfind.report import records
    from lrfind.store import CURVE, PLOT, RESULT, disk, write

    files = {CURVE: records.to_csv(result).encode()}
    if draws:
        from lrfind.report.figure import draw

        files[PLOT] = draw(result, "png")
    files[RESULT] = records.to_json(result).encode()
    with disk(out):
        out.mkdir(parents=True, exist_ok=True)
    return [write(out / name, content) for name, content in files.items()]


def rendered(
    result: Result,
    run: Path,
    form: Format,
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
        run: where it was read.
        form: which form.
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

            # A run does not know its config's file, and its own is not one of the checkout.
            where = str(run) if form is Format.junit else ""
            return for_ci([outcome(result, where, {})], form, "lrfind sweep")
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


def draw(result: Result, plot: Path) -> None:
    """Draw the figure to a file."""
    from lrfind.report import figure
    from lrfind.store import write

    suffix = plot.suffix.removeprefix(".").lower()
    write(plot, figure.draw(result, suffix))  # type: ignore[arg-type]


def deliver(text: str, output: Path | None) -> None:
    """Write a report to a file, or to stdout."""
    if output is None:
        put(text)
        return
    from lrfind.store import write

    write(output, text.encode())
