"""Parameters of commands, each declared once, and dataclasses of them spread into the signature of a command.

Annotations are evaluated where they stand, as a command's parameters are made of them at every start.
"""

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from lrfind.core.formats import Format
from lrfind.storage.atomic import descriptor

STDOUT = 1
"""File descriptor of standard output."""


def named(text: str) -> Path:
    """Return a path of the command line.

    Raises:
        typer.BadParameter: the text is empty, as of an unset variable, and would stand for ``.``.
    """
    if not text:
        raise typer.BadParameter("is empty; name a file or folder, or leave it out")
    return Path(text)


def file_of(text: str) -> Path | None:
    """Return the file that --output names; None for standard output, by whichever name."""
    path = named(text)
    return None if text == "-" or descriptor(path) == STDOUT else path


def option(help: str, *names: str, **arguments: Any) -> Any:
    """Return an option that is called like its parameter, or by `names`; the arguments are those of `typer.Option`."""
    return typer.Option(*names, help=help, **arguments)


def path_option(help: str, *, parser: Callable[[str], Path | None] = named, metavar: str = "PATH") -> Any:
    """Return an option that takes a path."""
    return typer.Option(help=help, parser=parser, metavar=metavar)


def argument(help: str, **arguments: Any) -> Any:
    """Return an argument without a default to show in --help; the arguments are those of `typer.Argument`."""
    return typer.Argument(help=help, show_default=False, **arguments)


def spread(function: Callable[..., None]) -> Callable[..., None]:
    """Return a command whose parameters that are dataclasses are replaced by their fields, one option each.

    Args:
        function: body of the command; typer reads the signature of what is returned.
    """
    groups: dict[str, Any] = {}
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(function, eval_str=True).parameters.items():
        if not is_dataclass(parameter.annotation):
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        groups[name] = parameter.annotation
        hints = get_type_hints(parameter.annotation, include_extras=True)
        parameters += [
            parameter.replace(
                name=field.name,
                kind=inspect.Parameter.KEYWORD_ONLY,
                default=field.default,
                annotation=hints[field.name],
            )
            for field in fields(parameter.annotation)
        ]

    @wraps(function)
    def command(**values: Any) -> None:
        for name, group in groups.items():
            values[name] = group(**{field.name: values.pop(field.name) for field in fields(group)})
        function(**values)

    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return command


Configs = Annotated[list[str], argument("YAML files; - reads one from standard input.")]
Advice = Annotated[bool, option("Add settings to paste for other schedules, and the usual guesses judged.", "--advice")]
ExitZero = Annotated[bool, option("Exit 0 where there is no rate to recommend.", "--exit-zero")]
FailOn = Annotated[list[str] | None, option("Exit 1 where this is found; repeatable.", metavar="ID")]
FormatOption = Annotated[Format, option("Form of the result.", "--format")]
Json = Annotated[bool, option("Short for --format json.", "--json")]
Output = Annotated[Path | None, path_option("Write the result there instead of to stdout.", parser=file_of)]
Plot = Annotated[Path | None, path_option("Draw to this file as well: .png, .svg or .pdf.")]
NoPlot = Annotated[bool, option("Draw nothing, neither file nor terminal.", "--no-plot")]
Quiet = Annotated[bool, option("No narration on stderr.", "--quiet", "-q")]
NoColor = Annotated[bool, option("No colours; NO_COLOR does the same.", "--no-color")]
Debug = Annotated[bool, option("Show tracebacks.", "--debug")]
