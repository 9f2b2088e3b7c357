"""The reliability benchmark's attacks: a handful of draws. The benchmark itself goes on for hundreds."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1] / "benchmarks" / "reliability"

pytestmark = pytest.mark.skipif(not HERE.exists(), reason="a source distribution has no benchmarks")


@pytest.fixture(autouse=True)
def benchmark_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(HERE), *sys.path])


def test_a_seed_and_a_number_are_an_attempt(tmp_path: Path) -> None:
    from target_styles import STYLES, payloads

    made = [
        [style(each, random.Random(f"7 {name}")) for each in payloads(tmp_path / "m", tmp_path / "c.py")]
        for name, style in STYLES.items()
        for _ in range(2)
    ]
    assert made[::2] == made[1::2]


def test_what_did_not_hold_is_seen() -> None:
    from attack import changed, sound
    from command import Ran

    assert not sound(Ran(2, "", "lrfind: error: no"), 2)
    assert sound(Ran(0, "", ""), 2) == ["exit 0 instead of 2"]
    assert sound(Ran(2, "", ""), 2) == ["no sentence"]
    assert sound(Ran(3, "", "this is a fault of lrfind"), 3) == ["a fault of lrfind"]
    assert changed({"a": "1", "b": "2", "c": "3"}, {"a": "1", "c": "4", "d": "5"}) == ["b is gone", "c was changed"]


@pytest.mark.parametrize(("attack", "number"), [("targets", 2), ("targets", 15), ("files", 4)])
def test_attempts_that_hold(attack: str, number: int, tmp_path: Path) -> None:
    from importlib import import_module

    from attack import attempts

    ((_, found),) = attempts(attack, import_module(f"attack_{attack}").attempt, [number], tmp_path, 7)
    assert not found.wrong, found
