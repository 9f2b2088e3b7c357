"""A check as text, JSON and Markdown, and sweeps, trainings and logs as checks, for JUnit and GitHub."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Collection, Sequence
from dataclasses import asdict

from lrfind.core.printable import clean
from lrfind.core.result import Result
from lrfind.core.training import Diagnosis, Finding, Severity, Training
from lrfind.core.verdicts import Check, Failure, Verdict, VerdictStatus
from lrfind.report import wording
from lrfind.report.train import training_report
from lrfind.report.wording import Look, escape, indented, interval, paint, rate

LABELS = {"pass": ("pass", "32"), "warn": ("warn", "33"), "fail": ("FAIL", "1;31")}
"""How each status is written, and its style: green, yellow, bold red."""

NARROW = 72
"""Columns below which values and message have lines of their own."""


def report(check: Judged, look: Look) -> str:
    """Return the verdicts on one config, a line each where `look.width` is None or wide enough."""
    width, color = look.width, look.color
    worst = "fail" if isinstance(check, Failure) else check.status
    head = _wrap(f"{name_of(check)}: {headline(check)}", width, "  ")
    lines = [paint(line, LABELS[worst][1], color=color) for line in head]
    if isinstance(check, Check):
        cells = [(verdict.id, value(verdict.observed), value(verdict.limit)) for verdict in check.verdicts]
        sizes = [max([len(row[i]) for row in cells], default=0) for i in range(3)]
        for verdict, row in zip(check.verdicts, cells, strict=True):
            lines += _verdict(verdict, row, sizes, width, color)
    return look.shown("".join(f"{line}\n" for line in lines))


def summary_of(checks: Sequence[Judged], look: Look) -> str:
    """Return the outcomes of several configs, a line each."""
    lines = _wrap(summary(checks), look.width, "  ")
    for check in checks:
        lines += _wrap(f"  {name_of(check)}: {brief(check)}", look.width, "    ")
    return look.shown("".join(f"{line}\n" for line in lines))


def _verdict(verdict: Verdict, row: Sequence[str], sizes: Sequence[int], width: int | None, color: bool) -> list[str]:
    """Return the lines of a verdict: status, name, observed value, limit, message."""
    label, style = LABELS[verdict.status]
    name, observed, limit = row
    message = clean(verdict.message)
    head = f"  {paint(label, style, color=color)}  "
    if width is not None and width < NARROW:
        values = f"{observed} (limit {limit}): " if verdict.judged else ""
        return [head + name, *_wrap(f"        {values}{message}", width, "        ")]
    fixed = f"{name:<{sizes[0]}}  {observed:>{sizes[1]}}  {limit:<{sizes[2]}}  "
    indent = " " * (8 + len(fixed))
    first, *rest = _wrap(indent + message, width, indent)
    return [head + fixed + first.strip(), *rest]


def _wrap(line: str, width: int | None, indent: str) -> list[str]:
    if width is None:
        return [line]
    return textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False) or [line]


SCHEMA = "lrfind/check/1"


def to_json(check: Judged) -> str:
    """Return ``check.json``, or the record of a config that could not be judged."""
    if isinstance(check, Failure):
        error = {"message": check.message, "exit_code": check.exit_code}
        return indented({"config": check.where, "status": "failed", "error": error})
    return indented(
        {
            "schema": SCHEMA,
            "name": check.name,
            "status": check.status,
            "learning_rate": check.learning_rate,
            "recommendation": check.recommendation and asdict(check.recommendation),
            "verdicts": [asdict(verdict) for verdict in check.verdicts],
            "ignored": check.ignored,
        }
    )


HEAD = ("| verdict | | observed | limit | what is seen, and what to do |", "|---|---|---:|---:|---|")


def head(checks: Sequence[Judged], title: str) -> str:
    """Return the title, and a table of the configs where there are several."""
    lines = [f"### {escape(title)}"]
    if len(checks) > 1:
        lines += ["", escape(summary(checks)), "", "| config | |", "|---|---|"]
        lines += [f"| {escape(name_of(check))} | {escape(brief(check))} |" for check in checks]
    return "\n".join(lines) + "\n"


def section(check: Judged, _: Look) -> str:
    """Return the verdicts on one config as a table under its name."""
    lines = [f"**{escape(name_of(check))}**: {escape(headline(check))}"]
    if not isinstance(check, Failure) and check.verdicts:
        lines += ["", *HEAD]
        for verdict in check.verdicts:
            status = verdict.status if verdict.status == "pass" else f"**{verdict.status}**"
            cells = [escape(verdict.id), status, value(verdict.observed), value(verdict.limit), escape(verdict.message)]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


Judged = Check | Failure
"""Outcome of checking one config."""

WORDS = {"pass": "passed", "warn": "passed with warnings", "fail": "failed"}


def value(number: float | bool | None) -> str:
    """Return an observed value or a limit in words: ``"12.3"``, ``"yes"``; ``"-"`` where there is none."""
    if isinstance(number, bool):
        return "yes" if number else "no"
    return "-" if number is None or not math.isfinite(number) else f"{number:.3g}"


def values(verdict: Verdict) -> str:
    """Return the observed value and its limit: ``"observed 12.3, limit 3"``; empty where there is neither."""
    if verdict.observed is None and verdict.limit is None:
        return ""
    return f"observed {value(verdict.observed)}, limit {value(verdict.limit)}"


def counts(verdicts: Sequence[Verdict]) -> str:
    """Return how many verdicts have each status: ``"1 failed, 2 warned, 6 passed"``."""
    words = {"fail": "failed", "warn": "warned", "pass": "passed"}
    numbers = {status: sum(verdict.status == status for verdict in verdicts) for status in words}
    return ", ".join(f"{number} {words[status]}" for status, number in numbers.items() if number) or "nothing judged"


def headline(check: Judged) -> str:
    """Return the outcome of one config on one line, without its name."""
    if isinstance(check, Failure):
        return "not judged: " + "; ".join(clean(line) for line in check.message.splitlines())
    parts = [f"{WORDS[check.status]} ({counts(check.verdicts)})"]
    if check.learning_rate is not None:
        parts.append(f"learning rate {rate(check.learning_rate)}")
    if (advice := check.recommendation) is not None:
        span = interval(advice.low, advice.high)
        parts.append(f"recommended {rate(advice.learning_rate)}" + (f" ({span})" if span else ""))
    parts += [f"ignored {', '.join(check.ignored)}"] if check.ignored else []
    return "; ".join(parts)


def brief(check: Judged) -> str:
    """Return the outcome of one config and its causes: ``"failed: learns, rate-in-range"``."""
    if isinstance(check, Failure):
        return headline(check)
    causes = [verdict.id for verdict in check.verdicts if verdict.status == check.status != "pass"]
    return f"{WORDS[check.status]}: {', '.join(causes)}" if causes else WORDS[check.status]


def name_of(check: Judged) -> str:
    """Return the name of a config in reports."""
    return clean(check.where if isinstance(check, Failure) else check.name)


def position(check: Check, verdict: Verdict) -> tuple[int, int] | None:
    """Return line and column of a verdict's key, or of the section around it; None where the config has neither."""
    parts = verdict.key.split(".")
    keys = [".".join(parts[:end]) for end in range(len(parts), 0, -1)]
    return next((check.positions[key] for key in keys if key in check.positions), None)


def summary(checks: Sequence[Judged]) -> str:
    """Return how many configs have each outcome: ``"3 configs: 1 failed, 1 passed, 1 not judged"``."""
    words = {"fail": "failed", "none": "not judged", "warn": "passed with warnings", "pass": "passed"}
    ends = ["none" if isinstance(check, Failure) else check.status for check in checks]
    outcomes = ", ".join(f"{ends.count(end)} {word}" for end, word in words.items() if end in ends)
    return f"{len(checks)} config{'s' * (len(checks) != 1)}: {outcomes}"


STATUSES: dict[Severity, VerdictStatus] = {"error": "fail", "warning": "warn", "info": "pass"}

ENDS: dict[str, VerdictStatus] = {"complete": "pass", "interrupted": "warn", "stopped": "fail"}
"""Verdict on each status of a training."""

ABOUT = {
    "overfitting": "train",
    **dict.fromkeys(("too-aggressive-decay", "too-little-decay", "warmup-too-short"), "train.schedule"),
}
"""The config key of a finding, where it is not the rate."""


def unchanged(check: Judged, _: Look) -> Judged:
    """Return a check, which has its verdicts."""
    return check


def of_sweep(result: Result, look: Look) -> Check:
    """Return the recommendation, which fails where there is no rate, and a warning for each of the result's."""
    advised = result.recommendation
    status: VerdictStatus = "fail" if advised.learning_rate is None else "pass"
    message = ", ".join(wording.headline(result)) + f": {advised.reason}"
    recommendation = Verdict("recommendation", status, advised.learning_rate, None, message, "optimizer.learning_rate")
    warnings = [Verdict("warning", "warn", None, None, warning, "") for warning in result.warnings]
    return Check(result.name, look.where, None, advised, (recommendation, *warnings), positions=look.positions)


def of_training(training: Training, look: Look) -> Check:
    """Return how a training ended, and a verdict for each of its findings."""
    ended = Verdict("training", ENDS[training.status], None, None, training_report.headline(training), "train")
    all_verdicts = (ended, *verdicts(training.findings, look.fail_on))
    return Check(training.name, look.where, training.learning_rate, None, all_verdicts, positions=look.positions)


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
