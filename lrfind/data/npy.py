"""`npy`: the user's own arrays, mapped from the disk and not read into memory as a whole."""

from __future__ import annotations

from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.data.arrays import Arrays
from lrfind.data.files import opened
from lrfind.errors import InputError


def load(section: Any) -> Arrays:
    """Two ``.npy`` files.

    Args:
        section: the paths ``inputs`` and ``targets``.

    Raises:
        InputError: no such file, or nothing that numpy reads without pickle.
    """
    return Arrays(mapped(Path(section.inputs), "data.inputs"), mapped(Path(section.targets), "data.targets"))


def mapped(path: Path, key: str) -> NDArray[Any]:
    """The array in a file, read-only; its pages are read when they are used."""
    with opened(path, key, "an .npy file") as file:
        start = file.read(6)
    if start.startswith(b"PK"):
        raise InputError(f"{path} is an .npz archive; read it with 'name: npz' and its path", key=key)
    if start != b"\x93NUMPY":
        raise InputError(f"{path} is no .npy file; write one with numpy.save(path, array)", key=key)
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError, SyntaxError, TokenError, OverflowError, MemoryError) as error:
        if "Python objects" in str(error):
            what = "holds Python objects, which are never unpickled; save numbers"
        elif "greater than file size" in str(error):
            what = "is cut off; write it again"
        else:
            what = f"is damaged: {error}"
        raise InputError(f"{path} {what}", key=key) from None
    return array
