"""`lrfind init`: a config to start from."""

from __future__ import annotations

from pathlib import Path

from lrfind.cli.terminal import say, write_stdout
from lrfind.config.json_schema import starter
from lrfind.core.errors import InputError


def init(path: Path, *, force: bool) -> None:
    """Write a starter config to a new file, or to standard output.

    Args:
        path: of the file; ``-`` for standard output.
        force: whether a file that exists is replaced.

    Raises:
        InputError: it exists, or cannot be written.
    """
    if str(path) == "-":
        write_stdout(starter())
        return
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file in it, such as {path / 'config.yaml'}")
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(starter())
    except FileExistsError:
        raise InputError(f"{path} exists; choose another name, or overwrite it with --force") from None
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None
    say(f"wrote {path}; now run: lrfind sweep {path}")
