"""Recorded trainings: each finding is seen where it was measured, and not in good runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lrfind.analysis.diagnosis.wording import diagnose
from lrfind.core.registry import FINDINGS
from lrfind.core.training import Trace
from tests.support.recorded import runs

HIGH = {"too-high", "oscillating", "diverged", "warmup-too-short"}
NAMES = sorted(runs())


def first(trace: Trace) -> str:
    return diagnose(trace)[0].id


@pytest.mark.parametrize("name", NAMES)
def test_the_first_finding_of_a_recorded_run(name: str) -> None:
    assert first(runs()[name]) == name.partition("/")[0]


def test_every_finding_but_one_is_among_the_recorded_runs() -> None:
    assert {name.partition("/")[0] for name in NAMES} == set(FINDINGS) - {"not-learning"}


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("healthy/")])
@pytest.mark.parametrize("lacks", ["rate", "val_loss", "both"])
def test_a_good_run_stays_healthy_with_less_in_its_log(name: str, lacks: str) -> None:
    trace = runs()[name]
    if lacks in ("rate", "both"):
        trace = replace(trace, rate=None)
    if lacks in ("val_loss", "both"):
        trace = replace(trace, val_loss=None)
    assert [each.id for each in diagnose(trace)] == ["healthy"]


@pytest.mark.parametrize("name", [name for name in NAMES if name.partition("/")[0] in ("diverged", "too-slow")])
def test_what_a_bare_loss_column_can_tell(name: str) -> None:
    bare = replace(runs()[name], rate=None, val_loss=None)
    assert first(bare) == name.partition("/")[0]


def test_of_an_early_decay_a_bare_loss_column_says_nothing_of_the_decay() -> None:
    for name in NAMES:
        if name.startswith("too-aggressive-decay/"):
            assert first(replace(runs()[name], rate=None)) != "too-aggressive-decay"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("factor", [1e-3, 1e4])
def test_neither_the_unit_of_the_loss_nor_that_of_the_rate_matters(name: str, factor: float) -> None:
    trace = runs()[name]
    assert trace.rate is not None
    assert trace.val_loss is not None
    scaled = replace(trace, loss=factor * trace.loss, val_loss=factor * trace.val_loss, rate=trace.rate / factor)
    assert [each.id for each in diagnose(scaled)] == [each.id for each in diagnose(trace)]


@pytest.mark.parametrize("name", NAMES)
def test_every_sentence_says_something_and_every_number_is_one(name: str) -> None:
    for found in diagnose(runs()[name]):
        for sentence in (found.what, found.why, found.advice):
            assert len(sentence) > 5
            assert "nan" not in sentence.split()
        first_step, last_step = found.steps
        assert 0 <= first_step <= last_step <= len(runs()[name].step)


def test_a_loss_that_never_fell() -> None:
    rng = np.random.default_rng(1)
    found = diagnose(Trace(np.arange(300.0), 2.3 + 0.05 * rng.standard_normal(300)))
    assert [each.id for each in found] == ["not-learning"]
    assert "100" in found[0].advice


@pytest.mark.parametrize("level", [0.0, 2.3, -0.7])
@pytest.mark.parametrize("rows", [30, 300])
def test_a_loss_that_never_moved(level: float, rows: int) -> None:
    assert first(Trace(np.arange(float(rows)), np.full(rows, level))) == "not-learning"


def test_losses_whose_squares_are_no_numbers() -> None:
    loss = np.exp(-np.arange(100) / 20)
    assert first(Trace(np.arange(100.0), 1e300 * loss)) == first(Trace(np.arange(100.0), loss))
