"""What the command line of a command that trains asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lrfind.cli.options import Effort, Format
from lrfind.errors import InputError

PLOT_FORMATS = ("png", "svg", "pdf")

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

STDOUT = ("-", "/dev/stdout")


def to_file(output: Path | None) -> Path | None:
    """The file that --output names; None for stdout."""
    return None if str(output) in STDOUT else output


def given(**options: Any) -> dict[str, Any]:
    """The options that have a value, as the command line calls them."""
    return {f"--{name.replace('_', '-')}": value for name, value in options.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Common:
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
class Wishes(Common):
    """The options of `lrfind sweep`; the other commands that sweep have some of them."""

    write: bool = False
    exit_zero: bool = False
    advice: bool = False


def check(configs: Sequence[str], wishes: Wishes) -> None:
    """Refuse what could only fail after the measuring.

    Raises:
        InputError: options that contradict each other, or name what cannot be written.
    """
    check_plot(wishes.plot, draws=wishes.draws)
    if wishes.plot is not None and len(configs) > 1:
        raise InputError("--plot names one file, and there are several configs; each run directory has its plot.png")
    for option, path in (("--plot", wishes.plot), ("--output", wishes.output)):
        check_file(option, path, configs, "the config")
    if wishes.write and "-" in configs:
        raise InputError("--write has no file to write to where the config comes from standard input")
    if configs.count("-") > 1:
        raise InputError("standard input holds one config; - was given twice")


def check_plot(plot: Path | None, *, draws: bool) -> None:
    """Refuse a --plot that cannot be drawn.

    Raises:
        InputError: nothing is to be drawn, or not in that form.
    """
    if plot is None:
        return
    if not draws:
        raise InputError(f"--plot {plot} and --no-plot contradict each other; leave one out")
    if plot.suffix.removeprefix(".").lower() not in PLOT_FORMATS:
        raise InputError(f"--plot {plot}: the name must end in .png, .svg or .pdf")


def check_file(option: str, path: Path | None, sources: Sequence[str | Path], what: str) -> None:
    """Refuse a file that could not be written in the end, or is one that is read.

    Args:
        option: what names it.
        path: the file; None where there is none.
        sources: what is read.
        what: how a message calls that.

    Raises:
        InputError: it lies in no folder, is one, or is one of the sources.
    """
    if path is None:
        return
    if not path.parent.is_dir():
        raise InputError(f"{option} {path}: there is no folder {path.parent}")
    if path.is_dir():
        raise InputError(f"{option} {path}: is a folder; name a file in it")
    if path.resolve() in [Path(source).resolve() for source in sources]:
        raise InputError(f"{option} {path}: would overwrite {what}")
