"""Where trainings begin if the sweep shows no rate."""

from __future__ import annotations

import numpy as np
import pytest

from lrfind.analysis.range_test.curve import summarize
from lrfind.analysis.range_test.recommendation import guess

RATES = np.geomspace(1e-7, 10, 100)
FLAT = 1 + 0.01 * np.random.default_rng(0).standard_normal((4, 100))


def test_a_decade_below_the_divergence_where_noise_hides_the_fall() -> None:
    loss = FLAT.copy()
    loss[:, 80:] = np.inf
    reading = summarize(RATES, loss)
    assert reading.no_rate_reason is not None
    found = guess(reading)
    # A batch or two above the others just before the end count as diverged as well.
    assert found is not None
    assert RATES[76] / 10 <= found <= RATES[80] / 10


def test_a_decade_below_the_last_rate_where_nothing_diverges() -> None:
    assert guess(summarize(RATES, FLAT)) == pytest.approx(1.0)


@pytest.mark.parametrize("lost_from", [0, 2])
def test_none_where_the_first_rates_were_lost(lost_from: int) -> None:
    loss = FLAT.copy()
    loss[:, lost_from:] = np.nan
    assert guess(summarize(RATES, loss)) is None
