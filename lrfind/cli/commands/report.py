"""`lrfind report`: a run rendered again, without JAX."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lrfind.cli import options
from lrfind.cli.delivery import deliver, look_of, shown_errors
from lrfind.cli.options import Format
from lrfind.cli.terminal import say, screen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lrfind.core.result import Result
    from lrfind.core.training import Training


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
    from lrfind.cli.outputs import check_files, check_folder, check_plot, check_runs, figure_format, files_of
    from lrfind.core.training import Training
    from lrfind.report.render import render
    from lrfind.storage.open_result import open_result

    form = Format.json if as_json else form
    with shown_errors(debug=debug):
        check_plot(plot, draws=not no_plot)
        check_files({"--plot": plot, "--output": output}, files_of(run), "the run that is read")
        if out is not None:
            check_folder(out)
            check_runs({"--plot": plot, "--output": output}, [out])
        document = open_result(run, lambda text: None if quiet else say(f"lrfind: {text}"))
        trained = isinstance(document, Training)
        files = kept(run, document) if out is None else write_files(contents_of(document, not no_plot), out, run)
        look = look_of(
            screen(sys.stdout, color=not no_color),
            output,
            draws=not no_plot,
            advice=advice,
            files=tuple(map(str, files)),
            where=about(run, form),
            title="lrfind train" if trained else "lrfind sweep",
        )
        text = render(document, form, look)
        if plot is not None:
            from lrfind.report.plots.figures import draw
            from lrfind.storage.atomic import write

            write(plot, draw(document, figure_format(plot)))
        deliver(text, output)


def about(run: Path, form: Format) -> str:
    """Return the file that a report is about: the run for JUnit; none elsewhere, as it is no file of a checkout."""
    return str(run) if form is Format.junit else ""


def kept(run: Path, document: Result | Training) -> list[Path]:
    """Return the files that a run left, in the order in which it wrote them."""
    from lrfind.core.result import Result
    from lrfind.storage.layout import CURVE, PLOT, RESULT, ROWS, TRAIN

    folder = run if run.is_dir() else run.parent
    names = (CURVE, PLOT, RESULT) if isinstance(document, Result) else (ROWS, PLOT, TRAIN)
    return [folder / name for name in names if (folder / name).exists()]


def write_files(files: Mapping[str, bytes], out: Path, run: Path) -> list[Path]:
    """Write the files of a run to a folder, which is created if it is missing.

    Args:
        files: content by name.
        out: the folder.
        run: the run that the files are of.

    Raises:
        InputError: the folder is that of another run, or has other files of those names that lrfind did not write.
    """
    from lrfind.cli.outputs import holds_run, same_file
    from lrfind.core.errors import InputError
    from lrfind.storage.run_directory import add_files

    if holds_run(out) and not same_file(out, run if run.is_dir() else run.parent):
        raise InputError(f"{out} holds another run; choose another folder with --out")
    return add_files(out, files)


def contents_of(document: Result | Training, draws: bool) -> dict[str, bytes]:
    """Return the files of a sweep or of a training, in the order in which it writes them.

    Args:
        document: the result.
        draws: whether there is a figure.
    """
    from lrfind.core.result import Result
    from lrfind.report.sweep import result_json
    from lrfind.report.train import training_report
    from lrfind.storage.layout import CURVE, PLOT, RESULT, ROWS, TRAIN

    if isinstance(document, Result):
        table = {CURVE: result_json.to_csv(document).encode()}
        record = {RESULT: result_json.to_json(document).encode()}
    else:
        table = {ROWS: training_report.to_csv(document).encode()}
        record = {TRAIN: training_report.to_json(document).encode()}
    if not draws:
        return {**table, **record}
    from lrfind.report.plots.figures import draw

    return {**table, PLOT: draw(document, "png"), **record}
