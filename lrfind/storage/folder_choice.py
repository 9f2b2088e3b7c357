"""Choose the folder of a run: the one that the user named, or the first free one of its name.

The folder is chosen and locked in one step, so that runs which begin together have folders of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lrfind.storage import ownership
from lrfind.storage.claim import Unavailable
from lrfind.storage.layout import RESULT
from lrfind.storage.run_directory import RunDirectory, open_run


@dataclass(frozen=True)
class FolderOptions:
    """Options for the choice of a run directory.

    Attributes:
        out: run directory that the user named; None for one under `runs`.
        runs: folder of all runs.
        fresh: whether to begin anew, and to overwrite another config's run in `out`.
        start: absolute folder that `out` and `runs` are relative to, even if the user's code changes the working one.
        avoid: run directories of the previous configs of the same command.
    """

    out: Path | None = None
    runs: Path = Path("lrfind-runs")
    fresh: bool = False
    start: Path = field(default_factory=Path.cwd)
    avoid: Collection[Path] = ()


@contextmanager
def take(
    options: FolderOptions,
    name: str,
    fingerprint: str,
    head: Mapping[str, Any],
    *,
    other: ownership.Other = ownership.other_config,
    result: str = RESULT,
) -> Iterator[RunDirectory]:
    """Take the folder that the user named for one run, or the first free one of ``runs/name``, ``runs/name-2``, ...

    Args:
        options: options for the choice.
        name: name of the run.
        fingerprint: fingerprint of the run.
        head: head of its journal.
        other: function that describes a folder with a run of another fingerprint.
        result: name of the file that a finished run has.

    Raises:
        InputError: the named folder holds another run, or files of the user's.
        RunError: the folder cannot be written, or the named one is in use.
    """

    def taken(folder: Path, *, own: bool) -> RunDirectory:
        opened = open_run(
            folder,
            fingerprint,
            head,
            own=own,
            fresh=options.fresh,
            other=other,
            result=result,
            start=options.start,
        )
        return stack.enter_context(opened)

    with ExitStack() as stack:
        if options.out is not None:
            yield taken(options.out, own=True)
            return
        passed = ""
        for folder in ownership.candidates(options.runs, name):
            reason = "holds a run of this command" if folder in options.avoid else ""
            reason = reason or ownership.obstacle(options.start / folder, fingerprint, other)
            if not reason:
                try:
                    run = taken(folder, own=False)
                    break
                except Unavailable as error:
                    reason = error.reason
            passed = passed or reason
        run.passed = passed
        yield run
