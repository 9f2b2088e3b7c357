"""Dataclasses of options as the parameters of a command."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from lrfind.cli.options import CheckOptions, CompareOptions, SweepOptions, TrainOptions
from lrfind.cli.parameters import spread


@dataclass(frozen=True, kw_only=True)
class Colors:
    """Options of a group."""

    red: Annotated[int, typer.Option("--red")] = 1
    green: Annotated[int | None, typer.Option("--green")] = None


@dataclass(frozen=True, kw_only=True)
class Sizes(Colors):
    """A group with the options of another, one of them declared anew."""

    width: Annotated[int, typer.Option("--width")] = 3
    red: Annotated[int, typer.Option("--red")] = 7


def test_fields_become_options_and_come_back_as_the_dataclass() -> None:
    calls: list[tuple[str, Sizes]] = []

    @spread
    def paint(name: Annotated[str, typer.Argument()], sizes: Sizes) -> None:
        calls.append((name, sizes))

    app = typer.Typer()
    app.command()(paint)
    assert CliRunner().invoke(app, ["wall", "--green", "5"]).exit_code == 0
    assert calls == [("wall", Sizes(red=7, green=5, width=3))]
    assert list(inspect.signature(paint).parameters) == ["name", "red", "green", "width"]


@pytest.mark.parametrize("options", [SweepOptions, CheckOptions, CompareOptions, TrainOptions])
def test_options_of_a_command_have_defaults(options: type) -> None:
    assert options().format == "text"
