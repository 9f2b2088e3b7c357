"""Who watches a run, and the clock beside it."""

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
    """Whoever wants to know what happens: a progress bar, or nobody."""

    def phase(self, name: str) -> None:
        """A part of the work begins: ``"data"``, ``"compile"``, ``"sweep"``, ``"confirm"``, ``"train"`` or
        ``"render"``."""

    def folder(self, path: Path, passed: str = "") -> None:
        """The run directory is taken; `passed` says why it is not that of the config's name, as ``"holds ..."``."""

    def note(self, text: str) -> None:
        """Something to know besides, a sentence."""

    def resume(self, reached: Position | None, rejected_lines: int) -> None:
        """An unfinished run is carried on from there; so many lines of its journal do not belong to it."""

    def on_recompute(self, kind: str, done: int, total: int) -> None:
        """So many steps have to be measured again, and are."""

    def on_sweep_chunk(self, learning_rate: Floats, done: int, loss: float) -> None:
        """`done` steps of a ladder are measured, the last one at this loss (median over seeds)."""

    def on_confirm_start(self, steps: float, seconds: float) -> None:
        """The confirmation will take at most so many optimiser steps, and about so long."""

    def on_rung_chunk(self, rates: int, horizon: int, done: float, total: float) -> None:
        """A part of a heat is done: of so many rates and steps; optimiser steps of all heats so far, and at most."""


class NullCallback:
    """A watcher who looks away."""

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
    """Seconds spent in each part of the work."""

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
        """What was spent so far, the whole included."""
        return Timing(**self.spent, total=self.total)

    @property
    def total(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.started
