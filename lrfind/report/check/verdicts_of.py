"""Sweeps, trainings and logs as verdicts, for JUnit and GitHub."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lrfind.core.result import Result
from lrfind.core.training import Diagnosis, Finding, Severity, Training
from lrfind.core.verdicts import Check, Verdict, VerdictStatus
from lrfind.report.check.check_report import Judged
from lrfind.report.look import Look
from lrfind.report.train import training_report
from lrfind.report.wording import headline

STATUSES: dict[Severity, VerdictStatus] = {"error": "fail", "warning": "warn", "info": "pass"}

ENDS: dict[str, VerdictStatus] = {"complete": "pass", "interrupted": "warn", "stopped": "fail"}
"""Verdict on each status of a training."""


SCHEDULE = "train.schedule"

ABOUT = {
    "overfitting": "train",
    "too-aggressive-decay": SCHEDULE,
    "too-little-decay": SCHEDULE,
    "warmup-too-short": SCHEDULE,
}
"""The config key of a finding, where it is not the rate."""


def unchanged(check: Judged, look: Look) -> Judged:
    """Return a check, which has its verdicts."""
    del look
    return check


def of_sweep(result: Result, look: Look) -> Check:
    """Return the recommendation, which fails where there is no rate, and a warning for each of the result's."""
    advised = result.recommendation
    status: VerdictStatus = "fail" if advised.learning_rate is None else "pass"
    message = ", ".join(headline(result)) + f": {advised.reason}"
    recommendation = Verdict("recommendation", status, advised.learning_rate, None, message, "optimizer.learning_rate")
    warnings = [Verdict("warning", "warn", None, None, warning, "") for warning in result.warnings]
    return Check(result.name, look.where, None, advised, (recommendation, *warnings), positions=look.positions)


def of_training(training: Training, look: Look) -> Check:
    """Return how a training ended, and a verdict for each of its findings."""
    ended = Verdict("training", ENDS[training.status], None, None, training_report.headline(training), "train")
    return Check(
        training.name,
        look.where,
        training.learning_rate,
        None,
        (ended, *verdicts(training.findings, look.fail_on)),
        positions=look.positions,
    )


def of_log(diagnosis: Diagnosis, look: Look) -> Check:
    """Return a verdict for each finding of a log."""
    return Check(diagnosis.source, diagnosis.source, None, None, verdicts(diagnosis.findings, look.fail_on))


def verdicts(findings: Sequence[Finding], fail_on: Collection[str]) -> tuple[Verdict, ...]:
    """Return a verdict for each finding: errors and findings in `fail_on` fail, warnings warn."""
    return tuple(
        Verdict(
            finding.id,
            "fail" if finding.id in fail_on else STATUSES[finding.severity],
            None,
            None,
            "; ".join(filter(None, (finding.what.rstrip("."), finding.why.rstrip("."), finding.advice))),
            ABOUT.get(finding.id, "optimizer.learning_rate"),
        )
        for finding in findings
    )
