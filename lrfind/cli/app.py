"""The commands, one file each; what they need is imported when they run."""

from __future__ import annotations

from typing import Annotated

import typer

from lrfind.cli.commands import check, compare, diagnose, explain, init, report, schema, sweep, train
from lrfind.cli.commands import list as list_
from lrfind.core.version import __version__

app = typer.Typer(
    help="The learning-rate range finder for JAX: which rate to train with, how sure that is, and why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done; 1 no rate to recommend, or the gate failed; 2 the input is wrong; 3 the run failed; "
    "130, 143 interrupted.",
)


def show_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        typer.echo(f"lrfind {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """What comes before a command."""
    del version


app.command("sweep")(sweep.sweep)
app.command("check")(check.check)
app.command("train")(train.train)
app.command("diagnose")(diagnose.diagnose)
app.command("compare")(compare.compare)
app.command("report")(report.report_)
app.command("init")(init.init)
app.command("list")(list_.list_)
app.command("schema")(schema.schema)
app.command("explain")(explain.explain)
