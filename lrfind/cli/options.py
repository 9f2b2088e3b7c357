"""The options of commands, in groups that commands share.

Annotations are evaluated where they stand, as a command's parameters are made of them at every start.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar

from lrfind.cli import parameters
from lrfind.cli.parameters import option, path_option
from lrfind.core.formats import Format

Device = StrEnum("Device", ["cpu", "gpu", "tpu"])
"""Kinds of device."""


Effort = StrEnum("Effort", ["quick", "standard", "thorough"])
"""How much to measure."""

EFFORTS: Mapping[Effort, tuple[str, ...]] = {
    Effort.quick: ("sweep.seeds=1", "confirm.enabled=false"),
    Effort.standard: (),
    Effort.thorough: ("sweep.seeds=8", "sweep.steps=200", "confirm.budget=10000"),
}
"""Config settings of each effort."""


class OutputOptions:
    """What the options of a report say; the options themselves are declared in the order of --help."""

    form: Format
    as_json: bool
    output: Path | None
    plot: Path | None = None
    no_plot: bool = False

    @property
    def format(self) -> Format:
        """Format of the report."""
        return Format.json if self.as_json else self.form

    @property
    def draws(self) -> bool:
        """Whether figures are drawn."""
        return not self.no_plot

    @property
    def files(self) -> dict[str, Path]:
        """Files besides run directories that the command writes, by option."""
        files = {"--plot": self.plot, "--output": self.output}
        return {option: path for option, path in files.items() if path is not None}


@dataclass(frozen=True, kw_only=True)
class RangeOptions:
    """Options of a sweep that stand for keys of its config.

    Attributes:
        keys: config keys by the option that overrides them.
    """

    keys: ClassVar[Mapping[str, str]] = {
        **{name: f"sweep.{name}" for name in ("min_lr", "max_lr", "steps", "seeds", "method")},
        "seed": "seed",
        "confirm": "confirm.enabled",
    }

    min_lr: Annotated[float | None, option("First rate; never go below it.")] = None
    max_lr: Annotated[float | None, option("Last rate; never go above it.")] = None
    steps: Annotated[int | None, option("Steps of the sweep.")] = None
    seeds: Annotated[int | None, option("Sweeps side by side.")] = None
    method: Annotated[str | None, option("How to read the curve.")] = None
    effort: Annotated[
        Effort,
        option("quick: one seed, not confirmed. standard: as the config says. thorough: 8 seeds, a budget of 10,000."),
    ] = Effort.standard
    confirm: Annotated[bool | None, option("Check the suggestion by short trainings.")] = None


@dataclass(frozen=True, kw_only=True)
class RunOptions(OutputOptions):
    """Options of every command that trains: run directory, report and device."""

    fresh: Annotated[
        bool, option("Begin anew: carry nothing on, and overwrite another config's run in --out.", "--fresh")
    ] = False
    out: Annotated[Path | None, path_option("Run directory. [default: lrfind-runs/NAME]")] = None
    settings: Annotated[
        list[str] | None,
        option("Override a config key, e.g. optimizer.name=sgd; repeatable.", "--set", metavar="KEY=VALUE"),
    ] = None
    seed: Annotated[int | None, option("Override the config's seed.")] = None
    form: parameters.FormatOption = Format.text
    as_json: parameters.Json = False
    output: parameters.Output = None
    plot: parameters.Plot = None
    no_plot: parameters.NoPlot = False
    quiet: parameters.Quiet = False
    no_color: parameters.NoColor = False
    device: Annotated[Device | None, option("Device to run on.")] = None


@dataclass(frozen=True, kw_only=True)
class DryRunOptions:
    """The option to measure nothing."""

    dry_run: Annotated[bool, option("Check config and data, say what it would take, and stop.", "--dry-run")] = False


@dataclass(frozen=True, kw_only=True)
class CodeOptions:
    """Options that allow user code to be loaded."""

    allow_import: Annotated[
        list[str] | None, option("Let targets name this installed package; repeatable.", metavar="PKG")
    ] = None
    allow_code: Annotated[
        list[str] | None,
        option("Let targets name files in this folder, besides the config's; repeatable.", metavar="DIR"),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ProcessOptions:
    """Options that change nothing about the run's numbers."""

    no_cache: Annotated[bool, option("Do not keep compiled programs for the next run.", "--no-cache")] = False
    debug: parameters.Debug = False


# Fields, and so the options in --help, are in the order of the bases from last to first.


@dataclass(frozen=True, kw_only=True)
class _SweepSwitches:
    write: Annotated[bool, option("Put the rate into the config, comments kept.", "--write")] = False
    exit_zero: parameters.ExitZero = False
    advice: parameters.Advice = False


@dataclass(frozen=True, kw_only=True)
class SweepOptions(ProcessOptions, DryRunOptions, CodeOptions, RunOptions, _SweepSwitches, RangeOptions):
    """Options of `lrfind sweep`."""


@dataclass(frozen=True, kw_only=True)
class _GateOptions:
    run: Annotated[
        Path | None,
        path_option("Judge this finished run, without JAX; of several configs: the folder of their runs."),
    ] = None
    baseline: Annotated[
        Path | None,
        path_option(
            "An earlier result.json, or its run directory, to hold the recommendation against; of several configs: "
            "the folder of their runs."
        ),
    ] = None
    max_drift: Annotated[
        float | None, option("Factor by which the recommendation may move from the baseline. [default: 3]")
    ] = None
    warn: Annotated[
        list[str] | None, option("Let this verdict warn where it would fail; repeatable.", metavar="ID")
    ] = None
    ignore: Annotated[list[str] | None, option("Leave this verdict out; repeatable.", metavar="ID")] = None
    exit_zero: Annotated[bool, option("Exit 0 where the gate fails: report only.", "--exit-zero")] = False


@dataclass(frozen=True, kw_only=True)
class CheckOptions(ProcessOptions, CodeOptions, DryRunOptions, RunOptions, RangeOptions, _GateOptions):
    """Options of `lrfind check`."""


@dataclass(frozen=True, kw_only=True)
class _VariantOptions:
    optimizers: Annotated[str | None, option("Sweep the config with each of these.", metavar="A,B")] = None
    batch_sizes: Annotated[str | None, option("Sweep the config with each of these.", metavar="N,M")] = None


@dataclass(frozen=True, kw_only=True)
class _CompareSwitches:
    exit_zero: parameters.ExitZero = False


@dataclass(frozen=True, kw_only=True)
class CompareOptions(
    ProcessOptions, CodeOptions, DryRunOptions, RunOptions, _CompareSwitches, RangeOptions, _VariantOptions
):
    """Options of `lrfind compare`."""

    out: Annotated[Path | None, path_option("Folder of the runs. [default: lrfind-runs/NAME-compare]")] = None


@dataclass(frozen=True, kw_only=True)
class _TrainingOptions:
    keys: ClassVar[Mapping[str, str]] = {
        "lr": "optimizer.learning_rate",
        "seed": "seed",
        **{name: f"train.{name}" for name in ("schedule", "steps")},
    }

    lr: Annotated[float | None, option("Rate to train at. [default: the config's learning_rate]")] = None
    use: Annotated[Path | None, path_option("Take the rate that a finished run recommends.", metavar="RUN")] = None
    schedule: Annotated[str | None, option("Override train.schedule by a name.")] = None
    steps: Annotated[int | None, option("Override train.steps.")] = None
    fail_on: parameters.FailOn = None


@dataclass(frozen=True, kw_only=True)
class TrainOptions(ProcessOptions, CodeOptions, DryRunOptions, RunOptions, _TrainingOptions):
    """Options of `lrfind train`."""

    fresh: Annotated[bool, option("Overwrite another config's run in --out.", "--fresh")] = False


CommandOptions = SweepOptions | CheckOptions | CompareOptions | TrainOptions


@dataclass(frozen=True, kw_only=True)
class DiagnoseOptions(OutputOptions):
    """Options of `lrfind diagnose`."""

    loss_column: Annotated[str | None, option("Column of the training loss.")] = None
    val_column: Annotated[str | None, option("Column of the validation loss.")] = None
    lr_column: Annotated[str | None, option("Column of the learning rate.")] = None
    step_column: Annotated[str | None, option("Column of the step or epoch.")] = None
    fail_on: parameters.FailOn = None
    form: parameters.FormatOption = Format.text
    as_json: parameters.Json = False
    output: parameters.Output = None
    no_color: parameters.NoColor = False
    debug: parameters.Debug = False


@dataclass(frozen=True, kw_only=True)
class ReportOptions(OutputOptions):
    """Options of `lrfind report`."""

    form: parameters.FormatOption = Format.text
    as_json: parameters.Json = False
    output: parameters.Output = None
    out: Annotated[Path | None, path_option("Write the files of the run to this folder.")] = None
    plot: parameters.Plot = None
    no_plot: parameters.NoPlot = False
    advice: parameters.Advice = False
    quiet: parameters.Quiet = False
    no_color: parameters.NoColor = False
    debug: parameters.Debug = False
