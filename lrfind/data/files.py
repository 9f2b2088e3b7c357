"""Opening the user's files, with a sentence for whatever can go wrong."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from lrfind.errors import InputError


def opened(path: Path, key: str, kind: str) -> BinaryIO:
    """A file, open for reading.

    Args:
        path: where it is.
        key: the config key that names it.
        kind: what it should be, e.g. ``"an .npz file"``.

    Raises:
        InputError: it cannot be opened.
    """
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise InputError(f"there is no file {path}", key=key) from None
    except IsADirectoryError:
        raise InputError(f"{path} is a directory; name {kind}", key=key) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise InputError(f"{path} cannot be read: {reason or error}", key=key) from None
