"""`npz`: the user's own arrays."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.data.prepare import Arrays
from lrfind.errors import InputError
from lrfind.registry import near


def load(section: Any) -> Arrays:
    """Two arrays of an ``.npz`` file, by name.

    Args:
        section: ``path``, and the names ``inputs`` and ``targets``.

    Raises:
        InputError: no such file or array, or nothing that numpy reads without pickle.
    """
    path = Path(section.path)
    try:
        archive = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"there is no file {path}", key="data.path") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a directory; name an .npz file", key="data.path") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}", key="data.path") from None
    except (ValueError, EOFError, zipfile.BadZipFile):
        raise InputError(
            f"{path} is no .npz file; write one with numpy.savez(path, x=..., y=...)", key="data.path"
        ) from None
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise InputError(
            f"{path} holds a single array; write both with numpy.savez(path, x=..., y=...)", key="data.path"
        )
    with archive:
        return Arrays(read(archive, section.inputs, "inputs", path), read(archive, section.targets, "targets", path))


def read(archive: np.lib.npyio.NpzFile, name: str, role: str, path: Path) -> NDArray[Any]:
    """One array of the file."""
    if name not in archive.files:
        held = ", ".join(archive.files) or "nothing"
        raise InputError(
            f"{path} has no array '{name}'{near(name, archive.files)}; it holds {held}", key=f"data.{role}"
        )
    try:
        array: NDArray[Any] = archive[name]
    except ValueError:
        raise InputError(
            f"array '{name}' of {path} holds Python objects, which are never unpickled; save numbers",
            key=f"data.{role}",
        ) from None
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"array '{name}' of {path} is damaged: {error}", key=f"data.{role}") from None
    return array
