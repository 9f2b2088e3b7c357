"""The plot of characters."""

from __future__ import annotations

import plotext
import pytest
from hypothesis import given, settings

from lrfind.core.result import Result
from lrfind.report.plots.terminal_plot import plot_curve
from tests.report.conftest import Golden, curves, no_rate, typical


def test_golden(named_result: tuple[str, Result], golden: Golden) -> None:
    name, result = named_result
    golden(f"{name}.plot.txt", plot_curve(result, 80, 18, color=False, unicode=True))


def test_ascii_golden(golden: Golden) -> None:
    golden("typical.plot.ascii.txt", plot_curve(typical(), 80, 18, color=False, unicode=False))


@pytest.mark.parametrize(("width", "height"), [(24, 8), (80, 18), (120, 30), (200, 50)])
@pytest.mark.parametrize("unicode", [True, False])
def test_size_and_characters(named_result: tuple[str, Result], width: int, height: int, unicode: bool) -> None:
    text = plot_curve(named_result[1], width, height, color=False, unicode=unicode)
    lines = text.splitlines()
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    assert "\x1b" not in text
    assert unicode or text.isascii()


def test_too_small_is_nothing() -> None:
    assert plot_curve(typical(), 23, 18, color=False, unicode=True) == ""
    assert plot_curve(typical(), 80, 7, color=False, unicode=True) == ""


def test_what_was_drawn_before_does_not_matter() -> None:
    first = plot_curve(typical(), 80, 18, color=True, unicode=True)
    plotext.scatter([1, 2, 3])
    plotext.title("mine")
    plotext.theme("pro")
    plot_curve(no_rate(), 60, 12, color=True, unicode=False)
    assert plot_curve(typical(), 80, 18, color=True, unicode=True) == first
    assert "\x1b[" in first


def test_the_rate_is_marked() -> None:
    text = plot_curve(typical(), 80, 18, color=False, unicode=True)
    assert text.count("●") == 2
    assert "learning rate 1.2e-03 (6.3e-04 .. 2.5e-03)" in text
    assert "●" not in plot_curve(no_rate(), 80, 18, color=False, unicode=True)


@given(curves())
@settings(max_examples=60, deadline=None)
def test_any_curve_can_be_plotted(result: Result) -> None:
    lines = plot_curve(result, 60, 14, color=False, unicode=False).splitlines()
    assert len(lines) <= 14
    assert max(map(len, lines)) <= 60
