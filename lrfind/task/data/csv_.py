"""`csv`: the user's own table, as text."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from lrfind.core.errors import InputError
from lrfind.task.data.loading import Arrays, Table, choose, opened

SEPARATORS = ",;\t"
"""Characters that may separate cells."""

LONGEST_LINE = 2**24
"""Letters of a line: many more than a million columns of numbers have, and less than memory."""

REMEDY = "leave such rows out, or fill in a number"


def load(section: Any) -> Arrays:
    """Return numbers of some columns as inputs; numbers of one or more, or text of one, as targets.

    Args:
        section: ``path``; ``inputs``, names of columns, or nothing for all but the targets; ``targets``, names.

    Raises:
        InputError: no such file or column, or a cell that is no number.
    """
    path = Path(section.path)
    with opened(path, "data.path", "a .csv file") as file, TextIOWrapper(file, "utf-8-sig", newline="") as text:
        records = read(text, path)
        _, header = next(records, (1, []))
        names = [cell.strip() for cell in header]
        if not names or all(is_number(name) for name in names):
            what = "holds numbers" if names else "is empty"
            raise InputError(f"the first line of {path} {what}; it must name the columns", key="data.path")
        table = choose(names, section, path)
        positions = [[names.index(name) for name in chosen] for chosen in (table.inputs, table.targets)]
        values, answers, texts, lines = array("d"), array("d"), list[str](), array("q")
        for line, cells in records:
            if len(cells) != len(names):
                raise InputError(
                    f"line {line} of {path} has {len(cells)} cells, and the first line names {len(names)} columns; "
                    "they must agree (put text with a separator in it in quotes)",
                    key="data.path",
                )
            inputs, targets = ([cells[position] for position in chosen] for chosen in positions)
            try:
                values.extend(map(float, inputs))
                if len(targets) > 1:
                    answers.extend(map(float, targets))
            except ValueError:
                raise no_number(table, inputs, targets, f"line {line}", path, named=bool(section.inputs)) from None
            if len(targets) == 1:
                texts.append(targets[0].strip())
            lines.append(line)
    if not lines:
        raise InputError(f"{path} names columns and has no rows", key="data.path")
    table = replace(table, lines=np.frombuffer(lines, np.int64))
    matrix = np.frombuffer(values, np.float64).reshape(len(lines), -1)
    if answers:
        return Arrays(matrix, np.frombuffer(answers, np.float64).reshape(len(lines), -1), None, table)
    return Arrays(matrix, *understood(texts, table), table)


def no_number(
    table: Table, inputs: Sequence[str], targets: Sequence[str], start: str, path: Path, *, named: bool
) -> InputError:
    """Return the refusal of a row's first cell that is no number; `named` where the config names the inputs."""
    cells = zip((*table.inputs, *table.targets), (*inputs, *targets), strict=True)
    column, bad = next((column, cell) for column, cell in cells if not is_number(cell))
    where = f"{shown(bad)} in {start}, column '{column}' of {path}"
    if column in table.inputs:
        other = "take that column out" if named else "name the columns of numbers"
        return InputError(f"{where}; inputs must be numbers: {REMEDY}, or {other}", key="data.inputs")
    return InputError(f"{where}; several targets must be numbers: {REMEDY}", key="data.targets")


def read(text: TextIO, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the first line's number and the cells of each record; blank lines are left out.

    Raises:
        InputError: the file is no UTF-8 text or no CSV.
    """
    line = 1
    try:
        lines = lines_of(text)
        first = next(lines, "")
        reader = csv.reader(chain([first], lines), delimiter=separator_of(first), skipinitialspace=True, strict=True)
        for cells in reader:
            if any(cells):
                yield line, cells
            line = reader.line_num + 1
        return
    except UnicodeDecodeError as error:
        bad = error.object[error.start]
        what = f"line {line_that_is_no_text(path)} of {path} is no UTF-8 text: byte 0x{bad:02x}; save the file as UTF-8"
    except csv.Error as error:
        what = f"line {line} of {path} cannot be read: {error}"
        if "unexpected end of data" in str(error):
            what = f"a quote that is opened in line {line} of {path} is never closed"
    raise InputError(what, key="data.path")


def lines_of(text: TextIO) -> Iterator[str]:
    """Yield lines; one that would fill the memory raises `csv.Error`."""
    while line := text.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise csv.Error(f"it has {LONGEST_LINE:,} letters or more; a row of a table ends with a line break")
        yield line


def separator_of(header: str) -> str:
    """Return the separator that makes most cells of the first line."""

    def cell_count(separator: str) -> int:
        try:
            return len(next(csv.reader([header], delimiter=separator, strict=True), ()))
        except csv.Error:
            return 0

    return max(SEPARATORS, key=cell_count)


def line_that_is_no_text(path: Path) -> int:
    """Return the number of the first line that does not decode: the decoder reads ahead, and knows no lines."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1


def understood(texts: Sequence[str], table: Table) -> tuple[NDArray[Any], tuple[str, ...] | None]:
    """Return targets as whole numbers, else as numbers, else as labels of classes, whose names follow.

    Raises:
        InputError: numbers among text, or an empty cell.
    """
    try:
        return np.array([int(text) for text in texts], np.int64), None
    except (ValueError, OverflowError):
        pass
    numbers = [is_number(text) for text in texts]
    if all(numbers):
        return np.array([float(text) for text in texts]), None
    if any(numbers):
        row, other = numbers.index(False), numbers.index(True)
        raise InputError(
            f"{shown(texts[row])} in {table.place(row, table.targets[0])}, and the number {texts[other]} in "
            f"{table.place(other, table.targets[0])}; targets must be all numbers or all text",
            key="data.targets",
        )
    if "" in texts:
        position = table.place(texts.index(""), table.targets[0])
        raise InputError(f"nothing in {position}; leave such rows out, or fill in a label", key="data.targets")
    classes = sorted(set(texts))
    labels = {text: label for label, text in enumerate(classes)}
    return np.array([labels[text] for text in texts], np.int32), tuple(classes)


def is_number(cell: str) -> bool:
    """Return whether a cell is a number, NaN and infinity included."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def shown(cell: str) -> str:
    """Return a cell that is no number, as a message shows it."""
    if not cell.strip():
        return "nothing"
    return repr(cell if len(cell) <= 40 else cell[:37] + "...")
