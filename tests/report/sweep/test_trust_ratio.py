"""Where the trust-region ratio falls through one half, and how a limit is named."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from lrfind.core.result import Evidence, Result
from lrfind.report.plots.curve_view import curve_view
from lrfind.report.sweep.fact_rows import half_trust, limit_name
from tests.report.conftest import LADDER, bounded, confirmed, curves, typical


def measured(*points: tuple[int, float], base: Result | None = None) -> Result:
    steps, ratio = zip(*points, strict=True) if points else ((), ())
    return replace(base or typical(), evidence=Evidence(trust_steps=tuple(steps), trust_ratio=tuple(ratio)))


def test_between_two_points_it_is_read_off_the_logarithm() -> None:
    found = half_trust(measured((10, 1.0), (20, 0.75), (40, 0.0), (60, -3.0)))
    assert found == pytest.approx(LADDER[20] * (LADDER[40] / LADDER[20]) ** (1 / 3))


def test_on_a_quadratic_it_is_the_rate_of_the_best_step() -> None:
    """A step against the gradient of ``sharpness / 2 * w^2`` has a ratio of ``1 - rate * sharpness / 2``."""
    sharpness, steps = 48.8, tuple(range(100))
    result = measured(*((step, 1 - float(LADDER[step]) * sharpness / 2) for step in steps))
    assert half_trust(result) == pytest.approx(1 / sharpness, rel=0.01)


def test_on_a_linear_ladder_too() -> None:
    rates = bounded().sweep.learning_rate
    found = half_trust(measured((0, 1.0), (10, 0.6), (20, 0.4), base=bounded()))
    assert found is not None
    assert rates[10] < found < rates[20]


@pytest.mark.parametrize(
    "points",
    [
        (),
        ((10, 0.9),),
        ((10, 0.9), (20, 0.8)),
        ((10, 0.3), (20, 0.2)),
        ((10, 0.2), (20, 0.9)),
        ((10, math.nan), (20, math.nan)),
        ((10, 1.0), (500, 0.0)),
    ],
)
def test_where_it_does_not_fall_through_there_is_none(points: tuple[tuple[int, float], ...]) -> None:
    assert half_trust(measured(*points)) is None


def test_a_point_astray_does_not_move_it() -> None:
    clean = [(10, 1.0), (20, 1.0), (30, 1.0), (40, 0.9), (50, 0.1), (60, 0.0), (70, -1.0), (80, -2.0)]
    expected = half_trust(measured(*clean))
    assert half_trust(measured((0, 1.0), (5, 0.2), *clean)) == expected
    assert half_trust(measured(*clean, (90, 0.7), (95, 0.0))) == expected


def test_noise_has_no_crossing() -> None:
    assert half_trust(measured(*((step, float(step // 2 % 2)) for step in range(0, 40, 2)))) is None


def test_the_order_of_the_points_does_not_matter() -> None:
    points = [(10, 1.0), (20, 0.75), (40, 0.0)]
    assert half_trust(measured(*points[::-1])) == half_trust(measured(*points))


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("2 / lambda_max", "2/λ"),
        ("38 / lambda_max (preconditioned)", "38/λ"),
        ("2 (1 + momentum) / lambda_max", "stability"),
        (None, "stability"),
        ("", "stability"),
    ],
)
def test_names_of_limits_are_short(rule: str | None, name: str) -> None:
    assert limit_name(rule) == name


def test_both_lie_on_the_axis_where_they_were_measured() -> None:
    axis = curve_view(confirmed()).x
    assert axis.inside(confirmed().evidence.stability_limit) == pytest.approx((np.log10(0.041) + 7) / 8)
    assert axis.inside(half_trust(confirmed())) == pytest.approx((np.log10(half_trust(confirmed()) or 0) + 7) / 8)
    assert axis.inside(1e3) is None
    assert axis.inside(half_trust(typical())) is None


@given(curves())
@settings(max_examples=200, deadline=None)
def test_a_crossing_lies_on_the_ladder(result: Result) -> None:
    found = half_trust(result)
    if found is not None:
        rates = result.sweep.learning_rate
        assert rates.min() * (1 - 1e-9) <= found <= rates.max() * (1 + 1e-9)
