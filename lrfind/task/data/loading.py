"""What loaders share: arrays as they were loaded, columns of tables, opening files."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Rows
from lrfind.core.errors import InputError
from lrfind.core.registry import near


@dataclass(frozen=True)
class Table:
    """The columns and lines of the table that arrays were read from, for messages.

    Attributes:
        file: the file's name.
        inputs: names of the columns of inputs, in order.
        targets: names of the columns of targets, in order.
        lines: the line that each row begins at, shape (rows,), for text; None where rows are counted from 0.
    """

    file: str
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    lines: NDArray[np.int64] | None = None

    def place(self, row: int, column: str) -> str:
        """Return a cell's position in words."""
        start = f"row {row}" if self.lines is None else f"line {self.lines[row]}"
        return f"{start}, column '{column}' of {self.file}"


class Arrays(NamedTuple):
    """Inputs and targets of a data set.

    Attributes:
        inputs: shape (rows, ...).
        targets: shape (rows,) or (rows, outputs).
        classes: names of the labels 0, 1, ..., where these were text.
        table: the table that the rows come from; None where there is none.
    """

    inputs: Rows
    targets: Rows
    classes: tuple[str, ...] | None = None
    table: Table | None = None

    def place(self, role: str, index: tuple[int, ...]) -> str:
        """Return the position of a value of the inputs or targets in words."""
        row, *rest = index
        if self.table is not None:
            names = self.table.inputs if role == "inputs" else self.table.targets
            return self.table.place(row, names[rest[0] if rest else 0])
        if len(rest) > 1:
            return f"row {row}, index {index}"
        return f"row {row}, column {rest[0]}" if rest else f"row {row}"


MANY = 20
"""Columns beyond which a message does not list them all."""


def choose(names: Sequence[str], section: Any, path: Path) -> Table:
    """Return the columns that a config asks for, in its order.

    Args:
        names: all columns of the table.
        section: ``inputs``, names or nothing for all but the targets; ``targets``, names.
        path: the table's file.

    Raises:
        InputError: there is no such column, or it is not clear which one is meant.
    """
    counts = Counter(names)

    def check(name: str, key: str) -> None:
        if name not in counts:
            rest = f" and {len(counts) - MANY:,} more" if len(counts) > MANY else ""
            known = ", ".join(list(counts)[:MANY]) + rest
            raise InputError(f"{path} has no column '{name}'{near(name, counts)}; it has {known}", key=key)
        if counts[name] > 1:
            raise InputError(f"{path} has {counts[name]} columns called '{name}'; give each a name of its own", key=key)

    def check_all(wanted: Sequence[str], keys: Sequence[str], targets: Sequence[str] = ()) -> tuple[str, ...]:
        for number, (name, key) in enumerate(zip(wanted, keys, strict=True)):
            check(name, key)
            if name in targets:
                raise InputError(f"'{name}' is a target, and no input beside it; take it out", key=key)
            if name in wanted[:number]:
                raise InputError(f"'{name}' is named twice; once is enough", key=key)
        return tuple(wanted)

    single = len(section.targets) == 1
    keys = ["data.targets"] if single else [f"data.targets.{number}" for number in range(len(section.targets))]
    targets = check_all(section.targets, keys)
    if section.inputs:
        keys = [f"data.inputs.{number}" for number in range(len(section.inputs))]
        return Table(path.name, check_all(section.inputs, keys, targets), targets)
    others = [(number, name) for number, name in enumerate(names, start=1) if name not in targets]
    for number, name in others:
        if not name:
            raise InputError(
                f"column {number} of {path} has no name (row numbers that were saved along?); name those that "
                "are inputs in data.inputs, or write the file without it",
                key="data.inputs",
            )
        check(name, "data.inputs")
    if not others:
        beside = "', '".join(section.targets)
        raise InputError(f"{path} has no column beside '{beside}' to learn from", key="data.path")
    return Table(path.name, tuple(name for _, name in others), targets)


LONGEST = 160
"""Characters of another library's message that ours repeats."""

ON_DISK = "save it with numpy.save and read it with 'name: npy', which does not read it as a whole"
"""Remedy for arrays that do not fit into memory."""


def brief(error: Exception) -> str:
    """Return another library's message on one line, cut after `LONGEST` characters."""
    message = " ".join(str(error).split()).rstrip(".")
    return message if len(message) <= LONGEST else message[: LONGEST - 3] + "..."


@contextmanager
def opened(path: Path, key: str, kind: str) -> Iterator[BinaryIO]:
    """Open a file for reading.

    Args:
        path: the file.
        key: the config key that names the file.
        kind: the expected kind of file in messages, e.g. ``"an .npz file"``.

    Raises:
        InputError: the path cannot be opened or read, or is no regular file.
    """
    try:
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            # One without a writer would be waited for without end, and none can be read twice.
            raise InputError(f"{path} is a pipe or a device, which cannot be read twice; name {kind}", key=key)
        with path.open("rb") as file:
            yield file
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
