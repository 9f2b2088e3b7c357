"""Runs side by side: what each found, by which factors the rates differ, and in what else the runs do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lrfind.analysis.scaling import Law, law
from lrfind.types import Facts, Result
from lrfind.types.training import Training


@dataclass(frozen=True)
class Entry:
    """One run of a comparison.

    Attributes:
        label: what it is called: no other has the same.
        folder: its run directory.
        result: what it found.
    """

    label: str
    folder: str
    result: Result

    @property
    def rate(self) -> float | None:
        return self.result.recommendation.learning_rate

    @property
    def optimizer(self) -> Mapping[str, Any]:
        """The section of the config."""
        return dict(self.result.config.get("optimizer") or {})

    @property
    def batch_size(self) -> int | None:
        """Rows that a step takes, accumulated ones included."""
        rows = (self.result.config.get("data") or {}).get("batch_size")
        return rows * int(self.optimizer.get("accumulate") or 1) if isinstance(rows, int) else None

    @property
    def judged(self) -> tuple[float, int] | None:
        """The loss that the trainings at the recommended rate end with, median over the seeds, and their length: of the
        longest ones at the rate nearest to it; None where nothing was trained."""
        found = self.result.confirmation
        rate = self.rate
        if found is None or rate is None or not rate > 0:
            return None
        usable = [each for each in found.candidates if each.learning_rate > 0 and each.loss]
        if not usable:
            return None
        steps = max(each.steps for each in usable)
        longest = [each for each in usable if each.steps == steps]
        nearest = min(longest, key=lambda each: abs(math.log(each.learning_rate / rate)))
        return float(np.median(nearest.loss)), steps


@dataclass(frozen=True)
class Comparison:
    """Runs side by side, in the order in which they were named.

    Attributes:
        entries: at least one.
        varied: what `lrfind compare` varied; None where the runs were given.
    """

    entries: tuple[Entry, ...]
    varied: str | None = None

    @cached_property
    def factors(self) -> tuple[float | None, ...]:
        """By what each rate is higher than that of the first run that has one."""
        rates = [each.rate for each in self.entries]
        first = next((rate for rate in rates if rate), None)
        return tuple(None if rate is None or first is None else rate / first for rate in rates)

    @cached_property
    def law(self) -> Law | None:
        """The scaling with the batch size, where that is what differs."""
        if self.varied != "batch_size":
            return None
        found = [each for each in self.entries if each.batch_size]
        spans = [each.result.recommendation for each in found]

        def column(values: Sequence[float | None]) -> Any:
            return np.array([math.nan if value is None else value for value in values], np.float64)

        return law(
            column([each.batch_size for each in found]),
            column([each.rate for each in found]),
            column([each.low for each in spans]),
            column([each.high for each in spans]),
        )

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know before comparing, one sentence each."""
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
    """One training of a comparison.

    Attributes:
        label: what it is called: no other has the same.
        folder: its run directory.
        training: what came of it.
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
        """What a reader should know before comparing, one sentence each."""
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


def labelled(runs: Sequence[tuple[str, Result]]) -> tuple[Entry, ...]:
    """Runs, given by folder and result, with labels that tell them apart."""
    names = labels([(folder, result.name) for folder, result in runs])
    return tuple(Entry(label, folder, result) for label, (folder, result) in zip(names, runs, strict=True))


def labels(runs: Sequence[tuple[str, str]]) -> list[str]:
    """Labels that tell runs apart: their names, else as much of their folders as it takes.

    Args:
        runs: folder and name of each.
    """
    names = [name for _, name in runs]
    if len(set(names)) < len(names):
        parts = [folder.replace("\\", "/").rstrip("/").split("/") for folder, _ in runs]
        depth = 1
        while depth < max(map(len, parts)) and len({tuple(part[-depth:]) for part in parts}) < len(parts):
            depth += 1
        names = ["/".join(part[-depth:]) for part in parts]
    counted: dict[str, int] = {}
    found = []
    for name in names:
        counted[name] = counted.get(name, 0) + 1
        found.append(name if counted[name] == 1 else f"{name} ({counted[name]})")
    return found
