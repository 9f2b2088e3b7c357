"""`lrfind init`: a config to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lrfind.cli.delivery import shown_errors
from lrfind.cli.options import Debug, named
from lrfind.cli.terminal import say, write_stdout
from lrfind.core.errors import InputError


def init(
    path: Annotated[Path, typer.Argument(help="File to write; - prints it.", parser=named, metavar="[PATH]")] = Path(
        "config.yaml"
    ),
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    debug: Debug = False,
) -> None:
    """Write a commented config that runs as it is."""
    from lrfind.config.template import starter

    with shown_errors(debug=debug):
        if str(path) == "-":
            write_stdout(starter())
            return
        write_new(path, starter(), force=force)
    say(f"wrote {path}; now run: lrfind sweep {path}")


def write_new(path: Path, text: str, *, force: bool) -> None:
    """Write a new file.

    Args:
        path: of the file.
        text: its content.
        force: whether a file that exists is replaced.

    Raises:
        InputError: it exists, or cannot be written.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file in it, such as {path / 'config.yaml'}")
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise InputError(f"{path} exists; choose another name, or overwrite it with --force") from None
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None
