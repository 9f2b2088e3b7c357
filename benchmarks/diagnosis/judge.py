"""First findings against accepted ones: shares, and the table of confusions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from accept import BAD, accepted
from corpus import Run
from views import View

from lrfind.analysis.diagnosis.wording import diagnose

GROUPS = ("diverges", "too high", "good", "between", "too low", "decays early", "over-fits", "other")


@dataclass
class Score:
    """Of one kind of log.

    Attributes:
        right: runs whose first finding was accepted.
        runs: all.
        healthy: good runs that were found healthy.
        good: runs of which only `healthy` is accepted.
        confusion: first findings by group of runs.
        wrong: what was found of each run whose first finding was not accepted.
    """

    right: int = 0
    runs: int = 0
    healthy: int = 0
    good: int = 0
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[tuple[Run, str, set[str]]] = field(default_factory=list)


def group(run: Run, wanted: set[str], view: View) -> str:
    """What kind of run it is, by what was measured."""
    regret = run.regret if view.validation else run.train_regret
    if wanted == {"healthy"}:
        return "good"
    if view.validation and run.overfit >= BAD:
        return "over-fits"
    if regret < BAD:
        return "between"
    if run.kind == "early":
        return "decays early"
    if run.factor > 1:
        return "diverges" if regret > 0.9 else "too high"
    return "too low" if run.factor < 1 else "other"


def score(found: Sequence[Run], view: View) -> Score:
    """Judge every run."""
    kept = Score()
    for run in found:
        wanted = accepted(run, view)
        first = diagnose(view.trace(run))[0].id
        kept.runs += 1
        kept.right += first in wanted
        kept.good += wanted == {"healthy"}
        kept.healthy += wanted == {"healthy"} and first == "healthy"
        kept.confusion[group(run, wanted, view), first] += 1
        if first not in wanted:
            kept.wrong.append((run, first, wanted))
    return kept


def table(scores: dict[str, Score]) -> str:
    """Shares by kind of log, as Markdown."""
    lines = ["| log | runs | first finding accepted | good runs | of them healthy |", "|---|---|---|---|---|"]
    for name, each in scores.items():
        shares = f"{each.right / each.runs:.3f} | {each.good} | {each.healthy / max(1, each.good):.3f}"
        lines.append(f"| {name} | {each.runs} | {shares} |")
    return "\n".join(lines)


def confusion(kept: Score) -> str:
    """First findings by group of runs, as Markdown."""
    ids = sorted({id for _, id in kept.confusion}, key=lambda id: -sum(kept.confusion[g, id] for g in GROUPS))
    lines = [f"| runs | {' | '.join(ids)} |", "|---" * (len(ids) + 1) + "|"]
    for name in GROUPS:
        cells = [kept.confusion[name, id] for id in ids]
        if any(cells):
            lines.append(f"| {name} ({sum(cells)}) | {' | '.join(str(cell or '') for cell in cells)} |")
    return "\n".join(lines)
