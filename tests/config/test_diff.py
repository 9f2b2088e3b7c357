"""How a config differs from a recorded one."""

from __future__ import annotations

from typing import Any

import pytest

from lrfind.config.schema import Config
from lrfind.config.variants import differences

SMALL: dict[str, Any] = {
    "model": {"name": "mlp", "hidden": [8]},
    "data": {"name": "npz", "path": "/home/me/data/d.npz"},
    "optimizer": {"name": "sgd", "learning_rate": 0.1, "momentum": 0.9},
}


def config(**sections: Any) -> Config:
    return Config.model_validate(SMALL | sections)


def recorded(**sections: Any) -> dict[str, Any]:
    return config(**sections).model_dump(mode="json")


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"optimizer": SMALL["optimizer"] | {"learning_rate": 3.0}},
        {"check": {"tolerance": 9}},
        {"data": {"name": "npz", "path": "/builds/other/d.npz"}},
        {"data": {"name": "npz", "path": "C:\\data\\d.npz"}},
    ],
)
def test_what_moves_no_bit_is_no_difference(sections: dict[str, Any]) -> None:
    assert differences(config(), recorded(**sections)) == []


@pytest.mark.parametrize(
    ("sections", "says"),
    [
        ({"seed": 3}, "seed is 0 here, 3 in the run"),
        ({"model": {"name": "mlp", "hidden": [8, 8]}}, "model.hidden is [8] here, [8, 8] in the run"),
        ({"optimizer": {"name": "sgd"}}, "optimizer.momentum is 0.9 here, left out in the run"),
        ({"data": SMALL["data"] | {"path": "/home/me/data/e.npz"}}, 'd.npz" here, "/home/me/data/e.npz" in the run'),
    ],
)
def test_what_differs_is_named(sections: dict[str, Any], says: str) -> None:
    (found,) = differences(config(), recorded(**sections))
    assert says in found


def test_keys_that_a_run_of_another_version_lacks_have_their_defaults() -> None:
    old = recorded()
    del old["check"], old["confirm"]["max_seconds"]
    assert differences(config(), old) == []


def test_keys_that_are_unknown_today_are_differences() -> None:
    newer = recorded()
    newer["sweep"]["later"] = 1
    assert differences(config(), newer) == ["sweep.later is left out here, 1 in the run"]
