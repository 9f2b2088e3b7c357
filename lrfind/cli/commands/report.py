"""`lrfind report`: a run rendered again, without JAX."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lrfind.cli.delivery import deliver, look_of
from lrfind.cli.options import ReportOptions
from lrfind.cli.outputs import (
    check_files,
    check_folder,
    check_plot,
    check_runs,
    figure_format,
    files_of,
    holds_run,
    same_file,
)
from lrfind.cli.terminal import note, screen
from lrfind.core.errors import InputError
from lrfind.core.formats import Format
from lrfind.core.result import Result
from lrfind.core.training import Training
from lrfind.report.render import render
from lrfind.storage.atomic import write
from lrfind.storage.claim import add_files
from lrfind.storage.layout import CURVE, PLOT, RESULT, ROWS, TRAIN
from lrfind.storage.open_result import open_result

if TYPE_CHECKING:
    from collections.abc import Mapping


def report(run: Path, options: ReportOptions) -> None:
    """Render a run again, and write its files to --out.

    Raises:
        LrfindError: there is no run, or an output cannot be written.
    """
    form, draws = options.format, not options.no_plot
    check_plot(options.plot, draws=draws)
    outputs = {"--plot": options.plot, "--output": options.output}
    check_files(outputs, files_of(run), "the run that is read")
    if options.out is not None:
        check_folder(options.out)
        check_runs(outputs, [options.out])
    document = open_result(run, partial(note, quiet=options.quiet))
    out = options.out
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
        from lrfind.report.plots.figure_of import draw

        write(options.plot, draw(document, figure_format(options.plot)))
    deliver(text, options.output)


def kept(run: Path, document: Result | Training) -> list[Path]:
    """Return the files that a run left, in the order in which it wrote them."""
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
    if holds_run(out) and not same_file(out, run if run.is_dir() else run.parent):
        raise InputError(f"{out} holds another run; choose another folder with --out")
    return add_files(out, files)


def contents_of(document: Result | Training, draws: bool) -> dict[str, bytes]:
    """Return the files of a sweep or of a training, in the order in which it writes them.

    Args:
        document: the result.
        draws: whether there is a figure.
    """
    from lrfind.report.sweep import result_json
    from lrfind.report.train import training_json

    if isinstance(document, Result):
        table = {CURVE: result_json.to_csv(document).encode()}
        record = {RESULT: result_json.to_json(document).encode()}
    else:
        table = {ROWS: training_json.to_csv(document).encode()}
        record = {TRAIN: training_json.to_json(document).encode()}
    if not draws:
        return {**table, **record}
    from lrfind.report.plots.figure_of import draw

    return {**table, PLOT: draw(document, "png"), **record}
