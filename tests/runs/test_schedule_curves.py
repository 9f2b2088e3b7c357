"""Every schedule as a curve to be looked at, and the pictures of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from lrfind.cli.app import app
from lrfind.core.dataset import Floats
from lrfind.core.registry import SCHEDULES
from lrfind.report.plots.figures import draw_schedules
from lrfind.report.plots.terminal_plot import plot_schedules
from lrfind.runs.pasteable import STEPS, curves


@pytest.fixture(scope="module")
def drawn() -> dict[str, Floats]:
    return curves()


def test_every_schedule_has_a_curve_up_to_its_peak(drawn: dict[str, Floats]) -> None:
    assert list(drawn) == list(SCHEDULES)
    for curve in drawn.values():
        assert curve.shape == (STEPS,)
        assert curve.max() == pytest.approx(1, abs=1e-6)
        assert curve.min() >= 0
    assert len({curve.tobytes() for curve in drawn.values()}) == len(SCHEDULES)


def test_the_one_that_waits_drops_where_the_loss_stalls(drawn: dict[str, Floats]) -> None:
    falls = np.flatnonzero(np.diff(drawn["reduce_on_plateau"])) / STEPS
    assert len(falls) >= 2
    assert ((falls > 0.3) & (falls < 0.5) | (falls > 0.7)).all()


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("unicode", [True, False])
def test_in_the_terminal(drawn: dict[str, Floats], width: int, unicode: bool) -> None:
    text = plot_schedules(drawn, width, color=False, unicode=unicode)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert all(name in text for name in SCHEDULES)
    assert "\x1b" not in text
    assert unicode or text.isascii()
    assert "\x1b" in plot_schedules(drawn, width, color=True, unicode=unicode)


@pytest.mark.parametrize(("format", "head"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_as_a_figure(drawn: dict[str, Floats], format: str, head: bytes) -> None:
    first = draw_schedules(drawn, format)  # type: ignore[arg-type]
    assert first.startswith(head)
    if format == "svg":
        assert first == draw_schedules(drawn, "svg")


def test_the_command(tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["list", "schedules", "--plot"])
    assert (shown.exit_code, "triangular" in shown.stdout) == (0, True)
    path = tmp_path / "all.png"
    written = CliRunner().invoke(app, ["list", "schedules", "--plot", "--output", str(path)])
    assert (written.exit_code, written.stdout, path.read_bytes()[:4]) == (0, "", b"\x89PNG")
    assert written.stderr == f"lrfind: wrote {path}\n"


def test_the_list_has_formula_and_origin() -> None:
    text = CliRunner().invoke(app, ["list", "schedules"]).stdout
    found = json.loads(CliRunner().invoke(app, ["list", "schedules", "--json"]).stdout)["schedules"]
    for name, entry in SCHEDULES.items():
        assert found[name]["formula"] == entry.formula
        assert found[name].get("origin", "") == entry.origin
        assert all(word in text for word in entry.formula.split())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["models", "--plot"], "--plot draws schedules and nothing else"),
        (["--plot"], "--plot draws schedules and nothing else"),
        (["schedules", "--output", "x.png"], "goes with --plot"),
        (["schedules", "--plot", "--json"], "contradict each other"),
        (["schedules", "--plot", "--output", "x.jpg"], "must end in .png, .svg or .pdf"),
        (["schedules", "--plot", "--output", "no-such-folder/x.png"], "its folder does not exist"),
    ],
)
def test_what_cannot_be_drawn(arguments: list[str], says: str) -> None:
    ran = CliRunner().invoke(app, ["list", *arguments])
    assert ran.exit_code == 2
    assert says in ran.stderr
