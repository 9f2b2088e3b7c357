"""From answers to one row a finder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from answers import Answer
from truth import GOOD, PER_DECADE, Truth

CEILING = "perfect ceiling"
"""The name of the row that no finder can beat but by luck."""

USABLE = 0.10
"""Regret up to which an end of an interval is usable."""

FACTOR = 2.0
"""Rates within this factor of one another agree (Bengio 2012)."""


@dataclass(frozen=True)
class Row:
    """A finder over all tasks and seeds.

    Attributes:
        finder: its name.
        regrets: one a task and seed, sorted.
        median: of them.
        mean: of them.
        worst: their 95th percentile.
        good: share of them up to 5 %.
        declined: share of answers without a rate.
        ends: share of the ends of its intervals with regret up to 10 %; None without intervals.
        cover: median share, in decades, of the good range that an interval covers; None without intervals.
        agree: share of tasks on which its answers for all seeds are within a factor 2; None where they cannot differ.
    """

    finder: str
    regrets: tuple[float, ...]
    median: float
    mean: float
    worst: float
    good: float
    declined: float
    ends: float | None = None
    cover: float | None = None
    agree: float | None = None


def row(finder: str, answers: Sequence[Answer], truths: dict[str, Truth], *, seeded: bool) -> Row:
    """One finder's row.

    Args:
        finder: its name.
        answers: its own, grouped by task.
        truths: by task.
        seeded: whether its answer depends on the seed.
    """
    bounded = [(truths[one.task], one.low, one.high) for one in answers if one.low is not None and one.high is not None]
    ends = [truth.regret_of(end) <= USABLE for truth, low, high in bounded for end in (low, high)]
    covers = [cover(truth, low, high) for truth, low, high in bounded]
    agree = [agreed([one.rate for one in own]) for _, own in groupby(answers, lambda one: one.task)]
    return of_regrets(
        finder,
        [one.regret for one in answers],
        declined=float(np.mean([one.rate is None for one in answers])),
        ends=float(np.mean(ends)) if ends else None,
        cover=float(np.median(covers)) if covers else None,
        agree=float(np.mean(agree)) if seeded else None,
    )


def of_regrets(finder: str, regrets: Iterable[float], declined: float = 0.0, **more: float | None) -> Row:
    """A row from regrets alone."""
    ordered = np.sort(list(regrets))
    return Row(
        finder=finder,
        regrets=tuple(ordered.tolist()),
        median=float(np.median(ordered)),
        mean=float(np.mean(ordered)),
        worst=float(np.percentile(ordered, 95)),
        good=float(np.mean(ordered <= GOOD)),
        declined=declined,
        **more,
    )


def ceiling(truths: dict[str, Truth]) -> Row:
    """The row of a finder that knows half of the truth."""
    return of_regrets(CEILING, [truth.ceiling for truth in truths.values()])


def cover(truth: Truth, low: float, high: float) -> float:
    """The part of the good range, in decades, that lies between two rates; the range ends halfway to the next rate of
    the grid."""
    first, last = np.log10(truth.good) + np.array([-0.5, 0.5]) / PER_DECADE
    both = min(last, np.log10(high)) - max(first, np.log10(low))
    return float(max(0.0, both) / (last - first))


def agreed(rates: Sequence[float | None]) -> bool:
    """Whether there are rates only, within a factor."""
    known = [rate for rate in rates if rate is not None]
    return len(known) == len(rates) and max(known) <= FACTOR * min(known)


def hopeless(truths: dict[str, Truth], rates: Sequence[float]) -> float:
    """Share of tasks on which every one of these rates is bad."""
    return float(np.mean([all(truth.regret_of(rate) > GOOD for rate in rates) for truth in truths.values()]))


def markdown(rows: Sequence[Row]) -> str:
    """The table."""
    head = "finder | median | mean | 95th percentile | share <= 5 % | declined | ends <= 10 % | cover | agree"
    lines = [f"| {head} |", "|" + "---|" * 9]
    for one in rows:
        figures = f"{one.median:.3f} | {one.mean:.3f} | {one.worst:.2f} | {one.good:.2f} | {one.declined:.2f}"
        rest = " | ".join("" if value is None else f"{value:.2f}" for value in (one.ends, one.cover, one.agree))
        lines.append(f"| {one.finder} | {figures} | {rest} |")
    return "\n".join(lines)
