"""The rate of a finished run, for a training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lrfind.core.errors import InputError

if TYPE_CHECKING:
    from lrfind.runs.train import Peak


def recommended(run: Path) -> Peak:
    """The rate that a finished run recommends.

    Raises:
        InputError: there is no run, or it recommends none.
    """
    from lrfind.core.decode import read_result
    from lrfind.runs.train import Peak
    from lrfind.storage.atomic import read
    from lrfind.storage.run_directory import RESULT

    path = run / RESULT if run.is_dir() else run
    try:
        text = read(path)
    except InputError as error:
        raise InputError(f"--use {error}") from None
    except OSError as error:
        raise InputError(
            f"--use {run}: {path.name} cannot be read: {error.strerror}; name the run directory of `lrfind sweep`"
        ) from None
    try:
        result = read_result(text)
    except InputError as error:
        raise InputError(f"--use {run}: {error}") from None
    found = result.recommendation
    if found.learning_rate is None:
        raise InputError(f"--use {run}: that run recommends no rate: {found.reason}")
    return Peak(found.learning_rate, f"the run in {run}", found.high if found.confirmed else None)
