"""`lrfind diagnose`: what a loss log shows."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lrfind.cli import options
from lrfind.cli.delivery import deliver, failure, look_of, shown_errors, summarise
from lrfind.cli.options import Format
from lrfind.cli.outputs import check_files
from lrfind.cli.terminal import say, screen
from lrfind.core.errors import ExitCode, InputError, LrfindError
from lrfind.core.registry import FINDINGS, near

if TYPE_CHECKING:
    from lrfind.analysis.diagnosis.logs.names import Role
    from lrfind.core.training import Diagnosis, Finding
    from lrfind.core.verdicts import Failure
    from lrfind.report.look import Look

TITLE = "lrfind diagnose"

LARGEST = 2**28
"""Bytes of a log beyond which it is refused rather than read into memory."""


def diagnose(
    log: Annotated[str, typer.Argument(help="CSV, JSON lines, or JSON; - reads standard input.", show_default=False)],
    loss_column: Annotated[str | None, typer.Option(help="Column of the training loss.", show_default=False)] = None,
    val_column: Annotated[str | None, typer.Option(help="Column of the validation loss.", show_default=False)] = None,
    lr_column: Annotated[str | None, typer.Option(help="Column of the learning rate.", show_default=False)] = None,
    step_column: Annotated[str | None, typer.Option(help="Column of the step or epoch.", show_default=False)] = None,
    fail_on: options.FailOn = None,
    form: options.FormatOption = Format.text,
    as_json: options.Json = False,
    output: options.Output = None,
    no_color: options.NoColor = False,
    debug: options.Debug = False,
) -> None:
    """Say what a training shows, from its log: diverged, too high, too slow, over-fitted, ..., or healthy.

    Columns are found by their usual names. A rate and a validation loss in the log make it more certain.

    Example: lrfind diagnose lightning_logs/version_0/metrics.csv
    """
    named: dict[Role, str | None] = {"loss": loss_column, "val_loss": val_column, "lr": lr_column, "step": step_column}
    columns = {role: name for role, name in named.items() if name is not None}
    form = Format.json if as_json else form
    with shown_errors(debug=debug):
        fail_ids = ids(fail_on or [])
        check_files({"--output": output}, [log], "the log")
        try:
            diagnosis = diagnosis_of(log, columns)
        except LrfindError as error:
            if form in (Format.junit, Format.github):
                show(failure(source_of(log), error), form, output, look_of(screen(sys.stdout), None, title=TITLE))
            raise
        look = look_of(screen(sys.stdout, color=not no_color), output, fail_on=fail_ids, title=TITLE)
        show(diagnosis, form, output, look)
        raise typer.Exit(exit_code(diagnosis.findings, fail_ids))


def diagnosis_of(log: str, columns: Mapping[Role, str]) -> Diagnosis:
    """Return the diagnosis of a log.

    Args:
        log: file name; ``-`` for standard input.
        columns: names of columns, by what they hold.

    Raises:
        InputError: the log cannot be read, or has no loss.
    """
    from lrfind.analysis.diagnosis.diagnosis import diagnose
    from lrfind.analysis.diagnosis.logs.read import read
    from lrfind.core.training import Diagnosis

    source = source_of(log)
    trace = read(text_of(log), source, columns, lambda sentence: say(f"lrfind: {sentence}"))
    return Diagnosis(source, trace, tuple(diagnose(trace)))


def show(document: Diagnosis | Failure, form: Format, output: Path | None, look: Look) -> None:
    """Write a diagnosis, and its summary in GitHub Actions.

    Args:
        document: diagnosis, or what failed.
        form: format.
        output: file to write; None for standard output.
        look: options of the report.
    """
    from lrfind.core.training import Diagnosis
    from lrfind.report.render import render

    text = render(document, form, look)
    if form is Format.github and isinstance(document, Diagnosis):
        summarise(render(document, Format.markdown, look))
    deliver(text, output)


def source_of(log: str) -> str:
    """Return the name of a log in messages."""
    return "stdin" if log == "-" else log


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
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8",):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            raise InputError(f"{log}:{line}: is not text in UTF-8; a log is CSV, JSON lines or JSON") from None
    raise AssertionError


def ids(names: Sequence[str]) -> frozenset[str]:
    """Return the findings that --fail-on names.

    Args:
        names: of --fail-on.

    Raises:
        InputError: there is none of that name.
    """
    for name in names:
        if name not in FINDINGS:
            raise InputError(
                f"--fail-on {name}: there is no such finding{near(name, FINDINGS)}; one of {', '.join(FINDINGS)}"
            )
    return frozenset(names)


def exit_code(findings: Sequence[Finding], fail_ids: frozenset[str]) -> ExitCode:
    """Return exit code 1 where one of the findings is among those of --fail-on."""
    return ExitCode.NO_RECOMMENDATION if fail_ids & {finding.id for finding in findings} else ExitCode.DONE
