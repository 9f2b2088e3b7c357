"""The result of a finished sweep, read from its run directory: all that the gate and a training ask of a run.

Apart from `open_result`, so that they import nothing of what puts killed runs together.
"""

from __future__ import annotations

import os
from pathlib import Path

from lrfind.core.decode import read_result
from lrfind.core.errors import InputError, RunError
from lrfind.core.result import Result
from lrfind.storage.atomic import read
from lrfind.storage.layout import JOURNAL, RESULT, TRAIN


def finished_result(run: Path) -> Result:
    """Return the result of a finished sweep.

    Args:
        run: run directory, or its ``result.json``.

    Raises:
        InputError: there is no result, or the file is torn or none of lrfind's.
        RunError: the file cannot be read.
    """
    try:
        return stored_result(run)
    except FileNotFoundError:
        raise InputError(f"{run}: {_reason_missing(run)}") from None
    except OSError as error:
        raise RunError(f"{run / RESULT if run.is_dir() else run} cannot be read: {error.strerror or error}") from error


def stored_result(run: Path) -> Result:
    """Return what the ``result.json`` of a run holds.

    Args:
        run: run directory, or its ``result.json``.

    Raises:
        InputError: the file is torn or none of lrfind's.
        OSError: the file is missing or cannot be read.
    """
    file = run / RESULT if run.is_dir() else run
    text = read(file)
    try:
        return read_result(text)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None


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
