"""A training's schedule, squeezed into a shorter one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lrfind.config.schema import TrainSection
from lrfind.config.sections.schedule import STEPS, Schedule
from lrfind.config.validate import validate
from lrfind.core import registry
from lrfind.core.errors import InputError

NEEDED: dict[str, Any] = {"model": {"name": "linear"}, "data": {"name": "digits"}, "optimizer": {"name": "sgd"}}

SCHEDULES: list[dict[str, Any]] = [
    {"name": "constant"},
    {"name": "linear", "warmup_steps": 100},
    {"name": "exponential", "decay_steps": 40, "warmup_steps": 100},
    {"name": "step", "step_size": 300},
    {"name": "cosine", "warmup_steps": 50, "end_factor": 0.1},
    {"name": "one_cycle"},
    {"name": "polynomial", "power": 0.9},
    {"name": "inverse_time", "decay_steps": 30},
    {"name": "scheduled_drop", "at": [200, 900], "factors": [0.5, 0.1], "warmup_steps": 30},
    {"name": "scheduled_drop"},
    {"name": "reduce_on_plateau", "window": 7, "patience": 90, "cooldown": 20},
    {"name": "cosine_restarts", "cycle_steps": 300, "cycle_mult": 1},
    {"name": "triangular", "cycle_steps": 150, "warmup_steps": 20},
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
        ({"name": "scheduled_drop", "at": [300, 900]}, 100, {"at": (30, 90), "factors": (0.1, 0.01)}),
        ({"name": "scheduled_drop"}, 10, {"at": (5, 8)}),  # of the default, 1/2 and 3/4
        ({"name": "triangular"}, 30, {"cycle_steps": 7.5}),
        ({"name": "triangular", "cycle_steps": 50}, 10, {"cycle_steps": 1}),
        ({"name": "cosine_restarts"}, 100, {"cycle_steps": 14.3}),
        ({"name": "reduce_on_plateau"}, 200, {"window": 2, "patience": 20, "cooldown": 0}),
        ({"name": "reduce_on_plateau"}, 7, {"window": 1, "patience": 1}),
        ({"name": "inverse_time"}, 50, {"decay_steps": 5}),
        ({"name": "one_cycle"}, 10, {"peak_fraction": 0.3, "div_factor": 25.0}),
    ],
)
def test_numbers_of_steps_are_squeezed(keys: dict[str, Any], horizon: int, scaled: dict[str, Any]) -> None:
    found = schedule(keys).scaled(1000, horizon)
    assert found.items() >= scaled.items()
    assert "name" not in found


@pytest.mark.parametrize("keys", SCHEDULES, ids=str)
def test_no_warmup_stays_none(keys: dict[str, Any]) -> None:
    assert schedule({**keys, "warmup_steps": 0}).scaled(1000, 17)["warmup_steps"] == 0


@pytest.mark.parametrize("keys", SCHEDULES, ids=str)
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
        elif key == "cycle_steps":  # its cycles end where they would, to the nearest step
            assert value == pytest.approx(max(1, whole[key] * horizon / 1000))
        elif key == "at":
            assert value == tuple(max(1, round(place * horizon / 1000)) for place in whole[key])
        elif key != "warmup_steps" and whole[key]:
            assert value == max(1, round(whole[key] * horizon / 1000))


def test_every_schedule_is_squeezed_in_a_test() -> None:
    assert {keys["name"] for keys in SCHEDULES} == set(registry.SCHEDULES)


class TestEpochs:
    def test_drops_at_named_epochs(self) -> None:
        section = TrainSection.model_validate(
            {"epochs": 10, "schedule": {"name": "scheduled_drop", "at_epochs": [5, 8]}}
        )
        steps = section.resolve_steps(rows=640, batch_size=64, accumulate=1)
        assert steps == 100
        assert section.schedule.keywords(steps)["at"] == (50, 80)
        assert section.schedule.scaled(steps, 10)["at"] == (5, 8)
        again = TrainSection.model_validate(section.model_dump(mode="json", exclude_unset=True))
        assert again.schedule.keywords(steps) == section.schedule.keywords(steps)

    @pytest.mark.parametrize(
        ("keys", "key", "says"),
        [
            ({"at": [300, 200]}, "at", "must rise"),
            ({"at": [300], "at_epochs": [1.0]}, "at_epochs", "beside at"),
            ({"at": [1000]}, "at", "before the end of the training, 1,000"),
            ({"at": [5], "warmup_steps": 5}, "at", "after the warm-up"),
            ({"at": list(range(1, 200))}, "at", "at most 100 drops"),
            ({"at": [5], "factors": [0.5, 0.1]}, "factors", "must be as many as the drops, 1; got 2"),
            ({"at_epochs": [1.0]}, "at_epochs", "needs epochs"),
        ],
    )
    def test_what_drops_cannot_be(self, keys: dict[str, Any], key: str, says: str) -> None:
        section = {"steps": 1000, "schedule": {"name": "scheduled_drop", **keys}}
        _, found = validate({**NEEDED, "train": section})
        assert [(problem.path, says in problem.message) for problem in found] == [(("train", "schedule", key), True)]

    @pytest.mark.parametrize(
        ("keys", "says"),
        [
            ({"name": "triangular", "cycle_steps": 3}, "makes 334 cycles"),
            ({"name": "triangular", "cycle_steps": 996, "warmup_steps": 5}, "at most 995"),
            ({"name": "cosine_restarts", "cycle_steps": 2, "cycle_mult": 1.0}, "makes 500 cycles"),
        ],
    )
    def test_what_cycles_cannot_be(self, keys: dict[str, Any], says: str) -> None:
        _, found = validate({**NEEDED, "train": {"steps": 1000, "schedule": keys}})
        assert [(problem.path[-1], says in problem.message) for problem in found] == [("cycle_steps", True)]

    def test_what_only_the_data_can_tell(self) -> None:
        late = {"name": "triangular", "cycle_steps": 50}
        section = TrainSection.model_validate({"epochs": 1, "schedule": late})
        with pytest.raises(InputError, match="at most 10") as caught:
            section.resolve_steps(rows=640, batch_size=64, accumulate=1)
        assert caught.value.key == "train.schedule.cycle_steps"
        with pytest.raises(ValidationError, match="before the end, epoch 3"):
            TrainSection.model_validate({"epochs": 3, "schedule": {"name": "scheduled_drop", "at_epochs": [3]}})
