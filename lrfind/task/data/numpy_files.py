"""`npy` and `npz`: the user's own arrays; those of .npy files are mapped, or where large read batch by batch."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Rows
from lrfind.core.errors import InputError
from lrfind.core.registry import near
from lrfind.task.data.loading import Arrays, brief, check_room, no_room, opened
from lrfind.task.data.rows import stored_rows, too_large


def load_npy(section: Any) -> Arrays:
    """Return the arrays of two ``.npy`` files.

    Args:
        section: the paths ``inputs`` and ``targets``.

    Raises:
        InputError: no such file, or nothing that numpy reads without pickle.
    """
    paths = {"data.inputs": Path(section.inputs), "data.targets": Path(section.targets)}
    arrays: dict[str, Any] = {key: mapped(path, key) for key, path in paths.items()}
    large = too_large(sum(array.size for array in arrays.values()))
    if large and not any(array.dtype.hasobject for array in arrays.values()):
        arrays = {key: unmapped(array, paths[key], key) for key, array in arrays.items()}
    return Arrays(*arrays.values())


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
    with opened(path, key, "an .npy file") as file:
        start = file.read(6)
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


def load_npz(section: Any) -> Arrays:
    """Return two arrays of an ``.npz`` file.

    Args:
        section: ``path``, and the names ``inputs`` and ``targets``.

    Raises:
        InputError: no such file or array, or nothing that numpy reads without pickle.
    """
    path = Path(section.path)
    with opened(path, "data.path", "an .npz file") as file, unpacked(file, path) as archive:
        return Arrays(read(archive, section.inputs, "inputs", path), read(archive, section.targets, "targets", path))


def unpacked(file: BinaryIO, path: Path) -> np.lib.npyio.NpzFile:
    """Return the archive in an open file: given a path, numpy would leave a damaged one open.

    Raises:
        InputError: the file is damaged, or no archive.
    """
    try:
        archive = np.load(file, allow_pickle=False)
    except (zipfile.BadZipFile, NotImplementedError):  # the latter for versions that there are not
        what = "is cut off or damaged; write it again"
    except (ValueError, EOFError):
        what = "is no .npz file; write one with numpy.savez(path, x=..., y=...)"
    else:
        if isinstance(archive, np.lib.npyio.NpzFile):
            return archive
        what = "holds a single array; write both with numpy.savez(path, x=..., y=...)"
    raise InputError(f"{path} {what}", key="data.path")


def read(archive: np.lib.npyio.NpzFile, name: str, role: str, path: Path) -> NDArray[Any]:
    """Return one array of the archive.

    Args:
        archive: the open archive.
        name: the array's name.
        role: ``"inputs"`` or ``"targets"``.
        path: the archive's path, for messages.

    Raises:
        InputError: there is no such array, it is damaged, does not fit into memory, or would have to be unpickled.
    """
    key, size = f"data.{role}", 0
    if name not in archive.files:
        known = ", ".join(archive.files) or "nothing"
        raise InputError(f"{path} has no array '{name}'{near(name, archive.files)}; it holds {known}", key=key)
    try:  # Of a file that is not as it was written, numpy, zipfile and zlib raise whatever they stumble over.
        size = declared(archive, name)
        check_room(size, f"array '{name}' of {path}", key)
        array: NDArray[Any] | bytes = archive[name]
    except InputError:
        raise
    except MemoryError:
        if size:
            raise no_room(size, f"array '{name}' of {path}", key) from None
        what = "is damaged: its header is no header"  # Python's parser says so of one with too many brackets.
    except Exception as error:
        what = f"is damaged: {brief(error)}"
        if "allow_pickle" in str(error):
            what = "holds Python objects, which are never unpickled; save numbers"
    else:
        if not isinstance(array, bytes):
            return array
        raise InputError(f"'{name}' of {path} is no array; write both with numpy.savez(path, x=..., y=...)", key=key)
    raise InputError(f"array '{name}' of {path} {what}", key=key)


def declared(archive: np.lib.npyio.NpzFile, name: str) -> int:
    """Return the bytes of an array by the archive's directory, checked against the array's header, before it is read.

    Raises:
        ValueError: the header declares more bytes than there are.
    """
    members = archive.zip
    assert members is not None, "it is open"
    member = name if name in members.namelist() else f"{name}.npy"
    stored = members.getinfo(member).file_size
    with members.open(member) as file:
        if file.read(6) != np.lib.format.MAGIC_PREFIX:
            return stored  # No array, as will be seen.
        file.seek(0)
        version = np.lib.format.read_magic(file)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
        if read is None:
            return stored
        shape, _, kind = read(file)
    size = math.prod(shape) * kind.itemsize
    if size > stored and not kind.hasobject:
        raise ValueError(f"its header speaks of {size:,} bytes, and {stored:,} are there")
    return stored
