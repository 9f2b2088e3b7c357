"""What a page of HTML says of a sweep, a training, a check, a log and a comparison."""

from __future__ import annotations

from collections.abc import Sequence

from lrfind.report import compare_rows, train_text, verdicts
from lrfind.report.advice import title
from lrfind.report.html import Folded, Grid, Section
from lrfind.report.outcome import ENDS, STATUSES
from lrfind.report.rows import facts
from lrfind.report.text import headline, interval, rate
from lrfind.trace import Finding, Training
from lrfind.types import Failure, Result, VerdictStatus


def of_sweep(result: Result, svg: bytes = b"", *, advice: bool = False) -> Section:
    """A sweep.

    Args:
        result: what to report.
        svg: its figure; empty for none.
        advice: whether to add settings for other schedules, and what the usual guesses would have done.
    """
    found, (verdict, *rest) = result.recommendation, headline(result)
    named = found.learning_rate is not None
    grids = []
    if result.suggestions:
        rows = tuple(
            (
                f"{method} *" if i == 0 else method,
                rate(each.learning_rate),
                interval(each.low, each.high),
                "as above" if each.reason == found.reason else each.reason,
            )
            for i, (method, each) in enumerate(result.suggestions.items())
        )
        grids.append(Grid(("method", "rate", "interval", "why"), rows))
    grids.append(Grid((), tuple(facts(result))))
    if advice and result.advice.guesses:
        guesses = tuple((f"{each.learning_rate:g}", each.reason) for each in result.advice.guesses)
        grids.append(Grid(("guess", "what it would have done"), guesses))
    settings = result.advice.settings if advice else ()
    return Section(
        name=result.name,
        status="fail" if not named else "warn" if result.warnings else "pass",
        verdict=verdict,
        more=tuple(filter(str.strip, (", ".join(rest), found.reason))),
        code=result.facts.optimizer if named else "",
        notes=(
            *(("warning", each) for each in result.warnings),
            *(("assumed", each) for each in result.assumptions),
        ),
        svg=svg,
        alt="loss against learning rate" + (", and after short trainings" if result.confirmation else ""),
        tables=tuple(grids),
        folded=tuple(Folded(title(each), each.source, (each.yaml, each.optax)) for each in settings),
    )


def of_training(training: Training, svg: bytes = b"") -> Section:
    """A training; `svg` is its figure."""
    worst = [ENDS[training.status], *(STATUSES[each.severity] for each in training.findings)]
    return Section(
        name=training.name,
        status=next(status for status in ("fail", "warn", "pass") if status in worst),
        verdict=train_text.headline(training),
        svg=svg,
        alt="losses and learning rate against steps",
        tables=(*findings(training.findings), Grid((), tuple(train_text.rows(training)))),
    )


def of_log(found: Sequence[Finding], source: str) -> Section:
    """What a log shows."""
    status: VerdictStatus = STATUSES[found[0].severity] if found else "pass"
    return Section(source, status, ", ".join(each.id for each in found) or "nothing found", tables=findings(found))


def findings(found: Sequence[Finding]) -> tuple[Grid, ...]:
    """The table of findings; none without any."""
    head = ("finding", "", "seen", "why it hurts", "what to do")
    rows = ((each.id, STATUSES[each.severity], each.what, each.why, each.advice) for each in found)
    return (Grid(head, tuple(rows)),) if found else ()


def of_check(found: verdicts.Judged) -> Section:
    """What the gate says of one config."""
    if isinstance(found, Failure):
        return Section(found.where, "fail", "not judged", more=tuple(found.message.splitlines()))
    rows = tuple(
        (each.id, each.status, verdicts.value(each.observed), verdicts.value(each.limit), each.message)
        for each in found.verdicts
    )
    verdict, *rest = verdicts.headline(found).split("; ")
    grids = (Grid(("verdict", "", "observed", "limit", "what is seen, and what to do"), rows),) if rows else ()
    return Section(found.name, found.status, verdict, more=("; ".join(rest),), tables=grids)


def of_comparison(found: compare_rows.Sheet, svg: bytes = b"", *, name: str = "runs") -> Section:
    """Runs side by side.

    Args:
        found: the table.
        svg: its figure; empty for none.
        name: what was varied.
    """
    return Section(
        name=name,
        status="pass",
        verdict=f"{len(found.rows)} runs side by side",
        notes=tuple(("warning" if kind == "note" else kind, each) for kind, each in found.notes),
        svg=svg,
        alt="the curves of all runs",
        tables=(Grid(tuple(found.shown), tuple(found.picked(found.shown))),),
    )
