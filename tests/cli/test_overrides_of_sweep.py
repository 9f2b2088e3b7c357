"""Options that stand for keys of the config."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Lrfind


def resolved(lrfind: Lrfind, *arguments: str) -> dict[str, Any]:
    """The config that a sweep with these options says it had."""
    ran = lrfind("sweep", "c.yaml", "--json", "--no-plot", *arguments)
    assert ran.code in (0, 1), ran.err
    config: dict[str, Any] = json.loads(ran.out)["config"]
    return config


def test_every_option_reaches_its_key(lrfind: Lrfind) -> None:
    options = "--min-lr 1e-5 --max-lr 1 --steps 12 --seeds 1 --method valley --seed 7 --set model.name=linear"
    config = resolved(lrfind, *options.split(), "--set", "model.hidden=[4]", "--set", "model.name=mlp")
    wanted = {"min_lr": 1e-5, "max_lr": 1.0, "steps": 12, "seeds": 1, "method": "valley"}
    assert wanted.items() <= config["sweep"].items()
    assert config["seed"] == 7
    assert config["model"]["hidden"] == [4]


@pytest.mark.parametrize(("effort", "seeds", "steps"), [("quick", 1, 20), ("standard", 2, 20), ("thorough", 8, 200)])
def test_effort(lrfind: Lrfind, effort: str, seeds: int, steps: int) -> None:
    sweep = resolved(lrfind, "--effort", effort)["sweep"]
    assert (sweep["seeds"], sweep["steps"]) == (seeds, steps)


CONFIRMED = ("--set", "confirm.enabled=true")


@pytest.mark.parametrize(
    ("arguments", "enabled", "budget"),
    [
        ((), False, 3000),
        (CONFIRMED, True, 3000),
        ((*CONFIRMED, "--no-confirm"), False, 3000),
        (("--confirm", "--set", "confirm.budget=1"), True, 1),
        (("--effort", "quick", "--confirm"), True, 3000),
        (("--effort", "quick", *CONFIRMED), True, 3000),
        (("--effort", "thorough"), False, 10_000),
        (("--effort", "thorough", "--set", "confirm.budget=400"), False, 400),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_whether_to_confirm(lrfind: Lrfind, arguments: tuple[str, ...], enabled: bool, budget: int) -> None:
    short = ("--seeds", "1", "--steps", "10", "--set", "train.steps=20")
    assert resolved(lrfind, *short, *arguments)["confirm"] == {
        "enabled": enabled,
        "budget": budget,
        "max_seconds": None,
    }


def test_quick_is_not_confirmed(lrfind: Lrfind) -> None:
    Path("c.yaml").write_text(Path("c.yaml").read_text(encoding="utf-8").replace("confirm: {enabled: false}", ""))
    assert resolved(lrfind, "--effort", "quick")["confirm"]["enabled"] is False


def test_an_option_of_its_own_wins_over_effort(lrfind: Lrfind) -> None:
    assert resolved(lrfind, "--effort", "thorough", "--seeds", "1", "--steps", "10")["sweep"]["seeds"] == 1


def test_a_bound_on_the_command_line_is_not_passed(lrfind: Lrfind) -> None:
    """The config's max_lr is where the sweep is planned to end, --max-lr where it has to."""
    common = ("sweep", "c.yaml", "--json", "--no-plot", "--set", "sweep.extend=true")
    free = json.loads(lrfind(*common, "--set", "sweep.max_lr=1e-4").out)["sweep"]["learning_rate"]
    bound = json.loads(lrfind(*common, "--max-lr", "1e-4").out)["sweep"]["learning_rate"]
    assert max(bound) <= 1e-4 * (1 + 1e-9) < max(free)
    assert {path.name for path in Path("lrfind-runs").iterdir()} == {"c", "c-2"}, "these are two curves"
