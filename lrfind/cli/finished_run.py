"""A finished run from its directory, without JAX: what `check --run` judges, and what can be rendered again."""

from __future__ import annotations

import os
from pathlib import Path

from lrfind.core.decode import read_result
from lrfind.core.errors import InputError, RunError
from lrfind.core.result import Result
from lrfind.storage.atomic import read
from lrfind.storage.layout import JOURNAL, RESULT, TRAIN


def open_finished(path: Path) -> Result:
    """The result of a run.

    Args:
        path: a run directory, or the ``result.json`` of one.

    Raises:
        InputError: there is no result, or the file is torn or none of lrfind's.
        RunError: it cannot be read.
    """
    file = path / RESULT if path.is_dir() else path
    try:
        text = read(file)
    except FileNotFoundError:
        raise InputError(f"{path}: {missing(path)}") from None
    except OSError as error:
        raise RunError(f"{file} cannot be read: {error.strerror or error}") from error
    try:
        return read_result(text)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None


def missing(path: Path) -> str:
    """Why there is no result at a place, and where one may be."""
    if not path.is_dir():
        return f"there is no such run directory; a sweep leaves one with a {RESULT} in it"
    if (path / TRAIN).exists():
        return f"is the run of a training; `lrfind report {path}` shows it, and `lrfind sweep` measures a rate"
    if (path / JOURNAL).exists():
        return f"there is no {RESULT} in it, only a journal: the run is not finished; sweep its config again"
    inside = sorted(entry.name for entry in os.scandir(path) if (Path(entry) / RESULT).exists())
    if inside:
        return f"holds the run directories {', '.join(inside[:5])}{', ...' * (len(inside) > 5)}; name one of them"
    return f"there is no {RESULT} in it, so it is no run directory"
