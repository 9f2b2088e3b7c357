"""Read the rows of a log file: CSV, JSON lines, a JSON array or an object with one."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lrfind.core.errors import InputError

HOLDERS = ("log_history", "history", "logs", "log", "trace", "rows", "records", "metrics", "data")
"""Keys of a JSON object that hold the rows; `log_history` is Hugging Face's."""

DELIMITERS = ",\t;|"
"""Delimiters of CSV, in order of preference."""

COMMENT = "#"
"""Prefix of a comment line."""


@dataclass(frozen=True)
class Row:
    """A row of a log.

    Attributes:
        line: 1-based line of the file; for a JSON array, the 1-based index of the entry.
        cells: cells by column; a missing cell is blank.
    """

    line: int
    cells: Mapping[str, Any]


def rows(text: str, source: str) -> list[Row]:
    """Read all rows.

    Args:
        text: contents of the file.
        source: name of the file, for messages.

    Raises:
        InputError: The file is empty, or its form is unknown.
    """
    text = text.removeprefix("\ufeff")
    start = text.lstrip()
    if not start:
        raise InputError(f"{source} is empty")
    if start[:2] == "{'":
        text, start = as_json(text), as_json(start)
    if start[0] == "[" or (start[0] == "{" and not is_lines(start)):
        return pivoted(from_json(text, source))
    if start[0] == "{":
        return pivoted(list(from_lines(text, source)))
    return pivoted(list(from_csv(text, source)))


PYTHON = {"None": "null", "True": "true", "False": "false", "nan": "NaN", "inf": "Infinity"}
"""JSON literals by Python literal."""


def as_json(printed: str) -> str:
    """Convert printed Python dictionaries, such as the Hugging Face Trainer's, to JSON."""
    quoted = printed.replace("'", '"')
    return re.sub(r"(?<=[ :\[-])(None|True|False|nan|inf)(?=[,}\]])", lambda match: PYTHON[match[0]], quoted)


TAGS, VALUES = ("tag", "metric", "key", "name"), ("value",)
"""Columns with the name, and with the value, of a log with one row per number."""


def pivoted(rows: list[Row]) -> list[Row]:
    """Pivot rows of name and value to rows with a column of that name; other rows stay."""
    columns = {name.strip().lower(): name for row in rows[:1] for name in row.cells}
    tag, value = (next((columns[column] for column in known if column in columns), None) for known in (TAGS, VALUES))
    if tag is None or value is None:
        return rows
    turned = []
    for row in rows:
        cells = {name: cell for name, cell in row.cells.items() if name not in (tag, value)}
        turned.append(Row(row.line, cells | {str(row.cells.get(tag)): row.cells.get(value)}))
    return turned


def is_lines(text: str) -> bool:
    """Return whether a text is JSON lines: a first line that is an object of its own.

    A single object that holds columns of numbers is no JSON lines.
    """
    first, _, rest = text.partition("\n")
    try:
        first_value = json.loads(first)
    except (ValueError, RecursionError):
        return False
    if not isinstance(first_value, dict):
        return False
    columns = flat(first_value).values()
    return bool(rest.strip()) or not any(isinstance(values, list) and len(values) > 1 for values in columns)


def from_json(text: str, source: str) -> list[Row]:
    """Read an array of objects or of lists, an object that holds one, or an object of columns.

    Raises:
        InputError: The text is no JSON, or holds no rows.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise InputError(f"{source} is not valid JSON: {error}") from None
    except RecursionError:
        raise InputError(f"{source} is nested too deeply; a log is an array of objects") from None
    if isinstance(document, dict) and str(document.get("schema", "")).startswith(OWN):
        try:
            return from_training(document)
        except (AttributeError, TypeError) as error:
            raise InputError(f"{source}: this training of lrfind is damaged: {error}") from None
    if isinstance(document, dict):
        document = next((document[key] for key in HOLDERS if isinstance(document.get(key), list | dict)), document)
    if isinstance(document, dict):
        columns = {str(key): values for key, values in document.items() if isinstance(values, list)}
        if not columns:
            raise InputError(
                f"{source}: expected rows or columns of numbers; its keys are {', '.join(list(document)[:12])}"
            )
        length = max(map(len, columns.values()))
        document = [{key: values[i] for key, values in columns.items() if i < len(values)} for i in range(length)]
    if not isinstance(document, list):
        raise InputError(f"{source}: expected an array of objects, one per step or epoch")
    if document and all(isinstance(entry, list) for entry in document):
        lists = [entry for entry in document if len(entry) == len(document[0])]
        names = bare(lists)
        records = [Row(at, dict(zip(names, entry, strict=False))) for at, entry in enumerate(lists, start=1) if names]
    else:
        records = [Row(at, flat(entry)) for at, entry in enumerate(document, start=1) if isinstance(entry, dict)]
    if not records:
        raise InputError(f"{source}: expected an array of objects, one per step or epoch")
    return records


OWN = "lrfind/train/"
"""Prefix of the schema that `lrfind train` writes."""


def from_training(document: Mapping[str, Any]) -> list[Row]:
    """Read the rows of ``train.json``; null stands for a value that is not finite."""

    def column(part: str, key: str) -> list[Any]:
        values = (document.get(part) or {}).get(key) or []
        return [math.nan if cell is None else cell for cell in values]

    rate, loss = column("trace", "learning_rate"), column("trace", "loss")
    validations = zip(column("validation", "step"), column("validation", "loss"), strict=False)
    cells = [{"step": at, "lr": lr, "loss": cell} for at, (lr, cell) in enumerate(zip(rate, loss, strict=False))]
    cells += [{"step": at, "val_loss": cell} for at, cell in validations]
    return [Row(at, cell) for at, cell in enumerate(sorted(cells, key=lambda cell: cell["step"]), start=1)]


def from_lines(text: str, source: str) -> Iterator[Row]:
    """Read JSON lines; an incomplete last line is left out.

    Raises:
        InputError: A line is no JSON object.
    """
    lines = text.splitlines()
    last = max(number for number, line in enumerate(lines, start=1) if line.strip())
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except ValueError as error:
            if number == last and number > 1:
                return
            raise InputError(f"{source}:{number}: not valid JSON: {error}") from None
        except RecursionError:
            raise InputError(f"{source}:{number}: nested too deeply") from None
        if not isinstance(entry, dict):
            raise InputError(f'{source}:{number}: expected an object, such as {{"step": 1, "loss": 2.3}}')
        yield Row(number, flat(entry))


def from_csv(text: str, source: str) -> Iterator[Row]:
    """Read CSV with a header, or one to four bare columns of numbers.

    Raises:
        InputError: The file holds only comments, is no CSV, repeats a column, has a row longer than the header, or
            has neither a header nor a known number of columns.
    """
    lines = text.splitlines()
    written = (at for at, line in enumerate(lines) if line.strip() and not line.lstrip().startswith(COMMENT))
    skipped = next(written, None)
    if skipped is None:
        raise InputError(f"{source} has nothing but comments")
    header = lines[skipped]
    mark = max(DELIMITERS, key=header.count)
    if mark not in header:
        mark = " "
    try:
        reader = csv.reader(io.StringIO("\n".join(lines[skipped:])), delimiter=mark, skipinitialspace=True)
        names = header_names = [name.strip() for name in next(reader)]
        if all(is_number(name) for name in names):
            numeric = [cells for cells in csv.reader(lines[skipped:], delimiter=mark, skipinitialspace=True) if cells]
            names = bare([cells for cells in numeric if len(cells) == len(names)])
            if not names:
                raise InputError(
                    f"{source}: expected a header, or rows of step, loss[, rate[, validation loss]]; "
                    f"got {header[:60]!r}"
                )
            yield Row(skipped + 1, dict(zip(names, header_names, strict=False)))
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError(f"{source}:{skipped + 1}: the column {twice!r} is there twice")
        for cells in reader:
            if [cell.strip() for cell in cells] == header_names:
                continue  # of a logger that was started again
            if any(cell.strip() for cell in cells) and not cells[0].startswith(COMMENT):
                line = skipped + reader.line_num
                if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
                    raise InputError(f"{source}:{line}: has {len(cells)} cells, and the header {len(names)}")
                yield Row(line, {name: cell.strip() for name, cell in zip(names, cells, strict=False)})
    except csv.Error as error:
        raise InputError(f"{source}: not valid CSV: {error}") from None


def bare(cells: Sequence[Sequence[Any]]) -> list[str]:
    """Return names for columns without a header; none for too many columns.

    Trackers write three columns with a time first, then step and value (TensorBoard) or value and step (MLflow).
    """
    names = BARE.get(len(cells[0]), [])
    if len(names) == 3 and all(is_number(row[0]) and float(row[0]) > CLOCK for row in cells):
        whole = all(is_number(row[2]) and float(row[2]) % 1 == 0 for row in cells)
        return ["time", "loss", "step"] if whole else ["time", "step", "loss"]
    return names


CLOCK = 1e9
"""Least number that is a Unix time, in seconds or milliseconds: 2001 and later."""

BARE = {1: ["loss"], 2: ["step", "loss"], 3: ["step", "loss", "lr"], 4: ["step", "loss", "lr", "val_loss"]}
"""Names of columns without a header, by their number."""


def is_number(cell: Any) -> bool:
    """Return whether a cell is a number."""
    try:
        float(cell)
    except (ValueError, TypeError):
        return False
    return True


def flat(document: Mapping[str, Any], prefix: str = "", depth: int = 3) -> dict[str, Any]:
    """Flatten nested objects, joining their keys by ``/``."""
    cells: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, dict) and depth:
            cells |= flat(value, f"{prefix}{key}/", depth - 1)
        else:
            cells[f"{prefix}{key}"] = value
    return cells
