"""Compare runs: rates, ratios between them, and reasons why they may not be comparable.

Over the batch size the best rate is fitted by a power law, ``rate = scale * batch^exponent``, and compared with linear
scaling (exponent 1; Goyal et al. 2017, for SGD) and square-root scaling (exponent 1/2; Malladi et al. 2022, for Adam
and RMSprop).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lrfind.core.dataset import Floats
from lrfind.core.result import Facts, Result
from lrfind.core.training import Training

LINEAR, ROOT = 1.0, 0.5
"""Exponents of linear and square-root scaling, without unit."""

ERRORS = 2.0
"""Half-width of the exponent's interval, in standard errors."""

NARROWEST = math.log(1.05)
"""Least width of an interval in natural-log rate: no rate is known better than to 5 %."""


@dataclass(frozen=True)
class Rule:
    """A power law of a given exponent through the measured rates.

    Attributes:
        exponent: exponent of the batch size.
        scale: rate at batch size 1.
        off: largest ratio between a measured rate and the law's, either way.
    """

    exponent: float
    scale: float
    off: float

    def rate(self, batch_size: float) -> float:
        """Return the law's rate at a batch size."""
        return float(self.scale * batch_size**self.exponent)


@dataclass(frozen=True)
class Law:
    """Power laws of the rates at several batch sizes.

    Attributes:
        fitted: law with the fitted exponent.
        low: lower end of the exponent's interval.
        high: upper end of the exponent's interval.
        linear: law with exponent 1.
        root: law with exponent 1/2.
    """

    fitted: Rule
    low: float
    high: float
    linear: Rule
    root: Rule


def law(batch_sizes: Floats, rates: Floats, low: Floats, high: Floats) -> Law | None:
    """Fit the law by weighted least squares of log rate on log batch size.

    A uniform distribution over an interval has the standard error ``e = log(high / low) / sqrt(12)``. With weights ``w
    = 1 / e^2`` and x the log batch size, the exponent's standard error is ``1 / sqrt(sum w (x - mean x)^2)``; its
    interval spans `ERRORS` of them on each side. A rate without an interval gets the width of the widest one, or of a
    factor of ten if there is none.

    Args:
        batch_sizes: batch sizes, shape (points,).
        rates: best rate of each batch size, shape (points,); one that is not finite or not positive is left out.
        low: lower ends of the rates' intervals, shape (points,); NaN for none.
        high: upper ends of the rates' intervals, shape (points,); NaN for none.

    Returns:
        The laws; None if fewer than two batch sizes have a rate.
    """
    known = np.isfinite(rates) & (rates > 0)
    x, y = np.log(batch_sizes[known]), np.log(rates[known])
    if len(np.unique(x)) < 2:
        return None
    error = errors(low[known], high[known])
    weight = error**-2
    mean = np.average(x, weights=weight)
    spread = float((weight * (x - mean) ** 2).sum())
    exponent = float((weight * (x - mean) * y).sum() / spread)
    margin = ERRORS / math.sqrt(spread)

    def through(exponent: float) -> Rule:
        at_one = float(np.average(y - exponent * x, weights=weight))
        return Rule(exponent, math.exp(at_one), math.exp(float(np.abs(y - exponent * x - at_one).max())))

    return Law(through(exponent), exponent - margin, exponent + margin, through(LINEAR), through(ROOT))


def errors(low: Floats, high: Floats) -> Floats:
    """Return the standard error of each log rate from its interval, shape (points,).

    Args:
        low: lower ends of the rates' intervals, shape (points,); NaN for none.
        high: upper ends of the rates' intervals, shape (points,); NaN for none.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        width = np.log(high / low)
    width = np.where(np.isfinite(width), np.maximum(width, NARROWEST), np.nan)
    widest = float(np.nanmax(width)) if np.isfinite(width).any() else math.log(10)
    return np.asarray(np.where(np.isnan(width), widest, width) / math.sqrt(12), np.float64)


@dataclass(frozen=True)
class ComparedRun:
    """A run of a comparison.

    Attributes:
        label: unique name of the run.
        folder: run directory.
        result: result of the run.
    """

    label: str
    folder: str
    result: Result

    @property
    def rate(self) -> float | None:
        """Recommended learning rate; None if there is none."""
        return self.result.recommendation.learning_rate

    @property
    def optimizer(self) -> Mapping[str, Any]:
        """Section `optimizer` of the config."""
        return dict(self.result.config.get("optimizer") or {})

    @property
    def batch_size(self) -> int | None:
        """Rows per optimiser step, accumulated micro-batches included; None if the config has none."""
        rows = (self.result.config.get("data") or {}).get("batch_size")
        return rows * int(self.optimizer.get("accumulate") or 1) if isinstance(rows, int) else None

    @property
    def judged(self) -> tuple[float, int] | None:
        """Median final loss over seeds at the recommended rate, and the length of those trials.

        Taken from the longest trials at the rate nearest to the recommendation; None if nothing was trained.
        """
        confirmation = self.result.confirmation
        rate = self.rate
        if confirmation is None or rate is None or not rate > 0:
            return None
        trials = [trial for trial in confirmation.candidates if trial.learning_rate > 0 and trial.loss]
        if not trials:
            return None
        nearest = min(trials, key=lambda trial: (-trial.steps, abs(math.log(trial.learning_rate / rate))))
        return float(np.median(nearest.loss)), nearest.steps


@dataclass(frozen=True)
class Comparison:
    """Runs side by side, in the order in which they were named.

    Attributes:
        entries: runs, at least one.
        varied: setting that `lrfind compare` varied; None if the runs were given.
    """

    entries: tuple[ComparedRun, ...]
    varied: str | None = None

    @cached_property
    def factors(self) -> tuple[float | None, ...]:
        """Ratio of each rate to that of the first run with a rate; None without a rate."""
        rates = [entry.rate for entry in self.entries]
        first = next((rate for rate in rates if rate), None)
        return tuple(None if rate is None or first is None else rate / first for rate in rates)

    @cached_property
    def law(self) -> Law | None:
        """Power law of the rate over the batch size; None unless the batch size was varied."""
        if self.varied != "batch_size":
            return None
        known = [(entry.batch_size, entry.result.recommendation) for entry in self.entries if entry.batch_size]
        points = [(rows, advised.learning_rate, advised.low, advised.high) for rows, advised in known]
        return law(*np.array(points, np.float64).reshape(-1, 4).T)  # None becomes NaN.

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Return sentences to know before comparing."""
        sentences = differences([entry.result.facts for entry in self.entries], "runs")
        lengths = sorted({entry.judged[1] for entry in self.entries if entry.judged})
        if len(lengths) > 1:
            steps = ", ".join(f"{length:,}" for length in lengths)
            sentences.append(f"the losses were judged after trainings of different lengths ({steps} steps)")
        sentences += [
            f"{entry.label} was interrupted" for entry in self.entries if entry.result.status == "interrupted"
        ]
        return tuple(sentences)


@dataclass(frozen=True)
class Trained:
    """A training of a comparison.

    Attributes:
        label: unique name of the training.
        folder: run directory.
        training: record of the training.
    """

    label: str
    folder: str
    training: Training


@dataclass(frozen=True)
class TrainingComparison:
    """Trainings side by side, in the order in which they were named.

    Attributes:
        entries: at least one.
    """

    entries: tuple[Trained, ...]

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Sentences to know before comparing."""
        trainings = [(entry.label, entry.training) for entry in self.entries]
        interrupted = [f"{label} was interrupted" for label, training in trainings if training.status == "interrupted"]
        return (*differences([training.facts for _, training in trainings], "trainings"), *interrupted)


def differences(facts: Sequence[Facts], noun: str) -> list[str]:
    """Return a sentence for each difference that forbids comparing losses.

    Args:
        facts: of model and data, for each run.
        noun: name of the runs in the sentences.
    """
    sentences = []
    losses = sorted({run.loss for run in facts})
    if len(losses) > 1:
        sentences.append(f"the {noun} minimise different losses ({', '.join(losses)}), so these are not to be compared")
    if len({run.data.partition(":")[0] for run in facts}) > 1:
        sentences.append(f"the {noun} learn from different data, so their losses are not to be compared")
    return sentences


def labelled(runs: Sequence[tuple[str, Result]]) -> tuple[ComparedRun, ...]:
    """Return runs with unique labels.

    Args:
        runs: folder and result of each run.
    """
    names = labels([(folder, result.name) for folder, result in runs])
    return tuple(ComparedRun(label, folder, result) for label, (folder, result) in zip(names, runs, strict=True))


def labels(runs: Sequence[tuple[str, str]]) -> list[str]:
    """Return unique labels: the runs' names, or trailing parts of their folders.

    Args:
        runs: folder and name of each run.
    """
    names = [name for _, name in runs]
    if len(set(names)) < len(names):
        parts = [folder.replace("\\", "/").rstrip("/").split("/") for folder, _ in runs]
        depth = 1
        while depth < max(map(len, parts)) and len({tuple(part[-depth:]) for part in parts}) < len(parts):
            depth += 1
        names = ["/".join(part[-depth:]) for part in parts]
    earlier = [names[:at].count(name) for at, name in enumerate(names)]
    return [f"{name} ({twins + 1})" if twins else name for name, twins in zip(names, earlier, strict=True)]
