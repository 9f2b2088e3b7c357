"""What a sweep or a training found, as verdicts: so that the forms for CI can show them too."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from lrfind.report import train_text
from lrfind.report.text import headline
from lrfind.trace import Finding, Severity, Training
from lrfind.types import Check, Result, Verdict, VerdictStatus

STATUSES: dict[Severity, VerdictStatus] = {"error": "fail", "warning": "warn", "info": "pass"}

ENDS: dict[str, VerdictStatus] = {"complete": "pass", "interrupted": "warn", "stopped": "fail"}
"""How good the end of a training is."""


def outcome(result: Result, where: str, places: Mapping[str, tuple[int, int]]) -> Check:
    """The recommendation, which fails where there is none, and a warning each for what to know before trusting it.

    Args:
        result: of the sweep.
        where: the config's file.
        places: line and column of its keys.
    """
    found = result.recommendation
    status: VerdictStatus = "fail" if found.learning_rate is None else "pass"
    message = ", ".join(headline(result)) + f": {found.reason}"
    verdicts = [Verdict("recommendation", status, found.learning_rate, None, message, "optimizer.learning_rate")]
    verdicts += [Verdict("warning", "warn", None, None, each, "") for each in result.warnings]
    return Check(result.name, where, None, found, tuple(verdicts), places=places)


def of_training(
    training: Training, where: str, places: Mapping[str, tuple[int, int]], wanted: Collection[str] = ()
) -> Check:
    """How a training ended, and a verdict for each of its findings.

    Args:
        training: finished, stopped or interrupted.
        where: the config's file; empty where it is not known.
        places: line and column of its keys.
        wanted: findings that `--fail-on` names.
    """
    ended = Verdict("training", ENDS[training.status], None, None, train_text.headline(training), "train")
    verdicts = (ended, *findings(training.findings, wanted))
    return Check(training.name, where, training.learning_rate, None, verdicts, places=places)


def of_log(found: Sequence[Finding], source: str, wanted: Collection[str] = ()) -> Check:
    """What a log shows."""
    return Check(source, source, None, None, findings(found, wanted))


SCHEDULE = "train.schedule"

ABOUT = {
    "overfitting": "train",
    "too-aggressive-decay": SCHEDULE,
    "too-little-decay": SCHEDULE,
    "warmup-too-short": SCHEDULE,
}
"""The config key that a finding is about, where it is not the rate."""


def findings(found: Sequence[Finding], wanted: Collection[str] = ()) -> tuple[Verdict, ...]:
    """A verdict for each finding: an error fails, and what `--fail-on` names; a warning warns."""
    return tuple(
        Verdict(
            each.id,
            "fail" if each.id in wanted else STATUSES[each.severity],
            None,
            None,
            "; ".join(filter(None, (each.what.rstrip("."), each.why.rstrip("."), each.advice))),
            ABOUT.get(each.id, "optimizer.learning_rate"),
        )
        for each in found
    )
