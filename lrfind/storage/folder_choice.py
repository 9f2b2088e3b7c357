"""Which folder a run goes to: the one that the user named, or the first free one of its name. Chosen and locked in one
step, so that runs which begin together have folders of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from lrfind.storage import ownership
from lrfind.storage.claim import Unavailable
from lrfind.storage.layout import RESULT
from lrfind.storage.run_directory import RunDirectory, open_run


@contextmanager
def take(
    out: Path | None,
    runs: Path,
    name: str,
    mark: str,
    head: Mapping[str, Any],
    *,
    other: ownership.Other = ownership.other_config,
    fresh: bool,
    start: Path,
    avoid: Collection[Path] = (),
    result: str = RESULT,
) -> Iterator[RunDirectory]:
    """Take the folder that the user named for one run, or the first free one of ``runs/name``, ``runs/name-2``, ...

    Args:
        out: the named folder; None for one in `runs`.
        runs: the folder of all runs.
        name: of the config.
        mark: the run's fingerprint.
        head: what the journal begins with.
        other: says what a folder with a run of another fingerprint holds.
        fresh: begin anew, and overwrite another config's run in `out`.
        start: the absolute folder that `out` and `runs` are relative to.
        avoid: folders, relative to `start`, that went to other configs of the same command.
        result: the file that says that a run is whole.

    Raises:
        InputError: the named folder holds another run, or files of the user's.
        RunError: the folder cannot be written, or the named one is in use.
    """
    with ExitStack() as stack:
        if out is not None:
            yield stack.enter_context(
                open_run(out, mark, head, own=True, fresh=fresh, other=other, result=result, start=start),
            )
            return
        passed = ""
        for folder in ownership.candidates(runs, name):
            reason = (
                "holds a run of this command" if folder in avoid else ownership.obstacle(start / folder, mark, other)
            )
            if not reason:
                try:
                    run = stack.enter_context(
                        open_run(folder, mark, head, own=False, fresh=fresh, other=other, result=result, start=start)
                    )
                    break
                except Unavailable as error:
                    reason = error.reason
            passed = passed or reason
        run.passed = passed
        yield run
