"""The result of a finished sweep, read from its run directory: all that the gate and a training ask of a run.

Apart from `open_result`, so that they import nothing of what puts killed runs together.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from lrfind.core.decode import read_result, read_training
from lrfind.core.errors import InputError, RunError
from lrfind.core.result import Result
from lrfind.core.training import Training
from lrfind.storage import recover
from lrfind.storage.atomic import is_special, read
from lrfind.storage.layout import JOURNAL, NEXT_JOURNAL, RESULT, TRAIN, ending, fingerprint_of, read_journal


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


Document = TypeVar("Document", Result, Training)

Note = Callable[[str], None]
"""Takes one sentence about a run that did not end."""


def open_result(run: Path, note: Note) -> Result | Training:
    """Return the result of a sweep or of a training, whether the run ended or was killed.

    Args:
        run: run directory, or its ``result.json`` or ``train.json``.
        note: takes a sentence about a run that did not end.

    Raises:
        InputError: there is no run, or its files are none of lrfind's.
        NothingToJudge: the run was killed before anything was measured.
        RunError: a file cannot be read.
    """
    if is_training(run):
        return _open(run, TRAIN, _finished_training, recover.recover_training, note)
    return _open(run, RESULT, _finished_sweep, recover.recover_result, note)


def _open(
    run: Path,
    file: str,
    finished: Callable[[Path], Document],
    recovered: Callable[[Path], tuple[Document, str]],
    note: Note,
) -> Document:
    """Return the document of a run: what `finished` reads, or what `recovered` makes of the journal."""
    if not run.is_dir() or (run / file).exists() or not (run / JOURNAL).exists():
        document = finished(run)
        if not (document.status == "interrupted" and _resumed(run)):
            if run.is_dir() and fingerprint_of(run, NEXT_JOURNAL) is not None:
                note(f"a newer run in {run} is not finished, so this is the one before it")
            return document
    document, reached = recovered(run)
    note(f"{run}: the run did not end: {reached}; start the same command again to carry it on")
    return document


def _finished_sweep(run: Path) -> Result:
    return recover.with_infinities(finished_result(run), run if run.is_dir() else run.parent)


def _finished_training(run: Path) -> Training:
    file = run / TRAIN if run.is_dir() else run
    try:
        training = read_training(read(file))
    except FileNotFoundError:
        raise InputError(f"{run}: there is no such file; a training leaves a {TRAIN}") from None
    except OSError as error:
        raise RunError(f"{file} cannot be read: {error.strerror or error}") from error
    except InputError as error:
        raise InputError(f"{file}: {error}") from None
    return recover.training_with_infinities(training, file.parent)


def _resumed(run: Path) -> bool:
    """Return whether an interrupted run was resumed and killed, so that its journal knows more than its result."""
    lines = read_journal(run / JOURNAL).lines if run.is_dir() else ()
    return bool(lines) and ending(lines) is None


def is_training(run: Path) -> bool:
    """Return whether a run is a training, by its files or the head of its journal.

    Args:
        run: run directory, or a file of a run.
    """
    if not run.is_dir():
        return run.name == TRAIN or b'"schema": "lrfind/train/' in _beginning(run)
    if (run / RESULT).exists() or (run / TRAIN).exists():
        return not (run / RESULT).exists()
    return (run / JOURNAL).exists() and recover.is_training(run)


def _beginning(file: Path) -> bytes:
    """Return the first 100 bytes of a regular file; none if it cannot be read."""
    if is_special(file):
        return b""
    try:
        with file.open("rb") as stream:
            return stream.read(100)
    except OSError:
        return b""
