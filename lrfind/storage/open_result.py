"""The result of a sweep or a training, read from its run directory, whether the run ended or was killed."""

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
from lrfind.storage.journal import JOURNAL, NEXT_JOURNAL, ending, fingerprint_of, head_of, read_journal
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
    return _finished(run, RESULT, read_result)


def stored_result(run: Path) -> Result:
    """Return what the ``result.json`` of a run holds.

    Args:
        run: run directory, or its ``result.json``.

    Raises:
        InputError: the file is torn or none of lrfind's.
        OSError: the file is missing or cannot be read.
    """
    return _decoded(run / RESULT if run.is_dir() else run, read_result)


def _decoded(file: Path, decode: Callable[[bytes], Document]) -> Document:
    text = read(file)
    try:
        return decode(text)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None


def _finished(run: Path, name: str, decode: Callable[[bytes], Document]) -> Document:
    file = run / name if run.is_dir() else run
    try:
        return _decoded(file, decode)
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


def open_result(run: Path, note: Callable[[str], None]) -> Result | Training:
    """Return the result of a sweep or of a training, whether the run ended or was killed.

    Args:
        run: run directory, or its ``result.json`` or ``train.json``.
        note: takes a sentence about a run that did not end.

    Raises:
        InputError: there is no run, or its files are none of lrfind's.
        NothingToJudge: the run was killed before anything was measured.
        RunError: a file cannot be read.
    """
    training = is_training(run)
    if not run.is_dir() or (run / (TRAIN if training else RESULT)).exists() or not (run / JOURNAL).exists():
        document = _finished(run, TRAIN, read_training) if training else finished_result(run)
        lines = read_journal(run / JOURNAL).lines if document.status == "interrupted" and run.is_dir() else ()
        if not lines or ending(lines) is not None:  # Otherwise it was resumed and killed: its journal knows more.
            if run.is_dir() and fingerprint_of(run, NEXT_JOURNAL) is not None:
                note(f"a newer run in {run} is not finished, so this is the one before it")
            return recover.with_infinities(document, run if run.is_dir() else run.parent)
    document, reached = recover.recover_training(run) if training else recover.recover_result(run)
    note(f"{run}: the run did not end: {reached}; start the same command again to carry it on")
    return document


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
