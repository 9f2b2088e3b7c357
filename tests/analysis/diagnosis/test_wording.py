"""What findings advise."""

from __future__ import annotations

import numpy as np
import pytest

from lrfind.analysis.diagnosis.wording import diagnose
from lrfind.core.training import Trace

STEPS = np.arange(400.0)
FALLING = 0.2 + 2 * np.exp(-STEPS / 500)


@pytest.mark.parametrize(
    ("highest", "factor", "advice"),
    [
        (None, 10, "raise the rate by a factor of 10 (from 1.0e-03 to 1.0e-02), or train longer"),
        (2e-2, 10, "raise the rate by a factor of 10 (from 1.0e-03 to 1.0e-02), or train longer"),
        (4e-3, 3, "raise the rate by a factor of 3 (from 1.0e-03 to 3.0e-03), or train longer"),
        (2e-3, 1, "train longer: at rates above 2.0e-03 the run's own trainings lose"),
    ],
)
def test_no_rate_is_advised_that_was_tried_and_lost(highest: float | None, factor: int, advice: str) -> None:
    (found,) = diagnose(Trace(STEPS, FALLING, np.full(400, 1e-3), highest=highest))
    assert (found.id, found.values["factor"]) == ("too-slow", factor)
    assert found.advice.startswith(advice)
    assert ("ten times the rate" in found.why) == (factor > 1)
