"""What of a confirmation is shown."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from lrfind.core.decode import read_result
from lrfind.core.result import Candidate, Confirmation, Horizon, Result
from lrfind.report.plots.confirmation_view import BELOW, LANE, ConfirmationView, confirmation_view
from lrfind.report.sweep.result_json import to_json
from tests.report.conftest import confirmations, confirmed, declined, raced


def seen_in(result: Result) -> ConfirmationView:
    assert result.confirmation is not None
    return confirmation_view(result, result.confirmation)


def trained(*losses: tuple[float, ...], untrained: float = 2.3, steps: int = 100) -> ConfirmationView:
    """The view of candidates at 1e-4, 1e-3, ... with these losses."""
    candidates = [Candidate(10.0 ** (i - 4), steps, loss, loss) for i, loss in enumerate(losses)]
    base = confirmed()
    assert base.confirmation is not None
    found = replace(base.confirmation, candidates=tuple(candidates), untrained=(untrained,), horizons=(), exponent=None)
    return confirmation_view(base, found)


def test_a_line_for_each_length_from_short_and_pale_to_long_and_strong() -> None:
    lines = seen_in(confirmed()).lines
    assert [line.steps for line in lines] == [15, 100, 300]
    assert [line.strength for line in lines] == [0, 0.5, 1]
    assert [len(line.rates) for line in lines] == [7, 5, 3]
    for line in lines:
        assert (np.diff(line.rates) > 0).all()
        assert line.rates[0] > 0
        assert line.rates[-1] < 1


def test_a_single_length_is_strong() -> None:
    assert [line.strength for line in seen_in(raced()).lines] == [1]


def test_the_order_of_candidates_does_not_matter() -> None:
    base = confirmed()
    assert base.confirmation is not None
    turned = replace(base.confirmation, candidates=base.confirmation.candidates[::-1])
    for line, other in zip(seen_in(base).lines, confirmation_view(base, turned).lines, strict=True):
        np.testing.assert_array_equal(line.loss, other.loss)


def test_the_loss_of_a_candidate_is_the_median_of_its_seeds() -> None:
    seen = trained((1.0, 2.0, 1.2), (1.6, 1.8))
    line = seen.lines[0]
    np.testing.assert_allclose(line.loss, seen.y.fractions(np.array([1.2, 1.7])))
    assert len(line.seeds) == 5
    assert seen.several


def test_half_of_the_seeds_make_a_candidate_diverge_and_fewer_do_not() -> None:
    seen = trained((1.0, 1.0), (1.2, math.nan), (1.2, 1.2, math.inf))
    line = seen.lines[0]
    assert line.off == (line.rates[1],)
    assert line.off_seeds == (line.rates[2],)
    assert math.isnan(line.loss[1])
    assert seen.off == "diverged"


def test_what_diverged_does_not_squash_the_rest() -> None:
    """The losses that tell anything fill most of the height, whatever the others are."""
    for far in (1e30, math.inf, math.nan, 25.0):
        seen = trained((2.2,), (1.0,), (2.0,), (far,))
        heights = seen.lines[0].loss[:3]
        assert np.ptp(heights) > 0.7
        assert seen.lines[0].off == (seen.lines[0].rates[3],)
        assert heights.max() < 1 - LANE < seen.lines[0].lane < 1
        assert seen.off == ("off the scale" if math.isfinite(far) else "diverged")


def test_without_a_loss_before_training_the_others_tell_what_is_far() -> None:
    line = trained((2.2,), (1.0,), (2.0,), (1e9,), untrained=math.nan).lines[0]
    assert line.off == (line.rates[3],)
    assert np.ptp(line.loss[:3]) > 0.7


def test_nothing_off_the_scale_needs_no_room() -> None:
    seen = trained((2.2,), (1.0,), (2.0,), untrained=50.0)
    assert seen.off == ""
    assert not seen.several
    assert seen.lines[0].off == ()
    assert seen.lines[0].loss.max() > 0.93
    for top in (0.3, 0.7, 1.1, 7.0, 900.0):  # not by rounding either
        assert trained((top,), (top / 50,), untrained=math.nan).lines[0].loss.max() > 0.93


def test_the_loss_before_training_is_shown_where_it_is_near() -> None:
    near, far = trained((2.2,), (1.0,)), trained((2.2,), (1.0,), untrained=50.0)
    assert near.untrained == pytest.approx(float(near.y.fractions(np.array([2.3]))[0]))
    assert near.untrained is not None
    assert near.lines[0].loss[0] < near.untrained < 1
    assert far.untrained is None
    assert far.lines[0].loss[0] > 0.8


def test_a_little_worse_than_untrained_is_still_shown() -> None:
    seen = trained((2.31,), (1.0,), (3.5,))
    assert seen.lines[0].off == (seen.lines[0].rates[2],)


def test_losses_over_a_decade_are_drawn_on_a_log_axis() -> None:
    assert not trained((2.2,), (0.3,)).y.log
    seen = trained((1e3,), (1e-2,), (1e-1,), untrained=1e4)
    assert seen.y.log
    heights = seen.lines[0].loss
    assert heights[0] - heights[2] == pytest.approx(4 * (heights[2] - heights[1]))


def test_losses_below_zero_are_drawn_on_a_linear_axis() -> None:
    seen = trained((2.0,), (-8.0,), (-3.0,))
    assert not seen.y.log
    assert seen.y.low < -8 < 2 < seen.y.high


def test_noise_is_not_blown_up() -> None:
    heights = trained((2.301,), (2.299,), (2.302,)).lines[0].loss
    assert np.ptp(heights) < 0.05


def test_lengths_that_were_carried_on_point_to_the_rate() -> None:
    seen = seen_in(confirmed())
    assert seen.mark == pytest.approx(float(seen.x.fractions(np.array([2.37e-3]))[0]))
    assert seen.ahead == (seen.mark, BELOW / 2)
    assert seen.on_line is None
    assert all(line.loss[np.isfinite(line.loss)].min() > BELOW for line in seen.lines)
    bests = [line.best for line in seen.lines]
    assert all(best is not None for best in bests)
    np.testing.assert_allclose(
        [best[0] for best in bests if best is not None], seen.x.fractions(np.array([9.1e-3, 4.7e-3, 3.3e-3]))
    )


def test_the_best_rate_lies_on_its_line() -> None:
    seen = seen_in(confirmed())
    for line in seen.lines:
        assert line.best is not None
        known = line.loss <= 1
        assert line.best[1] == pytest.approx(np.interp(line.best[0], line.rates[known], line.loss[known]))


def test_a_whole_training_has_the_rate_on_its_line_and_no_arrow() -> None:
    seen = seen_in(raced())
    assert seen.ahead is None
    assert seen.on_line is not None
    assert seen.on_line[0] == seen.mark
    assert seen.interval is not None
    assert seen.interval[0] < seen.on_line[0] < seen.interval[1]


def test_a_power_alone_makes_no_arrow_where_the_whole_training_was_run() -> None:
    base = confirmed()
    seen = seen_in(replace(base, recommendation=replace(base.recommendation, steps=300)))
    assert seen.ahead is None
    assert seen.on_line is not None


def test_without_a_rate_there_is_no_mark() -> None:
    seen = seen_in(declined())
    assert (seen.mark, seen.ahead, seen.on_line, seen.interval) == (None, None, None, None)
    assert seen.lines[0].best is not None


def test_a_rate_far_below_the_candidates_is_still_in_sight() -> None:
    base = confirmed()
    seen = seen_in(replace(base, recommendation=replace(base.recommendation, learning_rate=1e-5, low=1e-6, high=None)))
    assert seen.mark is not None
    assert 0 < seen.mark < 0.1
    assert seen.interval is None


def test_an_interval_is_cut_at_the_ends_of_the_axis() -> None:
    base = confirmed()
    seen = seen_in(replace(base, recommendation=replace(base.recommendation, low=1e-9, high=1e9)))
    assert seen.interval == (0, 1)


def test_where_every_training_diverged_the_marks_are_all_there_is() -> None:
    base = confirmed()
    assert base.confirmation is not None
    lost = tuple(replace(each, loss=(math.nan,) * len(each.loss)) for each in base.confirmation.candidates)
    seen = confirmation_view(base, replace(base.confirmation, candidates=lost))
    assert seen.y.ticks == ()
    lanes = [line.lane for line in seen.lines]
    assert lanes == sorted(lanes)
    assert min(np.diff(lanes)) > 2 * LANE
    assert [len(line.off) for line in seen.lines] == [7, 5, 3]
    assert all(line.best is None for line in seen.lines)


def test_a_result_read_back_looks_the_same() -> None:
    seen, again = seen_in(raced()), seen_in(read_result(to_json(raced())))
    assert replace(seen, lines=()) == replace(again, lines=())
    for line, other in zip(seen.lines, again.lines, strict=True):
        np.testing.assert_array_equal(line.loss, other.loss)
        assert (line.off, line.off_seeds, line.best) == (other.off, other.off_seeds, other.best)


@given(confirmations())
@settings(max_examples=300, deadline=None)
def test_any_confirmation_has_a_view(result: Result) -> None:
    seen = seen_in(result)
    assert seen.x.low < seen.x.high
    assert seen.y.low < seen.y.high
    for line in seen.lines:
        assert ((line.rates > 0) & (line.rates < 1)).all()
        known = line.loss[np.isfinite(line.loss)]
        assert ((known >= -0.4) & (known <= 1.4)).all()
        assert (line.seeds[:, 1] <= 1).all()
        assert all(each <= line.lane or at in line.off for at, each in zip(line.rates, line.loss, strict=True))
        assert line.lane <= 1
    on_scale = [line.seeds[:, 1].min() for line in seen.lines if len(line.seeds)]
    assert all(low > -1e-6 for low in on_scale)
    if seen.mark is not None:
        assert 0 < seen.mark < 1


def test_what_is_no_rate_is_left_out() -> None:
    odd = Confirmation(
        candidates=(Candidate(math.nan, 5, (1.0,), ()), Candidate(0.0, 5, (1.0,), ()), Candidate(1e-3, 5, (), ())),
        horizons=(Horizon(5, math.nan, math.nan, math.nan),),
        exponent=None,
        untrained=(),
        judged_on="held-out loss",
        seed_factor=None,
        spent=15.0,
        budget=20,
    )
    assert confirmation_view(declined(), odd).lines == ()
