"""The documents of runs that ended: all that the gate and a training ask of a run.

Apart from `lrfind.storage.recover`, so that they import nothing of what puts killed runs together.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from lrfind.core.decode import read_result
from lrfind.core.errors import InputError, RunError
from lrfind.core.result import Result
from lrfind.core.training import Training
from lrfind.storage.atomic import is_special, read
from lrfind.storage.journal import JOURNAL, head_of
from lrfind.storage.layout import RESULT, TRAIN

Document = TypeVar("Document", Result, Training)


def finished_result(run: Path) -> Result:
    """Return the result of a finished sweep.

    Args:
        run: run directory, or its ``result.json``.

    Raises:
        InputError: there is no result, or the file is torn or none of lrfind's.
        RunError: the file cannot be read.
    """
    return finished(run, RESULT, read_result)


def stored_result(run: Path) -> Result:
    """Return what the ``result.json`` of a run holds.

    Args:
        run: run directory, or its ``result.json``.

    Raises:
        InputError: the file is torn or none of lrfind's.
        OSError: the file is missing or cannot be read.
    """
    return decoded(run / RESULT if run.is_dir() else run, read_result)


def decoded(file: Path, decode: Callable[[bytes], Document]) -> Document:
    """Return the document in a file; errors of its content name the file."""
    text = read(file)
    try:
        return decode(text)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None


def finished(run: Path, name: str, decode: Callable[[bytes], Document]) -> Document:
    """Return the document of a finished run.

    Args:
        run: run directory, or the file itself.
        name: name of the file in a run directory.
        decode: function that reads it.

    Raises:
        InputError: there is no such file, or it is torn or none of lrfind's.
        RunError: the file cannot be read.
    """
    file = run / name if run.is_dir() else run
    try:
        return decoded(file, decode)
    except FileNotFoundError:
        missing = f"there is no such file; a training leaves a {TRAIN}" if name == TRAIN else _reason_missing(run)
        raise InputError(f"{run}: {missing}") from None
    except OSError as error:
        raise RunError(f"{file} cannot be read: {error.strerror or error}") from error


def _reason_missing(run: Path) -> str:
    """Return why a path has no result, and where one may be."""
    if not run.is_dir():
        return f"there is no such run directory; a sweep leaves one with a {RESULT} in it"
    if (run / TRAIN).exists():
        return f"is the run of a training; `lrfind report {run}` shows it, and `lrfind sweep` measures a rate"
    if (run / JOURNAL).exists():
        return f"there is no {RESULT} in it, only a journal: the run is not finished; sweep its config again"
    runs = sorted(entry.name for entry in os.scandir(run) if (Path(entry) / RESULT).exists())
    if runs:
        return f"holds the run directories {', '.join(runs[:5])}{', ...' * (len(runs) > 5)}; name one of them"
    return f"there is no {RESULT} in it, so it is no run directory"


def is_training(run: Path) -> bool:
    """Return whether a run is a training, by its files or the head of its journal.

    Args:
        run: run directory, or a file of a run.
    """
    if run.is_dir():
        if (run / RESULT).exists() or (run / TRAIN).exists():
            return not (run / RESULT).exists()
        return "rate_from" in (head_of(run / JOURNAL) or {})
    if run.name == TRAIN or is_special(run):
        return run.name == TRAIN
    try:
        with run.open("rb") as file:
            return b'"schema": "lrfind/train/' in file.read(100)
    except OSError:
        return False
