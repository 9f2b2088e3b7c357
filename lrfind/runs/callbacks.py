"""Callbacks of a run, and the time that its parts take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lrfind.core.dataset import Floats
from lrfind.core.result import Timing

if TYPE_CHECKING:
    from lrfind.storage.replay import Position


class Callback(Protocol):
    """Callback that is told of a run's progress, such as a progress bar; any method may raise KeyboardInterrupt."""

    def phase(self, name: str) -> None:
        """A part of the run begins.

        Args:
            name: ``"import"``, ``"data"``, ``"compile"``, ``"sweep"``, ``"confirm"``, ``"train"`` or ``"render"``.
        """

    def folder(self, path: Path, passed: str = "") -> None:
        """The run directory is taken.

        Args:
            path: the run directory.
            passed: reason, as ``"holds ..."``, why it is not the folder of the config's name; empty if it is.
        """

    def note(self, text: str) -> None:
        """There is something else to know, in one sentence."""

    def resume(self, reached: Position | None, rejected_lines: int) -> None:
        """An unfinished run is carried on.

        Args:
            reached: last measured step of its journal; None if there is none.
            rejected_lines: number of lines of its journal that do not belong to it.
        """

    def on_recompute(self, kind: str, done: int, total: int) -> None:
        """Steps of a kind that the journal has are trained again, `done` of `total` so far."""

    def on_sweep_chunk(self, learning_rate: Floats, done: int, loss: float) -> None:
        """A chunk of the range test or of a training is finished.

        Args:
            learning_rate: rates of the whole pass, shape (steps,).
            done: number of finished steps.
            loss: loss of the last one, median over the seeds.
        """

    def on_confirm_start(self, steps: float, seconds: float) -> None:
        """The confirmation begins; it takes at most so many optimiser steps, and about so many seconds."""

    def on_rung_chunk(self, rates: int, horizon: int, done: float, total: float) -> None:
        """A chunk of a rung is finished.

        Args:
            rates: number of rates of the rung.
            horizon: length of its trials in steps.
            done: optimiser steps of the confirmation so far.
            total: largest number of optimiser steps of the confirmation.
        """


class NullCallback:
    """A callback that does nothing."""

    def phase(self, name: str) -> None: ...

    def folder(self, path: Path, passed: str = "") -> None: ...

    def note(self, text: str) -> None: ...

    def resume(self, reached: Position | None, rejected_lines: int) -> None: ...

    def on_recompute(self, kind: str, done: int, total: int) -> None: ...

    def on_sweep_chunk(self, learning_rate: Floats, done: int, loss: float) -> None: ...

    def on_confirm_start(self, steps: float, seconds: float) -> None: ...

    def on_rung_chunk(self, rates: int, horizon: int, done: float, total: float) -> None: ...


@dataclass
class Timer:
    """Timer of a run's parts.

    Attributes:
        started: time of the start, in seconds of `time.perf_counter`.
        spent: seconds by part.
    """

    started: float = field(default_factory=time.perf_counter)
    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.spent[part] = self.spent.get(part, 0.0) + time.perf_counter() - begin

    def timing(self) -> Timing:
        """Return the seconds of each part so far, and in total."""
        return Timing(**self.spent, total=self.total)

    @property
    def total(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.started


@dataclass(frozen=True)
class RunContext:
    """Callback and timer of a run.

    Attributes:
        callback: callback that is told of the progress.
        timer: timer of the run's parts.
    """

    callback: Callback
    timer: Timer

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a part of the run and tell the callback of its beginning."""
        with self.timer("import_" if name == "import" else name):
            self.callback.phase(name)
            yield
