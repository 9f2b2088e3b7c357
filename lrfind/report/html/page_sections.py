"""Sections of a page: sweeps, trainings, checks, logs and comparisons."""

from __future__ import annotations

from collections.abc import Sequence

from lrfind.analysis.comparison import Comparison, TrainingComparison
from lrfind.core.result import Result
from lrfind.core.training import Diagnosis, Finding, Training
from lrfind.core.verdicts import Failure, VerdictStatus
from lrfind.report.check import check_report
from lrfind.report.check.verdicts_of import ENDS, STATUSES
from lrfind.report.compare.sheets import sheet_of
from lrfind.report.html.page import Folded, Grid, HtmlSection
from lrfind.report.look import Look
from lrfind.report.sweep.fact_rows import facts, title
from lrfind.report.train import training_report
from lrfind.report.wording import headline, interval, rate


def of_sweep(result: Result, look: Look) -> HtmlSection:
    """Return the section of a sweep, with its figure where it is to be drawn."""
    advised, (verdict, *rest) = result.recommendation, headline(result)
    named = advised.learning_rate is not None
    grids = []
    if result.suggestions:
        rows = tuple(
            (
                f"{method} *" if i == 0 else method,
                rate(suggestion.learning_rate),
                interval(suggestion.low, suggestion.high),
                "as above" if suggestion.reason == advised.reason else suggestion.reason,
            )
            for i, (method, suggestion) in enumerate(result.suggestions.items())
        )
        grids.append(Grid(("method", "rate", "interval", "why"), rows))
    grids.append(Grid((), tuple(facts(result))))
    if look.advice and result.advice.guesses:
        guesses = tuple((f"{guess.learning_rate:g}", guess.reason) for guess in result.advice.guesses)
        grids.append(Grid(("guess", "what it would have done"), guesses))
    settings = result.advice.settings if look.advice else ()
    return HtmlSection(
        name=result.name,
        status="fail" if not named else "warn" if result.warnings else "pass",
        verdict=verdict,
        more=tuple(filter(str.strip, (", ".join(rest), advised.reason))),
        code=result.facts.optimizer if named else "",
        notes=(
            *(("warning", warning) for warning in result.warnings),
            *(("assumed", assumption) for assumption in result.assumptions),
        ),
        svg=svg_of(result, look),
        alt="loss against learning rate" + (", and after short trainings" if result.confirmation else ""),
        tables=tuple(grids),
        folded=tuple(Folded(title(setting), setting.source, (setting.yaml, setting.optax)) for setting in settings),
    )


def svg_of(document: Result | Training | Comparison | TrainingComparison, look: Look) -> bytes:
    """Return the figure of a document as SVG, drawn where it has not been; empty where nothing is to be drawn."""
    if look.svg or not look.draws:
        return look.svg
    from lrfind.report.plots.figure_of import draw

    return draw(document, "svg")


def of_training(training: Training, look: Look) -> HtmlSection:
    """Return the section of a training, with its figure where it is to be drawn."""
    worst = [ENDS[training.status], *(STATUSES[finding.severity] for finding in training.findings)]
    return HtmlSection(
        name=training.name,
        status=next(status for status in ("fail", "warn", "pass") if status in worst),
        verdict=training_report.headline(training),
        svg=svg_of(training, look),
        alt="losses and learning rate against steps",
        tables=(*findings(training.findings), Grid((), tuple(training_report.rows(training)))),
    )


def of_log(diagnosis: Diagnosis, look: Look) -> HtmlSection:
    """Return the section of a log."""
    del look
    listed = diagnosis.findings
    status: VerdictStatus = STATUSES[listed[0].severity] if listed else "pass"
    verdict = ", ".join(finding.id for finding in listed) or "nothing found"
    return HtmlSection(diagnosis.source, status, verdict, tables=findings(listed))


def findings(findings: Sequence[Finding]) -> tuple[Grid, ...]:
    """Return the table of findings; nothing without any."""
    head = ("finding", "", "seen", "why it hurts", "what to do")
    rows = tuple((row.id, STATUSES[row.severity], row.what, row.why, row.advice) for row in findings)
    return (Grid(head, rows),) if rows else ()


def of_check(check: check_report.Judged, look: Look) -> HtmlSection:
    """Return the section of the verdicts on one config."""
    del look
    if isinstance(check, Failure):
        return HtmlSection(check.where, "fail", "not judged", more=tuple(check.message.splitlines()))
    value = check_report.value
    rows = tuple((row.id, row.status, value(row.observed), value(row.limit), row.message) for row in check.verdicts)
    verdict, *rest = check_report.headline(check).split("; ")
    grids = (Grid(("verdict", "", "observed", "limit", "what is seen, and what to do"), rows),) if rows else ()
    return HtmlSection(check.name, check.status, verdict, more=("; ".join(rest),), tables=grids)


def of_comparison(comparison: Comparison | TrainingComparison, look: Look) -> HtmlSection:
    """Return the section of runs side by side, with their figure where it is to be drawn."""
    sheet = sheet_of(comparison)
    varied = (comparison.varied or "runs").replace("_", " ") if isinstance(comparison, Comparison) else "trainings"
    return HtmlSection(
        name=varied,
        status="pass",
        verdict=f"{len(sheet.rows)} runs side by side",
        notes=tuple(("warning" if kind == "note" else kind, note) for kind, note in sheet.notes),
        svg=svg_of(comparison, look),
        alt="the curves of all runs",
        tables=(Grid(tuple(sheet.shown), tuple(sheet.picked(sheet.shown))),),
    )
