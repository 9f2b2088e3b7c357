"""What a run directory holds, whether its run ended or was killed, without JAX."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lrfind.cli.terminal import say
from lrfind.core.errors import InputError, RunError

if TYPE_CHECKING:
    from lrfind.core.result import Result
    from lrfind.core.training import Training


def is_training(run: Path) -> bool:
    """Whether a run directory, or the file of a run, is that of a training."""
    from lrfind.storage.layout import JOURNAL, RESULT, TRAIN

    if not run.is_dir():
        return run.name == TRAIN or b'"schema": "lrfind/train/' in beginning(run)
    if (run / RESULT).exists() or (run / TRAIN).exists():
        return not (run / RESULT).exists()
    if not (run / JOURNAL).exists():
        return False
    from lrfind.storage.recover_training import is_training as says_so

    return says_so(run)


def beginning(file: Path) -> bytes:
    """The first bytes of a file, which may not be there."""
    from lrfind.storage.atomic import is_special

    if is_special(file):
        return b""
    try:
        with file.open("rb") as opened:
            return opened.read(100)
    except OSError:
        return b""


def open_result(run: Path, *, quiet: bool) -> Result:
    """The result of a sweep, whether it ended or was killed; what a reader has to know of that is said on stderr.

    Raises:
        InputError: there is no run, or none of a sweep.
        NothingToJudge: the run was killed before anything was measured.
        RunError: it cannot be read.
    """
    from lrfind.cli.finished_run import open_finished
    from lrfind.storage.layout import RESULT

    if ended(run, RESULT):
        from lrfind.storage.recover import with_infinities

        result = with_infinities(open_finished(run), run if run.is_dir() else run.parent)
        if not (result.status == "interrupted" and carried_on(run)):
            mind_newer(run, quiet=quiet)
            return result
    from lrfind.storage.recover import recover_result

    result, reached = recover_result(run)
    mind_end(run, reached, quiet=quiet)
    return result


def open_training(run: Path, *, quiet: bool) -> Training:
    """The training of a run directory, or of its train.json; otherwise as `told`."""
    from lrfind.storage.layout import TRAIN

    if ended(run, TRAIN):
        from lrfind.core.decode import read_training
        from lrfind.storage.atomic import read
        from lrfind.storage.recover_training import with_infinities

        file = run / TRAIN if run.is_dir() else run
        try:
            training = read_training(read(file))
        except FileNotFoundError:
            raise InputError(f"{run}: there is no such file; a training leaves a {TRAIN}") from None
        except OSError as error:
            raise RunError(f"{file} cannot be read: {error.strerror or error}") from error
        except InputError as error:
            raise InputError(f"{file}: {error}") from None
        if not (training.status == "interrupted" and carried_on(run)):
            mind_newer(run, quiet=quiet)
            return with_infinities(training, file.parent)
    from lrfind.storage.recover_training import recover_training

    training, reached = recover_training(run)
    mind_end(run, reached, quiet=quiet)
    return training


def ended(run: Path, result: str) -> bool:
    """Whether there is a result to read rather than a journal alone."""
    from lrfind.storage.layout import JOURNAL

    return not run.is_dir() or (run / result).exists() or not (run / JOURNAL).exists()


def carried_on(run: Path) -> bool:
    """Whether a run that was interrupted was carried on, and killed: its journal knows more than its result."""
    from lrfind.storage.layout import JOURNAL, ending, read_journal

    lines = read_journal(run / JOURNAL).lines if run.is_dir() else ()
    return bool(lines) and ending(lines) is None


def mind_newer(run: Path, *, quiet: bool) -> None:
    """Say that a newer run stands beside the finished one."""
    from lrfind.storage.layout import NEXT_JOURNAL, fingerprint_of

    if run.is_dir() and fingerprint_of(run, NEXT_JOURNAL) is not None and not quiet:
        say(f"lrfind: a newer run in {run} is not finished, so this is the one before it")


def mind_end(run: Path, reached: str, *, quiet: bool) -> None:
    """Say that a run did not end."""
    if not quiet:
        say(f"lrfind: {run}: the run did not end: {reached}; start the same command again to carry it on")


def kept(run: Path, names: Sequence[str]) -> list[Path]:
    """The files that a run left, in the order in which it names them."""
    folder = run if run.is_dir() else run.parent
    return [folder / name for name in names if (folder / name).exists()]
