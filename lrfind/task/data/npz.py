"""`npz`: the user's own arrays."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from lrfind.core.errors import InputError
from lrfind.core.registry import near
from lrfind.task.data.arrays import Arrays
from lrfind.task.data.files import brief, check_room, no_room, opened


def load(section: Any) -> Arrays:
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
        raise InputError(f"{path} is cut off or damaged; write it again", key="data.path") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}", key="data.path") from None
    except (ValueError, EOFError):
        raise InputError(
            f"{path} is no .npz file; write one with numpy.savez(path, x=..., y=...)", key="data.path"
        ) from None
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise InputError(
            f"{path} holds a single array; write both with numpy.savez(path, x=..., y=...)", key="data.path"
        )
    return archive


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
    if name not in archive.files:
        known = ", ".join(archive.files) or "nothing"
        raise InputError(
            f"{path} has no array '{name}'{near(name, archive.files)}; it holds {known}", key=f"data.{role}"
        )
    size = 0
    try:  # Of a file that is not as it was written, numpy, zipfile and zlib raise whatever they stumble over.
        size = declared(archive, name)
        check_room(size, f"array '{name}' of {path}", f"data.{role}")
        array: NDArray[Any] | bytes = archive[name]
    except MemoryError:
        if not size:  # Python's parser says so of a header with too many brackets.
            raise InputError(
                f"array '{name}' of {path} is damaged: its header is no header", key=f"data.{role}"
            ) from None
        raise no_room(size, f"array '{name}' of {path}", f"data.{role}") from None
    except InputError:
        raise
    except Exception as error:
        if "allow_pickle" in str(error):
            what = "holds Python objects, which are never unpickled; save numbers"
        else:
            what = f"is damaged: {brief(error)}"
        raise InputError(f"array '{name}' of {path} {what}", key=f"data.{role}") from None
    if isinstance(array, bytes):
        raise InputError(
            f"'{name}' of {path} is no array; write both with numpy.savez(path, x=..., y=...)", key=f"data.{role}"
        )
    return array


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
    with members.open(member) as file:
        version = np.lib.format.read_magic(file)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
        if read is None:
            return stored
        shape, _, kind = read(file)
    size = math.prod(shape) * kind.itemsize
    if size > stored and not kind.hasobject:
        raise ValueError(f"its header speaks of {size:,} bytes, and {stored:,} are there")
    return stored
