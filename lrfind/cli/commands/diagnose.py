"""`lrfind diagnose`: what a loss log shows."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lrfind.cli import options
from lrfind.cli.delivery import deliver, failure, look_of, summarise
from lrfind.cli.options import Format
from lrfind.cli.outputs import check_files
from lrfind.cli.terminal import say, screen, show_error
from lrfind.core.errors import ExitCode, InputError, LrfindError, fault
from lrfind.core.registry import FINDINGS, near

if TYPE_CHECKING:
    from lrfind.analysis.diagnosis.logs.names import Role
    from lrfind.core.training import Finding

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
    given = {role: name for role, name in named.items() if name is not None}
    form = Format.json if as_json else form
    try:
        wanted = ids(fail_on or [])
        check_files({"--output": output}, [log], "the log")
        try:
            found = judged(log, given, form, output, wanted, color=not no_color)
        except LrfindError as error:
            if form in (Format.junit, Format.github):
                from lrfind.report.render import render

                look = look_of(screen(sys.stdout), None, title=TITLE)
                deliver(render(failure(source_of(log), error), form, look), output)
            raise
    except LrfindError as error:
        raise typer.Exit(show_error(error, debug=debug)) from None
    except Exception as error:
        raise typer.Exit(show_error(fault(error), debug=debug)) from None
    raise typer.Exit(exit_code(found, wanted))


def judged(
    log: str, given: dict[Role, str], form: Format, output: Path | None, wanted: Collection[str], *, color: bool
) -> Sequence[Finding]:
    """Read, judge and show a log."""
    from lrfind.analysis.diagnosis.diagnosis import diagnose
    from lrfind.analysis.diagnosis.logs.read import read
    from lrfind.core.training import Diagnosis
    from lrfind.report.render import render

    source = source_of(log)
    trace = read(text_of(log), source, given, lambda sentence: say(f"lrfind: {sentence}"))
    found = diagnose(trace)
    look = look_of(screen(sys.stdout, color=color), output, fail_on=wanted, title=TITLE)
    diagnosis = Diagnosis(source, trace, tuple(found))
    shown = render(diagnosis, form, look)
    if form is Format.github:
        summarise(render(diagnosis, Format.markdown, look))
    deliver(shown, output)
    return found


def source_of(log: str) -> str:
    """How messages call a log."""
    return "stdin" if log == "-" else log


def text_of(log: str) -> str:
    """The text of a file, or of standard input.

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
    """The findings that --fail-on names.

    Raises:
        InputError: there is none of that name.
    """
    for name in names:
        if name not in FINDINGS:
            raise InputError(
                f"--fail-on {name}: there is no such finding{near(name, FINDINGS)}; one of {', '.join(FINDINGS)}"
            )
    return frozenset(names)


def exit_code(found: Sequence[Finding], wanted: frozenset[str]) -> ExitCode:
    """1 where something was found that --fail-on names."""
    return ExitCode.NO_RECOMMENDATION if wanted & {each.id for each in found} else ExitCode.DONE
