"""Options that several commands share, declared once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from lrfind.core.formats import Format as Format


class Device(StrEnum):
    """Kinds of device."""

    cpu = "cpu"
    gpu = "gpu"
    tpu = "tpu"


class Effort(StrEnum):
    """How much to measure."""

    quick = "quick"
    standard = "standard"
    thorough = "thorough"


def named(text: str) -> Path:
    """Return a path of the command line; one that is empty, as of an unset variable, would stand for ``.``."""
    if not text:
        raise typer.BadParameter("is empty; name a file or folder, or leave it out")
    return Path(text)


PATH: dict[str, Any] = {"parser": named, "metavar": "PATH"}
"""What every option has that takes a path."""

Configs = Annotated[list[str], typer.Argument(help="YAML files; - reads one from standard input.", show_default=False)]
MinLr = Annotated[float | None, typer.Option("--min-lr", help="First rate; never go below it.", show_default=False)]
MaxLr = Annotated[float | None, typer.Option("--max-lr", help="Last rate; never go above it.", show_default=False)]
Steps = Annotated[int | None, typer.Option("--steps", help="Steps of the sweep.", show_default=False)]
Seeds = Annotated[int | None, typer.Option("--seeds", help="Sweeps side by side.", show_default=False)]
Method = Annotated[str | None, typer.Option("--method", help="How to read the curve.", show_default=False)]
EffortOption = Annotated[
    Effort,
    typer.Option(
        "--effort",
        help="quick: one seed, not confirmed. standard: as the config says. thorough: 8 seeds, a budget of 10,000.",
    ),
]
Confirm = Annotated[
    bool | None,
    typer.Option("--confirm/--no-confirm", help="Check the suggestion by short trainings.", show_default=False),
]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Exit 0 where there is no rate to recommend.")]
Advice = Annotated[
    bool, typer.Option("--advice", help="Add settings to paste for other schedules, and the usual guesses judged.")
]
FailOn = Annotated[
    list[str] | None, typer.Option("--fail-on", metavar="ID", help="Exit 1 where this is found; repeatable.")
]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Begin anew: carry nothing on, and overwrite another config's run in --out.")
]
Out = Annotated[
    Path | None, typer.Option("--out", help="Run directory. [default: lrfind-runs/NAME]", show_default=False, **PATH)
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a config key, e.g. optimizer.name=sgd; repeatable."),
]
Seed = Annotated[int | None, typer.Option("--seed", help="Override the config's seed.", show_default=False)]
FormatOption = Annotated[Format, typer.Option("--format", help="Form of the result.")]
Json = Annotated[bool, typer.Option("--json", help="Short for --format json.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", help="Write the result there instead of to stdout.", show_default=False, **PATH),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No narration on stderr.")]
NoPlot = Annotated[bool, typer.Option("--no-plot", help="Draw nothing, neither file nor terminal.")]
Plot = Annotated[
    Path | None,
    typer.Option("--plot", help="Draw to this file as well: .png, .svg or .pdf.", show_default=False, **PATH),
]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours; NO_COLOR does the same.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]
DeviceOption = Annotated[Device | None, typer.Option("--device", help="Device to run on.", show_default=False)]
AllowImport = Annotated[
    list[str] | None,
    typer.Option("--allow-import", metavar="PKG", help="Let targets name this installed package; repeatable."),
]
AllowCode = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-code", metavar="DIR", help="Let targets name files in this folder, besides the config's; repeatable."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check config and data, say what it would take, and stop.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Do not keep compiled programs for the next run.")]
