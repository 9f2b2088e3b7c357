"""Where the user's own code may be loaded from, as the command line has it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrfind.config.load import Loaded
    from lrfind.own.reference import Door


def door(loaded: Loaded, allowed: Sequence[str]) -> Door:
    """The folder of the config, the working directory, and the packages that --allow-import names."""
    from lrfind.own.reference import Door

    return Door((loaded.folder, Path.cwd()), tuple(allowed))
