"""`npy`: the user's own arrays, mapped from the disk or, where they are large, read from there batch by batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lrfind.core.dataset import Rows
from lrfind.core.errors import InputError
from lrfind.task.data.arrays import Arrays
from lrfind.task.data.files import brief, opened
from lrfind.task.data.rows import stored_rows, too_large


def load(section: Any) -> Arrays:
    """Return the arrays of two ``.npy`` files.

    Args:
        section: the paths ``inputs`` and ``targets``.

    Raises:
        InputError: no such file, or nothing that numpy reads without pickle.
    """
    inputs = mapped(Path(section.inputs), "data.inputs")
    targets = mapped(Path(section.targets), "data.targets")
    if not too_large(inputs.size + targets.size) or inputs.dtype.hasobject or targets.dtype.hasobject:
        return Arrays(inputs, targets)
    return Arrays(
        unmapped(inputs, Path(section.inputs), "data.inputs"), unmapped(targets, Path(section.targets), "data.targets")
    )


def unmapped(array: np.memmap[Any, Any], path: Path, key: str) -> Rows:
    """Return a mapped array as one that is read row by row; a single value or an empty array is returned as it is.

    Raises:
        InputError: the file stores the array column by column.
    """
    if not array.flags.c_contiguous:
        raise InputError(
            f"{path} holds columns one after another (Fortran's order), and {array.nbytes / 1e9:.1f} GB are read row "
            "by row; write it again with numpy.save(path, numpy.ascontiguousarray(array))",
            key=key,
        )
    if not array.size or not array.ndim:
        return array
    return stored_rows(path.open("rb", buffering=0), str(path), array.offset, array.shape, array.dtype)


def mapped(path: Path, key: str) -> np.memmap[Any, Any]:
    """Return the array in a file, mapped into memory read-only.

    Args:
        path: the file.
        key: the config key that names it.

    Raises:
        InputError: no such file, or nothing that numpy reads without pickle.
    """
    try:
        with opened(path, key, "an .npy file") as file:
            start = file.read(6)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}", key=key) from None
    if start.startswith(b"PK"):
        raise InputError(f"{path} is an .npz archive; read it with 'name: npz' and its path", key=key)
    if start != b"\x93NUMPY":
        raise InputError(f"{path} is no .npy file; write one with numpy.save(path, array)", key=key)
    try:
        array: np.memmap[Any, Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # Of a damaged header, numpy raises whatever it stumbles over.
        if "Python objects" in str(error):
            what = "holds Python objects, which are never unpickled; save numbers"
        elif "greater than file size" in str(error):
            what = "is cut off; write it again"
        else:
            what = f"is damaged: {brief(error)}"
        raise InputError(f"{path} {what}", key=key) from None
    return array
