"""`lrfind init`: a config to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lrfind.cli.options import Debug, named
from lrfind.cli.terminal import say, show_error, write_stdout
from lrfind.core.errors import InputError, LrfindError


def init(
    path: Annotated[Path, typer.Argument(help="File to write; - prints it.", parser=named, metavar="[PATH]")] = Path(
        "config.yaml"
    ),
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    debug: Debug = False,
) -> None:
    """Write a commented config that runs as it is."""
    from lrfind.config.template import starter

    try:
        if str(path) == "-":
            write_stdout(starter())
            return
        write_new(path, starter(), force=force)
    except LrfindError as error:
        raise typer.Exit(show_error(error, debug=debug)) from None
    say(f"wrote {path}; now run: lrfind sweep {path}")


def write_new(path: Path, text: str, *, force: bool) -> None:
    """Write a file that must not be there yet, unless forced."""
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file in it, such as {path / 'config.yaml'}")
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise InputError(f"{path} exists; choose another name, or overwrite it with --force") from None
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None
