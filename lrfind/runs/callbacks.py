"""The callback of a run; it imports nothing heavy, as a command shows progress before there is anything to run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrfind.core.dataset import Floats
    from lrfind.storage.replay import Position


class Callback:
    """Callback for the progress of a run, which does nothing; a progress bar overrides it.

    Any method may raise KeyboardInterrupt.
    """

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
