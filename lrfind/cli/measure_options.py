"""What the command line of a command that trains asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lrfind.cli.options import Effort, Format
from lrfind.cli.outputs import check_plot, check_rewritten
from lrfind.core.errors import InputError

EFFORTS = {
    Effort.quick: ["sweep.seeds=1", "confirm.enabled=false"],
    Effort.standard: [],
    Effort.thorough: ["sweep.seeds=8", "sweep.steps=200", "confirm.budget=10000"],
}
"""What each effort sets in a config."""

KEYS = {
    "--min-lr": "sweep.min_lr",
    "--max-lr": "sweep.max_lr",
    "--steps": "sweep.steps",
    "--seeds": "sweep.seeds",
    "--method": "sweep.method",
    "--seed": "seed",
    "--confirm": "confirm.enabled",
}
"""Options that stand for a config key."""


def set_options(**options: Any) -> dict[str, Any]:
    """The options that have a value, as the command line calls them."""
    return {f"--{name.replace('_', '-')}": value for name, value in options.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What the command line asked for, of every command that trains; the fields are its options."""

    overrides: Sequence[str]
    flags: Mapping[str, Any]
    form: Format
    output: Path | None
    out: Path | None
    fresh: bool
    plot: Path | None
    draws: bool
    quiet: bool
    color: bool
    device: str | None
    packages: Sequence[str]
    code_folders: Sequence[str]
    dry_run: bool
    cache: bool
    debug: bool


@dataclass(frozen=True, kw_only=True)
class MeasureOptions(RunOptions):
    """The options of `lrfind sweep`; the other commands that sweep have some of them."""

    write: bool = False
    exit_zero: bool = False
    advice: bool = False


def check(configs: Sequence[str], wishes: MeasureOptions) -> None:
    """Refuse options that contradict each other.

    Raises:
        InputError: there are such.
    """
    check_plot(wishes.plot, draws=wishes.draws)
    if wishes.plot is not None and len(configs) > 1:
        raise InputError("--plot names one file, and there are several configs; each run directory has its plot.png")
    if configs.count("-") > 1:
        raise InputError("standard input holds one config; - was given twice")
    for config in configs if wishes.write else ():
        check_rewritten(config)
