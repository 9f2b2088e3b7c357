"""Where the user's own code may be loaded from, as the command line has it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lrfind.core.errors import InputError

if TYPE_CHECKING:
    from lrfind.cli.measure_options import RunOptions
    from lrfind.config.load import Loaded
    from lrfind.task.user_code.loader import ImportPolicy


def import_policy(loaded: Loaded, wishes: RunOptions) -> ImportPolicy:
    """Return the folder of the config's file, those of --allow-code, and the packages of --allow-import.

    Raises:
        InputError: --allow-code names no folder.
    """
    from lrfind.task.user_code.loader import ImportPolicy

    for folder in wishes.code_folders:
        if not folder or not Path(folder).is_dir():
            raise InputError(f"--allow-code {folder or repr(folder)}: there is no such folder")
    folders = [*filter(None, [loaded.folder]), *map(Path, wishes.code_folders)]
    return ImportPolicy(tuple(folder.resolve() for folder in folders), tuple(wishes.packages))
