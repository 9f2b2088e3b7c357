"""Progress of a run on stderr: a bar on a terminal, a few lines elsewhere."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrfind.cli.terminal import Interruption, Screen, say
from lrfind.core.printable import harmless
from lrfind.runs.callbacks import Callback

if TYPE_CHECKING:
    from lrfind.core.dataset import Floats
    from lrfind.storage.replay import Position

PATIENCE = 10.0
"""Seconds from which the expected duration of a confirmation is printed beside the bar."""

ROOMY = 90
"""Columns of a terminal from which the progress bar is drawn beside its figures."""

PHASES = {
    "import": "starting JAX",
    "data": "loading data",
    "compile": "compiling",
    "sweep": "sweeping",
    "confirm": "confirming",
    "train": "training",
    "render": "drawing",
}


NAMES = {"confirm": "confirmation", "train": "training"}
"""Names of kinds of steps."""


class LineProgress(Callback):
    """Progress where lines cannot be redrawn: a line for what the user has to know, nothing else.

    Args:
        name: the config's name.
        named: whether the user named the run directory.
        interruption: Ctrl-C and SIGTERM, raised between chunks.
        screen: abilities of stderr.
    """

    def __init__(self, name: str, *, named: bool, interruption: Interruption, screen: Screen) -> None:
        self.name = name
        self.named = named
        self.interruption = interruption
        self.path: Path | None = None

    def __enter__(self) -> LineProgress:
        return self

    def __exit__(self, *exception: object) -> None: ...

    def say(self, text: str) -> None:
        """Print one line."""
        say(text)

    def note(self, text: str) -> None:
        self.say(f"lrfind: {text}")

    def phase(self, name: str) -> None:
        self.interruption.take()
        # Before the sweep there is nothing to lose; from then on, a chunk or a drawing is waited for.
        self.interruption.waits = name in ("sweep", "confirm", "train", "render")

    def folder(self, path: Path, passed: str = "") -> None:
        self.path = path
        if not self.named and path.name != self.name:
            reason = passed or "holds the run of another config"
            self.say(f"lrfind: {path.with_name(self.name)} {reason}; this one goes to {path}")

    def resume(self, reached: Position | None, rejected_lines: int) -> None:
        if reached is not None:
            length = f" of trainings of {reached.of:,} steps" if reached.of is not None else ""
            step = f"step {reached.step:,} of the {NAMES.get(reached.kind, reached.kind)}{length}"
            self.say(f"lrfind: {self.path} is unfinished; it is carried on at {step}")
        if rejected_lines:
            lines, do = ("a line", "does") if rejected_lines == 1 else (f"{rejected_lines:,} lines", "do")
            rest = "not belong to the run, and what was measured there is measured again"
            self.say(f"lrfind: {lines} of the journal there {do} {rest}")

    def on_recompute(self, kind: str, done: int, total: int) -> None:
        if done == 0:
            steps = "a step" if total == 1 else f"{total:,} steps"
            self.say(f"lrfind: {steps} of the {NAMES.get(kind, kind)} since the last saved state are measured again")
        self.interruption.raise_if_interrupted()

    def on_sweep_chunk(self, learning_rate: Floats, done: int, loss: float) -> None:
        self.interruption.raise_if_interrupted()

    def on_confirm_start(self, steps: float, seconds: float) -> None:
        self.say(f"lrfind: confirming by short trainings, at most {steps:,.0f} steps: about {span(seconds)}")

    def on_rung_chunk(self, rates: int, horizon: int, done: float, total: float) -> None:
        self.interruption.raise_if_interrupted()


def parting(narration: LineProgress | None, interruption: Interruption) -> str:
    """Return the message of an interrupted command that has no result to show.

    Args:
        narration: of the running config; None before the first.
        interruption: signals that came.
    """
    if interruption.waits and narration is not None and narration.path is not None:
        return f"lrfind: interrupted; what was measured is in the journal in {narration.path}"
    return "lrfind: interrupted before anything was measured"


def span(seconds: float) -> str:
    """Return an estimated duration as text: ``"2 s"``, ``"3 min"``, ``"5 h"``."""
    if seconds < 1.5:
        return "a second"
    for unit, length in (("s", 1), ("min", 60)):
        if seconds < 100 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / 3600:,.0f} h"


class NoProgress(LineProgress):
    """Progress that prints nothing."""

    def say(self, text: str) -> None: ...


class ProgressBar(LineProgress):
    """A progress bar: rate, loss, steps a second, time left."""

    def __init__(self, name: str, *, named: bool, interruption: Interruption, screen: Screen) -> None:
        super().__init__(name, named=named, interruption=interruption, screen=screen)
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

        console = Console(stderr=True, no_color=not screen.color, width=screen.width)
        self._bar = Progress(
            SpinnerColumn("dots" if screen.unicode else "line"),
            TextColumn("{task.fields[label]}", markup=False),
            *([BarColumn(bar_width=20)] if screen.width >= ROOMY else []),
            TextColumn("{task.fields[facts]}", markup=False),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("", total=None, label=f"{harmless(name)}: starting", facts="")
        self._began = time.perf_counter()

    def __enter__(self) -> ProgressBar:
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def say(self, text: str) -> None:
        self._bar.console.print(harmless(text), markup=False, highlight=False, soft_wrap=True)

    def phase(self, name: str) -> None:
        super().phase(name)
        self._began = time.perf_counter()
        self._update(label=f"{harmless(self.name)}: {PHASES[name]}", facts="")

    def on_sweep_chunk(self, learning_rate: Floats, done: int, loss: float) -> None:
        speed = done / max(time.perf_counter() - self._began, 1e-9)
        facts = f"lr {learning_rate[done - 1]:.1e}  loss {loss:.4g}  {speed:,.0f} steps/s"
        self._update(total=len(learning_rate), completed=done, facts=facts)
        super().on_sweep_chunk(learning_rate, done, loss)

    def on_recompute(self, kind: str, done: int, total: int) -> None:
        self._update(facts=f"repeating {done:,} of {total:,} steps")
        super().on_recompute(kind, done, total)

    def on_confirm_start(self, steps: float, seconds: float) -> None:
        if seconds >= PATIENCE:
            super().on_confirm_start(steps, seconds)

    def on_rung_chunk(self, rates: int, horizon: int, done: float, total: float) -> None:
        speed = done / max(time.perf_counter() - self._began, 1e-9)
        facts = f"{rates} rates, {horizon:,} steps each  {speed:,.0f} steps/s"
        self._update(total=total, completed=done, facts=facts)
        super().on_rung_chunk(rates, horizon, done, total)

    def _update(self, **fields: Any) -> None:
        self._bar.update(self._task, **fields)
