"""`lrfind report`: a run rendered again, without JAX."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from lrfind.cli import outputs
from lrfind.cli.options import ReportOptions
from lrfind.cli.outputs import deliver, look_of
from lrfind.cli.terminal import note, screen
from lrfind.core.errors import InputError
from lrfind.core.formats import Format
from lrfind.core.result import Result
from lrfind.core.training import Training
from lrfind.report.render import render
from lrfind.report.sweep import result_json
from lrfind.report.train import training_report
from lrfind.storage.atomic import write
from lrfind.storage.claim import add_files
from lrfind.storage.layout import CURVE, PLOT, RESULT, ROWS, TRAIN
from lrfind.storage.recover import open_result

NAMES: Mapping[type, tuple[str, str, str]] = {Result: (CURVE, PLOT, RESULT), Training: (ROWS, PLOT, TRAIN)}
"""The files of a sweep and of a training, in the order in which it writes them."""


def report(run: Path, options: ReportOptions) -> None:
    """Render a run again, and write its files to --out.

    Raises:
        LrfindError: there is no run, or an output cannot be written.
    """
    form, draws, out = options.format, options.draws, options.out
    outputs.check_plot(options)
    outputs.check_files(options.files, outputs.files_of(run), "the run that is read")
    if out is not None:
        outputs.check_folder(out)
        outputs.check_runs(options.files, [out])
    document = open_result(run, partial(note, quiet=options.quiet))
    files = kept(run, document) if out is None else write_files(contents_of(document, draws), out, run)
    look = look_of(
        screen(sys.stdout, color=not options.no_color),
        options.output,
        draws=draws,
        advice=options.advice,
        files=tuple(map(str, files)),
        where=str(run) if form is Format.junit else "",  # It is no file of a checkout.
        title="lrfind train" if isinstance(document, Training) else "lrfind sweep",
    )
    text = render(document, form, look)
    if options.plot is not None:
        from lrfind.report.plots.figures import draw

        write(options.plot, draw(document, outputs.figure_format(options.plot)))
    deliver(text, options.output)


def kept(run: Path, document: Result | Training) -> list[Path]:
    """Return the files that a run left, in the order in which it wrote them."""
    folder = run if run.is_dir() else run.parent
    return [folder / name for name in NAMES[type(document)] if (folder / name).exists()]


def write_files(files: Mapping[str, bytes], out: Path, run: Path) -> list[Path]:
    """Write the files of a run to a folder, which is created if it is missing.

    Args:
        files: content by name.
        out: the folder.
        run: the run that the files are of.

    Raises:
        InputError: the folder is that of another run, or has other files of those names that lrfind did not write.
    """
    if outputs.holds_run(out) and not outputs.same_file(out, run if run.is_dir() else run.parent):
        raise InputError(f"{out} holds another run; choose another folder with --out")
    return add_files(out, files)


def contents_of(document: Result | Training, draws: bool) -> dict[str, bytes]:
    """Return the files of a sweep or of a training, in the order in which it writes them.

    Args:
        document: the result.
        draws: whether there is a figure.
    """
    table, plot, record = NAMES[type(document)]
    figure = {}
    if draws:
        from lrfind.report.plots.figures import draw

        figure = {plot: draw(document, "png")}
    if isinstance(document, Result):
        rows, text = result_json.to_csv(document), result_json.to_json(document)
    else:
        rows, text = training_report.to_csv(document), training_report.to_json(document)
    return {table: rows.encode(), **figure, record: text.encode()}
