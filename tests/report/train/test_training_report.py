"""The report of a training: figure, terminal plot, text, Markdown, records."""

from __future__ import annotations

import csv
import json
import time
from dataclasses import replace

import numpy as np
import pytest

from lrfind.core.decode import read_training
from lrfind.core.errors import InputError
from lrfind.core.result import Facts
from lrfind.core.training import Finding, Scores, Training
from lrfind.report.plots.curve_view import DEEPEST, loss_axis, moving_mean, training_view
from lrfind.report.plots.figures import draw
from lrfind.report.plots.terminal_plot import plot_training
from lrfind.report.train.training_report import summary, to_csv, to_json
from lrfind.report.train.training_report import text as as_text
from lrfind.report.wording import Look

STEPS = 120


def training(steps: int = STEPS) -> Training:
    at = np.arange(steps, dtype=np.float64)
    looks = np.linspace(0, steps, 13).round()
    findings = (
        Finding("overfitting", "warning", "it | rose", "why", "do `this`", (60.0, float(steps)), {"x": np.inf}),
    )
    return Training(
        name="mine",
        status="complete",
        learning_rate=0.1,
        rate_from="--lr",
        schedule="linear",
        steps=steps,
        rate=0.1 * (1 - at / steps),
        loss=0.01 + 2 * np.exp(-at / 20),
        gradient_norm=np.full(steps, 0.5),
        scores=Scores(looks, 0.5 + (looks / steps - 0.4) ** 2, 1 - looks / (2 * steps), "accuracy", 100),
        findings=findings,
        facts=Facts("mlp", 1234, "digits: some", "cross_entropy", "optax.sgd(0.1)"),
        timing={"train": 1.0, "total": 2.0},
    )


@pytest.mark.parametrize("format", ["png", "svg", "pdf"])
def test_the_same_training_gives_the_same_figure(format: str) -> None:
    assert draw(training(), format) == draw(training(), format)  # type: ignore[arg-type]


@pytest.mark.parametrize("what", ["long", "no scores", "not finite", "one step", "negative", "rate of zero"])
def test_any_training_has_a_figure_and_a_plot(what: str) -> None:
    seen = training(5000 if what == "long" else 1 if what == "one step" else STEPS)
    if what == "no scores":
        seen = replace(seen, scores=None)
    if what == "not finite":
        seen = replace(seen, loss=np.where(np.arange(STEPS) > 50, np.nan, seen.loss))
    if what == "negative":
        seen = replace(seen, loss=seen.loss - 5)
    if what == "rate of zero":
        seen = replace(seen, rate=np.zeros(STEPS))
    assert draw(seen, "png").startswith(b"\x89PNG")
    drawn = plot_training(seen, 60, 14, color=False, unicode=False)
    assert drawn.isascii()
    assert max(map(len, drawn.splitlines())) <= 60


def test_steps_are_shared_and_the_lowest_look_is_marked() -> None:
    seen = training_view(training())
    assert (seen.steps[0], seen.looks[0], seen.rate_steps[0]) == (0, 0, 0)
    assert seen.looks[-1] == 1
    assert seen.best is not None
    assert seen.best[0] == pytest.approx(0.4, abs=0.05)
    assert seen.rate[0] == pytest.approx(1 / 1.1)


def test_a_loss_far_below_the_validation_loss_is_off_the_axis() -> None:
    loss, val = np.geomspace(1, 1e-9, 50), np.array([1.0, 0.5])
    axis = loss_axis([loss, val], [loss, val], DEEPEST * 0.5)
    assert axis.log
    assert 1e-4 < axis.low < 0.5e-3


def test_a_moving_mean_is_a_mean_of_what_is_there() -> None:
    y = np.array([1.0, np.nan, 3.0, 4.0, 5.0])
    assert moving_mean(y, 2) == pytest.approx([1.0, np.nan, 3.5, 4.0, 4.5], nan_ok=True)


def test_text_fits_and_names_the_finding() -> None:
    text = as_text(training(), Look(width=60, files=("a", "b")))
    assert max(map(len, text.splitlines())) <= 60
    assert text.startswith("validation loss 0.86, accuracy 0.5 after 120 steps at")
    assert "overfitting (warning)" in text
    assert "\x1b[" in as_text(training(), Look(width=60, color=True))


def test_markdown_escapes() -> None:
    assert "it \\| rose" in summary(training(), Look())


def test_records() -> None:
    seen = training()
    kept = json.loads(to_json(seen))
    assert kept["trace"]["loss"] == seen.loss.tolist()
    assert kept["findings"][0]["values"] == {"x": None}
    assert kept["metrics"]["best_step"] == 50
    rows = list(csv.DictReader(to_csv(seen).splitlines()))
    assert len(rows) == STEPS + 1
    assert rows[-1]["loss"] == ""
    assert float(rows[-1]["val_loss"]) == kept["metrics"]["val_loss"]


@pytest.mark.parametrize("rate", [None, "x", {}, True, []])
def test_a_rate_that_is_none_is_said(rate: object) -> None:
    kept = json.loads(to_json(training()))
    kept["trace"]["learning_rate"][5] = rate
    with pytest.raises(InputError, match=r"damaged: .*trace\.learning_rate"):
        read_training(json.dumps(kept))


@pytest.mark.parametrize("step", [-1, STEPS + 1, 0.5])
def test_a_validation_at_no_step_is_said(step: float) -> None:
    kept = json.loads(to_json(training()))
    kept["validation"]["step"][0] = step
    with pytest.raises(InputError, match=f"damaged: 'validation.step' has what is no step from 0 to {STEPS}"):
        read_training(json.dumps(kept))


def test_an_enormous_name_is_cut_before_it_is_laid_out() -> None:
    long = replace(training(), name="x" * 10**6)
    begun = time.monotonic()
    draw(long, "svg")
    assert time.monotonic() - begun < 20
