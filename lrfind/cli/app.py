"""The commands: their arguments and options. What a command does stands in a file of its own, imported when it runs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lrfind.cli.options import CheckOptions, CompareOptions, DiagnoseOptions, ReportOptions, SweepOptions, TrainOptions
from lrfind.cli.parameters import Configs, Debug, Json, NoColor, argument, named, option, path_option, spread
from lrfind.cli.terminal import show_error, write_stdout
from lrfind.core import __version__
from lrfind.core.errors import LrfindError, fault

app = typer.Typer(
    help="The learning-rate range finder for JAX: which rate to train with, how sure that is, and why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done; 1 no rate to recommend, or the gate failed; 2 the input is wrong; 3 the run failed; "
    "130, 143 interrupted.",
)


@contextmanager
def shown_errors(*, debug: bool) -> Iterator[None]:
    """Show an error of the block on stderr, and end the command with its exit code.

    Args:
        debug: whether to show the traceback.

    Raises:
        typer.Exit: there was an error.
    """
    try:
        yield
    except Exception as error:
        shown = error if isinstance(error, LrfindError) else fault(error)
        raise typer.Exit(show_error(shown, debug=debug)) from None


Kind = StrEnum("Kind", ["models", "data", "losses", "optimizers", "schedules", "methods", "ladders"])
"""What can be listed."""


def show_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        typer.echo(f"lrfind {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, option("Print the version and stop.", "--version", callback=show_version, is_eager=True)
    ] = False,
) -> None:
    """What comes before a command."""
    del version


@app.command()
@spread
def sweep(configs: Configs, options: SweepOptions) -> None:
    """Raise the learning rate step by step, record the loss, and recommend a rate.

    Leaves plot.png, result.json, curve.csv and journal.jsonl in the run directory. The same command again carries an
    unfinished run on.

    Example: lrfind sweep config.yaml --json | jq .recommendation.learning_rate
    """
    from lrfind.cli.commands.sweep import run

    raise typer.Exit(run(configs, options))


@app.command()
@spread
def check(configs: Configs, options: CheckOptions) -> None:
    """Judge whether the configured learning rate is usable and the model learns at all: a gate for CI.

    Sweeps, or judges a finished run (--run), and leaves check.json in the run directory. `lrfind explain` says what
    each verdict means. Exits 1 where one fails.

    Example: lrfind check config.yaml --format github
    """
    from lrfind.cli.commands.check import run

    raise typer.Exit(run(configs, options))


@app.command()
@spread
def train(
    config: Annotated[str, argument("A YAML file; - reads it from standard input.")], options: TrainOptions
) -> None:
    """Train once at a rate and schedule, and say what the training shows.

    Leaves plot.png, train.json, train.csv and journal.jsonl in the run directory.

    Example: lrfind train config.yaml --use lrfind-runs/config
    """
    from lrfind.cli.commands.train import run

    raise typer.Exit(run(config, options))


@app.command()
@spread
def diagnose(
    log: Annotated[str, argument("CSV, JSON lines, or JSON; - reads standard input.")], options: DiagnoseOptions
) -> None:
    """Say what a training shows, from its log: diverged, too high, too slow, over-fitted, ..., or healthy.

    Columns are found by their usual names. A rate and a validation loss in the log make it more certain.

    Example: lrfind diagnose lightning_logs/version_0/metrics.csv
    """
    from lrfind.cli.commands.diagnose import run

    with shown_errors(debug=options.debug):
        code = run(log, options)
    raise typer.Exit(code)


@app.command()
@spread
def compare(
    sources: Annotated[list[str], argument("Run directories, result.json files, configs.", metavar="RUN|CONFIG...")],
    options: CompareOptions,
) -> None:
    """Put runs side by side: rates, intervals and judged losses in one table, the curves in one figure (--plot).

    Finished runs, of sweeps or of trainings, are read, without JAX; configs are swept. With --optimizers or
    --batch-sizes one config is swept once for each of them.

    Example: lrfind compare config.yaml --optimizers sgd,momentum,adam --plot optimizers.png
    """
    from lrfind.cli.commands.compare import run

    raise typer.Exit(run(sources, options))


@app.command()
@spread
def report(
    run: Annotated[Path, argument("A run directory, or its result.json or train.json.", parser=named, metavar="RUN")],
    options: ReportOptions,
) -> None:
    """Render a finished or interrupted sweep or training again, to the byte, without measuring anything.

    Writes nothing into the run directory. Of a run that was killed the journal is read.

    Example: lrfind report lrfind-runs/config --format markdown --output report.md
    """
    with shown_errors(debug=options.debug):
        from lrfind.cli.commands.report import report

        report(run, options)


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="File to write; - prints it.", parser=named, metavar="[PATH]")] = Path(
        "config.yaml"
    ),
    force: Annotated[bool, option("Overwrite the file.", "--force")] = False,
    debug: Debug = False,
) -> None:
    """Write a commented config that runs as it is."""
    with shown_errors(debug=debug):
        from lrfind.cli.commands.init import init

        init(path, force=force)


@app.command("list")
def list_(
    kind: Annotated[Kind | None, argument("What to list; left out: every kind.")] = None,
    plot: Annotated[bool, option("Draw the schedules.", "--plot")] = False,
    output: Annotated[Path | None, path_option("With --plot: draw to this .png, .svg or .pdf instead.")] = None,
    as_json: Json = False,
    no_color: NoColor = False,
    debug: Debug = False,
) -> None:
    """List what is built in, with options and defaults.

    Example: lrfind list schedules --plot
    """
    with shown_errors(debug=debug):
        from lrfind.cli.commands import list as listing

        if plot or output is not None:
            listing.draw(kind, plot, as_json, output, color=not no_color)
        else:
            listing.show(list((kind and [kind]) or Kind), as_json)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a config, for editors and validators."""
    from lrfind.config.json_schema import schema

    write_stdout(json.dumps(schema(), indent=2) + "\n")


@app.command()
def explain(
    name: Annotated[
        str | None,
        argument("A verdict of `lrfind check` or a finding; left out: list all.", metavar="[ID]"),
    ] = None,
    no_color: NoColor = False,
    debug: Debug = False,
) -> None:
    """Say what a verdict or a finding means, what it is judged by, and what to do.

    Example: lrfind explain rate-in-range
    """
    with shown_errors(debug=debug):
        from lrfind.cli.commands.explain import show

        show(name, color=not no_color)
