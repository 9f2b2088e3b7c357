"""A call as a value: evaluated, and written down."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfind.task.optim.source_code import Call, evaluate, source

NESTED = Call("builtins.sorted", (Call("builtins.list", ([3, Call("math.hypot", (3.0, 4.0)), 1],)),), {"reverse": True})


def test_a_call_is_evaluated_from_the_inside() -> None:
    assert evaluate(NESTED) == [5.0, 3, 1]


def test_a_call_is_written_down() -> None:
    expected = "builtins.sorted(builtins.list([3, math.hypot(3, 4), 1]), reverse=True)"
    assert source(NESTED) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (1e-16, "1e-16"),
        (np.float64(0.25), "0.25"),
        (1.0, "1"),
        (0.9999999, "0.9999999"),
        (64, "64"),
        (None, "None"),
        (False, "False"),
        ("frobenius", "'frobenius'"),
        ([1, [2.5]], "[1, [2.5]]"),
    ],
)
def test_values(value: Any, text: str) -> None:
    assert source(value) == text


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_digit_is_lost(value: float) -> None:
    assert eval(source(Call("math.fabs", (value,))), {"math": math}) == math.fabs(value)
