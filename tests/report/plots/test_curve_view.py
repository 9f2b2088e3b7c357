"""Limits, ticks and marks of the two plots."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfind.core.decode import read_result
from lrfind.core.result import Result
from lrfind.report.plots.axis import linear_axis, log_axis
from lrfind.report.plots.curve_view import curve_view
from lrfind.report.sweep.result_json import to_json
from tests.report.conftest import LADDER, STEPS, bounded, curves, no_rate, sweep, typical


def test_the_end_does_not_set_the_limits() -> None:
    seen = curve_view(typical())
    assert not seen.y.log
    assert 0 <= seen.y.low < 0.4
    assert 2.4 < seen.y.high < 3.5
    assert np.nanmax(seen.smoothed) <= 1.4
    assert seen.diverges == pytest.approx(83 / 99)


def test_a_fall_over_decades_is_drawn_on_a_log_axis() -> None:
    curve = np.geomspace(1e4, 1e-3, STEPS)
    seen = curve_view(replace(typical(), sweep=sweep(curve[None], curve, (None,))))
    assert seen.y.log
    assert seen.y.low < 1e-3 < 1e4 < seen.y.high
    assert seen.y.labels[0].startswith("1e")


def test_the_mark_is_on_the_curve() -> None:
    seen = curve_view(typical())
    assert seen.mark is not None
    rate = 1.234e-3
    assert seen.mark[0] == pytest.approx((np.log10(rate) + 7) / 8)
    loss = np.interp(np.log10(rate), np.log10(LADDER), typical().sweep.smoothed)
    assert seen.mark[1] == pytest.approx(seen.y.fractions(np.array([loss]))[0])
    assert seen.other is None


def test_no_mark_without_a_rate_and_none_outside() -> None:
    assert curve_view(no_rate()).mark is None
    far = replace(typical(), recommendation=replace(typical().recommendation, learning_rate=1e5))
    assert curve_view(far).mark is None


def test_linear_ladder_linear_axis() -> None:
    seen = curve_view(bounded())
    assert not seen.x.log
    assert seen.x.labels == ("0.2", "0.4", "0.6", "0.8", "1.0")


def test_half_of_the_seeds_are_not_enough_for_divergence() -> None:
    base = typical()
    half = replace(base, sweep=replace(base.sweep, diverged_at=(50, 50, None, None)))
    assert curve_view(half).diverges is None


def test_a_result_read_back_looks_the_same(named_result: tuple[str, Result]) -> None:
    seen, again = curve_view(named_result[1]), curve_view(read_result(to_json(named_result[1])))
    np.testing.assert_array_equal(seen.seeds, again.seeds)
    assert (seen.x, seen.y, seen.mark, seen.interval) == (again.x, again.y, again.mark, again.interval)


@given(curves())
@settings(max_examples=200)
def test_any_curve_has_a_view(result: Result) -> None:
    seen = curve_view(result)
    assert seen.y.low < seen.y.high
    for rows in (seen.smoothed, seen.seeds):
        known = rows[np.isfinite(rows)]
        assert ((known >= -0.4) & (known <= 1.4)).all()
    if seen.mark is not None:
        assert 0 <= seen.mark[1] <= 1


limits = st.floats(-1e300, 1e300)


@given(limits, limits)
def test_ticks_are_inside_and_told_apart(a: float, b: float) -> None:
    axis = linear_axis(min(a, b), max(a, b))
    assert len(axis.ticks) == len(axis.labels) <= 16
    places = axis.fractions(np.array(axis.ticks))
    assert ((places > -0.01) & (places < 1.01)).all()


@given(st.floats(1e-290, 1e290), st.floats(1.0, 1e10))
def test_log_ticks_are_inside(low: float, ratio: float) -> None:
    axis = log_axis(low, low * ratio)
    places = axis.fractions(np.array([*axis.ticks, *axis.minor]))
    assert len(axis.ticks) >= 1
    assert ((places > -0.01) & (places < 1.01)).all()
    assert len(set(axis.labels)) == len(axis.labels) <= 16


def test_ticks_of_the_usual_range() -> None:
    assert log_axis(1e-7, 10.0).labels == ("1e-07", "1e-05", "1e-03", "1e-01", "1e+01")
    assert log_axis(2e-3, 2e-2).labels == ("2e-03", "5e-03", "1e-02", "2e-02")
    assert linear_axis(0.0, 2.4).labels == ("0.0", "0.5", "1.0", "1.5", "2.0")
    assert linear_axis(1e30, 2e30).labels[0] == "1.0e+30"
