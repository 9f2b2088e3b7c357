"""Prepare a run: its options and its clock, the import of JAX, the data, the task."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lrfind.config.schema import Config
from lrfind.core.result import Timing
from lrfind.runs.callbacks import Callback
from lrfind.storage.claim import FolderOptions
from lrfind.storage.replay import ReplayJournal, position
from lrfind.storage.run_directory import RunDirectory
from lrfind.task.user_code.loader import ImportPolicy

if TYPE_CHECKING:
    from lrfind.task.task import Task


@dataclass(frozen=True)
class Options(FolderOptions):
    """Options of a run that are not part of the config. Only `low`, `high` and `device` move the curve.

    Attributes:
        low: lowest rate the user allows; None leaves it to the extension.
        high: highest rate the user allows; None leaves it to the extension.
        device: ``"cpu"``, ``"gpu"``, ``"tpu"``, or None for JAX's choice.
        cache: whether to keep compiled programs between processes.
        policy: where the user's own code may be loaded from.
    """

    low: float | None = None
    high: float | None = None
    device: str | None = None
    cache: bool = True
    policy: ImportPolicy = field(default_factory=ImportPolicy)


@dataclass
class RunContext:
    """Callback of a run, and the time that its parts take.

    Attributes:
        callback: callback for the progress.
        started: time of the start, in seconds of `time.perf_counter`.
        spent: seconds by part.
    """

    callback: Callback
    started: float = field(default_factory=time.perf_counter)
    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Time a part of the run."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.spent[part] = self.spent.get(part, 0.0) + time.perf_counter() - begin

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a part of the run and tell the callback of its beginning."""
        with self.timed("import_" if name == "import" else name):
            self.callback.phase(name)
            yield

    def timing(self) -> Timing:
        """Return the seconds of each part so far, and in total."""
        return Timing(**self.spent, total=self.total)

    @property
    def total(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.started


@dataclass(frozen=True)
class Run:
    """A run of a task.

    Attributes:
        task: task to train.
        platform: ``"cpu"``, ``"gpu"`` or ``"tpu"``.
        context: callback and clock of the run.
        replay: journal of the run.
    """

    task: Task
    platform: str
    context: RunContext
    replay: ReplayJournal = field(default_factory=ReplayJournal)


def tell_folder(directory: RunDirectory, callback: Callback) -> None:
    """Tell a callback of the folder that a run took, and whether an unfinished run is carried on."""
    callback.folder(directory.path, directory.passed)
    reached = position(directory.recorded)
    if reached is not None or directory.rejected_lines:
        callback.resume(reached, directory.rejected_lines)


def prepare(config: Config, options: Options, context: RunContext) -> tuple[Task, str]:
    """Import JAX, load the data and build the network.

    Returns:
        Task and platform.

    Raises:
        InputError: data, config or device are wrong.
        RunError: memory does not suffice for the model.
    """
    with context.phase("import"):
        from lrfind.engine import devices, jax_settings

        jax_settings.keep_freed()
        platform = devices.configure(options.device, cache=options.cache)
        jax_settings.set_aside()
        jax_settings.quiet_callbacks()
        from lrfind.task.task import make
    with context.phase("data"), devices.failures():
        if config.targets:
            from lrfind.task import from_user_code

            task = from_user_code.make(config, options.policy)
        else:
            task = make(config)
        jax_settings.set_aside()  # The user's own code may have set others.
    if note := jax_settings.said_of_aside():
        context.callback.note(note)
    return task, platform
