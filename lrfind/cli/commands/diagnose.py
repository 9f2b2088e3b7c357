"""`lrfind diagnose`: what a loss log shows."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lrfind.cli.options import DiagnoseOptions
from lrfind.cli.outputs import check_files, deliver, failure, look_of, summarise
from lrfind.cli.terminal import say, screen
from lrfind.core.errors import ExitCode, InputError, LrfindError
from lrfind.core.formats import Format
from lrfind.core.registry import FINDINGS, near

if TYPE_CHECKING:
    from lrfind.core.training import Diagnosis, Finding

LARGEST = 2**28
"""Bytes of a log beyond which it is refused rather than read into memory."""


def run(log: str, options: DiagnoseOptions) -> ExitCode:
    """Write the diagnosis of a log, and its summary in GitHub Actions, and return the exit code.

    Args:
        log: file name; ``-`` for standard input.
        options: from the command line.

    Raises:
        InputError: the log cannot be read, or has no loss; the formats of CI get a document of that.
    """
    fail_ids, form = ids(options.fail_on), options.format
    check_files(options.files, [log], "the log")
    from lrfind.report.render import render

    shows = screen(sys.stdout, color=not options.no_color)
    look = look_of(shows, options.output, fail_on=fail_ids, title="lrfind diagnose")
    source = "stdin" if log == "-" else log
    try:
        diagnosis = diagnosis_of(log, source, options)
    except LrfindError as error:
        if form in (Format.junit, Format.github):
            deliver(render(failure(source, error), form, look), options.output)
        raise
    text = render(diagnosis, form, look)
    if form is Format.github:
        summarise(render(diagnosis, Format.markdown, look))
    deliver(text, options.output)
    return exit_code(diagnosis.findings, fail_ids)


def diagnosis_of(log: str, source: str, options: DiagnoseOptions) -> Diagnosis:
    """Return the diagnosis of a log.

    Args:
        log: file name; ``-`` for standard input.
        source: name of the log in messages.
        options: from the command line, which may name columns.

    Raises:
        InputError: the log cannot be read, or has no loss.
    """
    from lrfind.analysis.diagnosis.logs.columns import Role
    from lrfind.analysis.diagnosis.logs.read import read
    from lrfind.analysis.diagnosis.wording import diagnose
    from lrfind.core.training import Diagnosis

    named: dict[Role, str | None] = {
        "loss": options.loss_column,
        "val_loss": options.val_column,
        "lr": options.lr_column,
        "step": options.step_column,
    }
    columns = {role: name for role, name in named.items() if name is not None}
    trace = read(text_of(log), source, columns, lambda sentence: say(f"lrfind: {sentence}"))
    return Diagnosis(source, trace, tuple(diagnose(trace)))


def text_of(log: str) -> str:
    """Return the text of a file, or of standard input.

    Args:
        log: file name; ``-`` for standard input.

    Raises:
        InputError: it cannot be read, is too large, or is no text.
    """
    try:
        if log == "-":
            content = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(log).open("rb") as file:
                content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise InputError(f"{log}: there is no such file") from None
    except IsADirectoryError:
        raise InputError(f"{log} is a folder; name a log in it, such as metrics.csv") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{log} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > LARGEST:
        raise InputError(f"{log} is larger than {LARGEST >> 20} MB; log fewer steps, or cut columns")
    try:
        return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"{log}:{line}: is not text in UTF-8; a log is CSV, JSON lines or JSON") from None


def ids(names: Collection[str] | None) -> frozenset[str]:
    """Return the findings that --fail-on names.

    Args:
        names: of --fail-on; None for none.

    Raises:
        InputError: there is none of that name.
    """
    for name in names or ():
        if name not in FINDINGS:
            raise InputError(
                f"--fail-on {name}: there is no such finding{near(name, FINDINGS)}; one of {', '.join(FINDINGS)}"
            )
    return frozenset(names or ())


def exit_code(findings: Sequence[Finding], fail_ids: frozenset[str]) -> ExitCode:
    """Return exit code 1 where one of the findings is among those of --fail-on."""
    return ExitCode.NO_RECOMMENDATION if fail_ids & {finding.id for finding in findings} else ExitCode.DONE
