"""What a run says of itself on stderr while it goes: a bar on a terminal, a few lines elsewhere."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrfind.cli.screen import Screen, say

if TYPE_CHECKING:
    from lrfind.types import Floats

PHASES = {
    "import": "starting JAX",
    "data": "loading data",
    "compile": "compiling",
    "sweep": "sweeping",
    "render": "drawing",
}


class Lines:
    """Narration where lines cannot be redrawn: where the files are, nothing else.

    Args:
        name: the config's name.
        named: the user named the run directory.
    """

    def __init__(self, name: str, *, named: bool) -> None:
        self.name = name
        self.named = named

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *exception: object) -> None: ...

    def phase(self, name: str) -> None: ...

    def folder(self, path: Path) -> None:
        if not self.named and path.name != self.name:
            say(f"lrfind: {path.with_name(self.name)} holds the run of another config; this one goes to {path}")

    def climb(self, learning_rate: Floats, done: int, loss: float) -> None: ...


class Silent(Lines):
    """No narration."""

    def folder(self, path: Path) -> None: ...


class Bar(Lines):
    """A progress bar: rate, loss, steps a second, time left."""

    def __init__(self, name: str, *, named: bool, screen: Screen) -> None:
        super().__init__(name, named=named)
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

        console = Console(stderr=True, no_color=not screen.color, width=screen.width)
        self._bar = Progress(
            SpinnerColumn("dots" if screen.unicode else "line"),
            TextColumn("{task.fields[label]}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[facts]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("", total=None, label=f"{name}: starting", facts="")
        self._began = time.perf_counter()

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def phase(self, name: str) -> None:
        self._began = time.perf_counter()
        self._update(label=f"{self.name}: {PHASES[name]}", facts="")

    def climb(self, learning_rate: Floats, done: int, loss: float) -> None:
        speed = done / max(time.perf_counter() - self._began, 1e-9)
        facts = f"lr {learning_rate[done - 1]:.1e}  loss {loss:.4g}  {speed:,.0f} steps/s"
        self._update(total=len(learning_rate), completed=done, facts=facts)

    def _update(self, **fields: Any) -> None:
        self._bar.update(self._task, **fields)


def watcher(name: str, *, named: bool, quiet: bool, screen: Screen) -> Lines:
    """The narration that fits stderr."""
    if quiet:
        return Silent(name, named=named)
    return Bar(name, named=named, screen=screen) if screen.live else Lines(name, named=named)
