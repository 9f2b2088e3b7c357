"""The options of the command line, each declared once, in groups that commands share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from lrfind.core.formats import Format as Format
from lrfind.storage.atomic import descriptor

STDOUT = 1
"""File descriptor of standard output."""


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


EFFORTS: Mapping[Effort, tuple[str, ...]] = {
    Effort.quick: ("sweep.seeds=1", "confirm.enabled=false"),
    Effort.standard: (),
    Effort.thorough: ("sweep.seeds=8", "sweep.steps=200", "confirm.budget=10000"),
}
"""Config settings of each effort."""


def named(text: str) -> Path:
    """Return a path of the command line.

    Raises:
        typer.BadParameter: the text is empty, as of an unset variable, and would stand for ``.``.
    """
    if not text:
        raise typer.BadParameter("is empty; name a file or folder, or leave it out")
    return Path(text)


def file_of(text: str) -> Path | None:
    """Return the file that --output names; None for standard output, by whichever name."""
    path = named(text)
    return None if text == "-" or descriptor(path) == STDOUT else path


PATH: dict[str, Any] = {"parser": named, "metavar": "PATH"}
"""Arguments of every option that takes a path."""


def optional(*names: str, **arguments: Any) -> Any:
    """Return an option without a default to show in --help; the arguments are those of `typer.Option`."""
    return typer.Option(*names, show_default=False, **arguments)


def path_option(*names: str, **arguments: Any) -> Any:
    """Return an option that takes a path; the arguments are those of `typer.Option`."""
    return optional(*names, **PATH, **arguments)


Configs = Annotated[list[str], typer.Argument(help="YAML files; - reads one from standard input.", show_default=False)]
Advice = Annotated[
    bool, typer.Option("--advice", help="Add settings to paste for other schedules, and the usual guesses judged.")
]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Exit 0 where there is no rate to recommend.")]
FailOn = Annotated[
    list[str] | None, typer.Option("--fail-on", metavar="ID", help="Exit 1 where this is found; repeatable.")
]
FormatOption = Annotated[Format, typer.Option("--format", help="Form of the result.")]
Json = Annotated[bool, typer.Option("--json", help="Short for --format json.")]
Output = Annotated[
    Path | None,
    optional("--output", help="Write the result there instead of to stdout.", parser=file_of, metavar="PATH"),
]
Plot = Annotated[Path | None, path_option("--plot", help="Draw to this file as well: .png, .svg or .pdf.")]
NoPlot = Annotated[bool, typer.Option("--no-plot", help="Draw nothing, neither file nor terminal.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No narration on stderr.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours; NO_COLOR does the same.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]


@dataclass(frozen=True, kw_only=True)
class RangeOptions:
    """Options of a sweep that stand for keys of its config."""

    min_lr: Annotated[float | None, optional("--min-lr", help="First rate; never go below it.")] = None
    max_lr: Annotated[float | None, optional("--max-lr", help="Last rate; never go above it.")] = None
    steps: Annotated[int | None, optional("--steps", help="Steps of the sweep.")] = None
    seeds: Annotated[int | None, optional("--seeds", help="Sweeps side by side.")] = None
    method: Annotated[str | None, optional("--method", help="How to read the curve.")] = None
    effort: Annotated[
        Effort,
        typer.Option(
            "--effort",
            help="quick: one seed, not confirmed. standard: as the config says. thorough: 8 seeds, a budget of 10,000.",
        ),
    ] = Effort.standard
    confirm: Annotated[
        bool | None,
        optional("--confirm/--no-confirm", help="Check the suggestion by short trainings."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Options of every command that trains: run directory, report and device."""

    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Begin anew: carry nothing on, and overwrite another config's run in --out."),
    ] = False
    out: Annotated[
        Path | None,
        path_option("--out", help="Run directory. [default: lrfind-runs/NAME]"),
    ] = None
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a config key, e.g. optimizer.name=sgd; repeatable."),
    ] = None
    seed: Annotated[int | None, optional("--seed", help="Override the config's seed.")] = None
    form: FormatOption = Format.text
    as_json: Json = False
    output: Output = None
    plot: Plot = None
    no_plot: NoPlot = False
    quiet: Quiet = False
    no_color: NoColor = False
    device: Annotated[Device | None, optional("--device", help="Device to run on.")] = None

    @property
    def format(self) -> Format:
        """Format of the report."""
        return Format.json if self.as_json else self.form

    @property
    def draws(self) -> bool:
        """Whether figures are drawn."""
        return not self.no_plot


@dataclass(frozen=True, kw_only=True)
class DryRunOptions:
    """The option to measure nothing."""

    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check config and data, say what it would take, and stop.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class CodeOptions:
    """Options that allow user code to be loaded."""

    allow_import: Annotated[
        list[str] | None,
        typer.Option("--allow-import", metavar="PKG", help="Let targets name this installed package; repeatable."),
    ] = None
    allow_code: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-code",
            metavar="DIR",
            help="Let targets name files in this folder, besides the config's; repeatable.",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ProcessOptions:
    """Options that change nothing about the run's numbers."""

    no_cache: Annotated[bool, typer.Option("--no-cache", help="Do not keep compiled programs for the next run.")] = (
        False
    )
    debug: Debug = False


# Fields, and so the options in --help, are in the order of the bases from last to first.


@dataclass(frozen=True, kw_only=True)
class _SweepSwitches:
    write: Annotated[bool, typer.Option("--write", help="Put the rate into the config, comments kept.")] = False
    exit_zero: ExitZero = False
    advice: Advice = False


@dataclass(frozen=True, kw_only=True)
class SweepOptions(ProcessOptions, DryRunOptions, CodeOptions, RunOptions, _SweepSwitches, RangeOptions):
    """Options of `lrfind sweep`."""


@dataclass(frozen=True, kw_only=True)
class _GateOptions:
    run: Annotated[
        Path | None,
        path_option(
            "--run", help="Judge this finished run, without JAX; of several configs: the folder of their runs."
        ),
    ] = None
    baseline: Annotated[
        Path | None,
        path_option(
            "--baseline",
            help="An earlier result.json, or its run directory, to hold the recommendation against; of several "
            "configs: the folder of their runs.",
        ),
    ] = None
    max_drift: Annotated[
        float | None,
        optional("--max-drift", help="Factor by which the recommendation may move from the baseline. [default: 3]"),
    ] = None
    warn: Annotated[
        list[str] | None,
        typer.Option("--warn", metavar="ID", help="Let this verdict warn where it would fail; repeatable."),
    ] = None
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", metavar="ID", help="Leave this verdict out; repeatable.")
    ] = None
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit 0 where the gate fails: report only.")] = False


@dataclass(frozen=True, kw_only=True)
class CheckOptions(ProcessOptions, CodeOptions, DryRunOptions, RunOptions, RangeOptions, _GateOptions):
    """Options of `lrfind check`."""


@dataclass(frozen=True, kw_only=True)
class _VariantOptions:
    optimizers: Annotated[
        str | None,
        optional("--optimizers", metavar="A,B", help="Sweep the config with each of these."),
    ] = None
    batch_sizes: Annotated[
        str | None,
        optional("--batch-sizes", metavar="N,M", help="Sweep the config with each of these."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class _CompareSwitches:
    exit_zero: ExitZero = False


@dataclass(frozen=True, kw_only=True)
class CompareOptions(
    ProcessOptions, CodeOptions, DryRunOptions, RunOptions, _CompareSwitches, RangeOptions, _VariantOptions
):
    """Options of `lrfind compare`."""

    out: Annotated[
        Path | None,
        path_option("--out", help="Folder of the runs. [default: lrfind-runs/NAME-compare]"),
    ] = None


@dataclass(frozen=True, kw_only=True)
class _TrainingOptions:
    lr: Annotated[
        float | None,
        optional("--lr", help="Rate to train at. [default: the config's learning_rate]"),
    ] = None
    use: Annotated[
        Path | None,
        optional("--use", help="Take the rate that a finished run recommends.", parser=named, metavar="RUN"),
    ] = None
    schedule: Annotated[str | None, optional("--schedule", help="Override train.schedule by a name.")] = None
    steps: Annotated[int | None, optional("--steps", help="Override train.steps.")] = None
    fail_on: FailOn = None


@dataclass(frozen=True, kw_only=True)
class TrainOptions(ProcessOptions, CodeOptions, DryRunOptions, RunOptions, _TrainingOptions):
    """Options of `lrfind train`."""

    fresh: Annotated[bool, typer.Option("--fresh", help="Overwrite another config's run in --out.")] = False


CommandOptions = SweepOptions | CheckOptions | CompareOptions | TrainOptions
