"""Opening the user's files, with a sentence for whatever can go wrong."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from lrfind.core.errors import InputError

LONGEST = 160
"""Characters of another library's message that ours repeats."""

ON_DISK = "save it with numpy.save and read it with 'name: npy', which does not read it as a whole"
"""Remedy for arrays that do not fit into memory."""


def brief(error: Exception) -> str:
    """Return another library's message on one line, cut after `LONGEST` characters."""
    message = " ".join(str(error).split()).rstrip(".")
    return message if len(message) <= LONGEST else message[: LONGEST - 3] + "..."


def opened(path: Path, key: str, kind: str) -> BinaryIO:
    """Open a file for reading.

    Args:
        path: the file.
        key: the config key that names the file.
        kind: the expected kind of file in messages, e.g. ``"an .npz file"``.

    Raises:
        InputError: the path cannot be opened, or is no regular file.
    """
    try:
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            # One without a writer would be waited for without end, and none can be read twice.
            raise InputError(f"{path} is a pipe or a device, which cannot be read twice; name {kind}", key=key)
        return path.open("rb")
    except FileNotFoundError:
        raise InputError(f"there is no file {path}", key=key) from None
    except IsADirectoryError:
        raise InputError(f"{path} is a directory; name {kind}", key=key) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise InputError(f"{path} cannot be read: {reason or error}", key=key) from None


def memory() -> int:
    """Return the bytes of memory that this process may have: the machine's, or less where a limit is set."""
    limits = []
    with suppress(AttributeError, ValueError, OSError):  # Not on Windows.
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(OSError, ValueError):
        limits.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    with suppress(ImportError, OSError, ValueError):
        import resource

        limits += [limit for limit in resource.getrlimit(resource.RLIMIT_AS)[:1] if limit != resource.RLIM_INFINITY]
    return min(limits, default=2**62)


def check_room(size: int, what: str, key: str, remedy: str = ON_DISK) -> None:
    """Check that so many bytes can fit into memory.

    Args:
        size: bytes.
        what: the object that takes them, for messages.
        key: the config key that names the object.
        remedy: the advice of the message.

    Raises:
        InputError: they cannot.
    """
    if size > memory():
        raise no_room(size, what, key, remedy)


def no_room(size: int, what: str, key: str, remedy: str = ON_DISK) -> InputError:
    """Return the refusal of an object that does not fit into memory; arguments as for `check_room`."""
    return InputError(f"{what} takes {size / 1e9:,.1f} GB, and there is no memory for it; {remedy}", key=key)
