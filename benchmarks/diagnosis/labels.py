"""The runs as somebody else would judge them: logs as text, through the reader, and labels by how a run was made."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from accept import BAD, EARLY, HIGH, LOW
from corpus import Run
from views import EPOCHS, broken, epochs

from lrfind.analysis.diagnosis.logs.read import read
from lrfind.analysis.diagnosis.wording import diagnose

LABELS: dict[str, set[str]] = {
    "100x too high": HIGH,
    "10x too high": HIGH,
    "right": {"healthy"},
    "10x too low": LOW,
    "100x too low": LOW,
    "decays early": EARLY | {"stuck"},
    "no warm-up": HIGH,
    "over-fits": {"overfitting"},
}
"""What may come first in a run that was made so: the label's own finding, and the neighbours that differ from it in
degree alone."""

BLIND = {"over-fits": {"healthy"}, "decays early": {"healthy", "too-slow", "stuck", "not-learning"}}
"""What may come first besides where the log has no validation loss, or no rates: nothing else can be known."""


def label(run: Run) -> str | None:
    """How a run was made, in words; None of those between the labels."""
    if run.overfit >= BAD and run.factor <= 1:
        return "over-fits"
    if run.kind == "rate":
        return {
            100: "100x too high",
            10: "10x too high",
            1: "right",
            0.1: "10x too low",
            0.01: "100x too low",
        }.get(run.factor)
    if run.kind == "early":
        return "decays early"
    return "no warm-up" if run.kind == "cold" and run.factor >= 10 else None


def lines(header: str, *columns: Iterable[float]) -> str:
    """A CSV as a framework writes it: six digits, ``nan`` for what is not finite."""
    rows = zip(*columns, strict=True)
    return "\n".join([header, *(",".join(f"{cell:.6g}" for cell in row) for row in rows)]) + "\n"


def unfinite(values: np.ndarray) -> np.ndarray:
    """The values with NaN for what is not finite."""
    return np.where(np.isfinite(broken(values)), values, np.nan)


def of_epochs(run: Run) -> str:
    """Means of the training loss and the validation loss after each of 25 epochs."""
    trace = epochs(run)
    assert trace.val_loss is not None
    return lines("epoch,train_loss,val_loss", trace.step, unfinite(trace.loss), unfinite(trace.val_loss))


LOGS: dict[str, Callable[[Run], str]] = {
    "step,loss": lambda run: lines("step,loss", range(len(run.loss)), unfinite(run.loss)),
    "step,loss,lr": lambda run: lines("step,loss,lr", range(len(run.loss)), unfinite(run.loss), run.rate),
    f"epoch,train_loss,val_loss ({EPOCHS})": of_epochs,
}


@dataclass
class Labelled:
    """Of one kind of log: first findings by label.

    Attributes:
        runs: how many have a label.
        strict: of them, how many first findings are what the label says.
        fair: the same, where `healthy` counts as well if the measured regret says that the run came out well.
        found: first findings.
        wrong: what was found of each run whose first finding is not even fair.
    """

    runs: Counter[str] = field(default_factory=Counter)
    strict: Counter[str] = field(default_factory=Counter)
    fair: Counter[str] = field(default_factory=Counter)
    found: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    wrong: list[tuple[Run, str, str]] = field(default_factory=list)


def judge(found: Iterable[Run], log: str) -> Labelled:
    """Read and judge every run that has a label."""
    kept = Labelled()
    rates, validation = "lr" in log, "val" in log
    for run in found:
        name = label(run)
        if name is None:
            continue
        first = diagnose(read(LOGS[log](run), str(run), {}))[0].id
        wanted = LABELS[name] | (
            BLIND.get(name, set()) if not (rates if name == "decays early" else validation) else set()
        )
        regret = run.regret if validation else run.train_regret
        well = {"healthy"} if regret < BAD and (run.overfit < BAD or not validation) else set()
        kept.runs[name] += 1
        kept.strict[name] += first in wanted
        kept.fair[name] += first in wanted | well
        kept.found[name][first] += 1
        if first not in wanted | well:
            kept.wrong.append((run, name, first))
    return kept


def table(found: list[Run]) -> str:
    """Shares by label and log, as Markdown, and what was found of each label."""
    parts = []
    for log in LOGS:
        kept = judge(found, log)
        shown = [
            f"`{log}`",
            "",
            "| label | runs | as labelled | or came out well | first findings |",
            "|---|---|---|---|---|",
        ]
        for name in LABELS:
            runs = kept.runs[name]
            if runs:
                firsts = ", ".join(f"{count} {each}" for each, count in kept.found[name].most_common(6))
                shares = f"{kept.strict[name] / runs:.3f} | {kept.fair[name] / runs:.3f}"
                shown.append(f"| {name} | {runs} | {shares} | {firsts} |")
        total = kept.runs.total()
        shown.append(f"| all | {total} | {kept.strict.total() / total:.3f} | {kept.fair.total() / total:.3f} | |")
        parts.append("\n".join(shown))
    return "\n\n".join(parts)
