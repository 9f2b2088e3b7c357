"""A confirmed run on the command line: what it says, writes and returns."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Lrfind

CONFIRMED = ("--set", "confirm.enabled=true", "--set", "confirm.budget=700", "--no-plot")

SHUFFLED = """\
model: {name: linear}
data: {name: npz, path: d.npz, batch_size: 20}
optimizer: {name: sgd}
train: {steps: 1000}
"""


def test_it_is_announced_without_a_terminal(lrfind: Lrfind) -> None:
    ran = lrfind("sweep", "c.yaml", *CONFIRMED)
    assert ran.code == 0
    said = r"lrfind: confirming by short trainings, at most \d{3} steps: about (a second|\d+ (s|min))\n"
    assert re.fullmatch(said, ran.err)
    assert "confirmed" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_quiet_is_quiet(lrfind: Lrfind) -> None:
    assert lrfind("sweep", "c.yaml", *CONFIRMED, "--quiet").err == ""


def test_json(lrfind: Lrfind) -> None:
    result = json.loads(lrfind("sweep", "c.yaml", *CONFIRMED, "--json").out)
    confirmation, rate = result["confirmation"], result["recommendation"]
    assert rate["confirmed"] is True
    assert rate["low"] <= rate["learning_rate"] <= rate["high"]
    assert confirmation["spent"] <= confirmation["budget"] == 700
    assert [each["steps"] for each in confirmation["candidates"]] == sorted(
        each["steps"] for each in confirmation["candidates"]
    )
    assert result["timing"]["confirm"] > 0


@pytest.mark.parametrize(
    ("key", "value"), [("confirm.budget", "1"), ("confirm.max_seconds", "1e-6")], ids=["budget", "seconds"]
)
def test_no_room_for_a_heat_is_said_and_not_announced(lrfind: Lrfind, key: str, value: str) -> None:
    ran = lrfind("sweep", "c.yaml", "--confirm", "--set", f"{key}={value}", "--no-plot", "--json")
    assert (ran.code, ran.err) == (0, "")
    result = json.loads(ran.out)
    assert (result["status"], result["recommendation"]["confirmed"]) == ("complete", False)
    assert result["confirmation"] is None
    steepest, tenth = (result["suggestions"][name]["learning_rate"] for name in ("steepest", "minimum"))
    assert result["recommendation"]["learning_rate"] == pytest.approx((steepest * 4 * tenth) ** 0.5)
    assert f"the suggestion is not confirmed: {key} leaves 0 optimiser steps" in result["warnings"][-1]


def test_a_rate_that_the_trainings_decline_is_exit_1_and_not_written(lrfind: Lrfind) -> None:
    rng = np.random.default_rng(0)
    np.savez("d.npz", x=rng.normal(size=(1000, 6)).astype(np.float32), y=rng.integers(0, 4, 1000))
    Path("d.yaml").write_text(SHUFFLED, encoding="utf-8")
    ran = lrfind("sweep", "d.yaml", "--no-plot", "--write", "--json", "--quiet")
    result = json.loads(ran.out)
    assert (ran.code, result["status"]) == (1, "no_recommendation")
    assert result["suggestions"]["steepest"]["learning_rate"] > 0
    assert result["recommendation"]["learning_rate"] is None
    assert "no training did better than a constant answer" in result["recommendation"]["reason"]
    assert Path("d.yaml").read_text(encoding="utf-8") == SHUFFLED
    assert lrfind("sweep", "d.yaml", "--no-plot", "--exit-zero", "--quiet").code == 0
