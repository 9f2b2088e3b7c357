"""A training's schedule, squeezed into a shorter one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfind.config.training import STEPS, Schedule, TrainSection

SCHEDULES: list[dict[str, Any]] = [
    {"name": "constant"},
    {"name": "linear", "warmup_steps": 100},
    {"name": "exponential", "decay_steps": 40, "warmup_steps": 100},
    {"name": "step", "step_size": 300},
    {"name": "cosine", "warmup_steps": 50, "end_factor": 0.1},
    {"name": "one_cycle"},
]


def schedule(keys: dict[str, Any]) -> Schedule:
    return TrainSection.model_validate({"steps": 1000, "schedule": keys}).schedule


@pytest.mark.parametrize(
    ("keys", "horizon", "scaled"),
    [
        ({"name": "cosine", "warmup_steps": 50}, 100, {"warmup_steps": 5}),
        ({"name": "cosine", "warmup_steps": 50}, 18, {"warmup_steps": 1}),  # 0.9
        ({"name": "cosine", "warmup_steps": 1}, 18, {"warmup_steps": 1}),  # at least 1
        ({"name": "cosine", "warmup_steps": 999}, 5, {"warmup_steps": 4}),  # a step is left after it
        ({"name": "cosine", "warmup_steps": 999}, 1, {"warmup_steps": 0}),
        ({"name": "exponential", "decay_steps": 40}, 100, {"decay_steps": 4, "decay_rate": 0.96}),
        ({"name": "exponential", "decay_steps": 40}, 5, {"decay_steps": 1}),
        ({"name": "exponential"}, 500, {"decay_steps": 5}),  # of the default, a hundredth of the training
        ({"name": "step", "step_size": 300}, 100, {"step_size": 30, "factor": 0.1}),
        ({"name": "step"}, 100, {"step_size": 33}),
        ({"name": "one_cycle"}, 10, {"peak_fraction": 0.3, "div_factor": 25.0}),
    ],
)
def test_numbers_of_steps_are_squeezed(keys: dict[str, Any], horizon: int, scaled: dict[str, Any]) -> None:
    found = schedule(keys).scaled(1000, horizon)
    assert found.items() >= scaled.items()
    assert "name" not in found


@pytest.mark.parametrize("keys", SCHEDULES, ids=lambda keys: keys["name"])
def test_no_warmup_stays_none(keys: dict[str, Any]) -> None:
    assert schedule({**keys, "warmup_steps": 0}).scaled(1000, 17)["warmup_steps"] == 0


@pytest.mark.parametrize("keys", SCHEDULES, ids=lambda keys: keys["name"])
def test_the_whole_training_is_as_it_is(keys: dict[str, Any]) -> None:
    assert schedule(keys).scaled(1000, 1000) == schedule(keys).keywords(1000)


@given(st.sampled_from(SCHEDULES), st.integers(1, 1000))
def test_every_length_has_a_schedule(keys: dict[str, Any], horizon: int) -> None:
    whole, found = schedule(keys).keywords(1000), schedule(keys).scaled(1000, horizon)
    assert found.keys() == whole.keys()
    assert 0 <= found["warmup_steps"] < horizon
    for key, value in found.items():
        if key not in STEPS:
            assert value == whole[key]
        elif key != "warmup_steps" and whole[key]:
            assert value == max(1, round(whole[key] * horizon / 1000))
