"""Wording of verdicts, shared by all formats of a check."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lrfind.core.printable import clean
from lrfind.core.verdicts import Check, Failure, Verdict
from lrfind.report.wording import interval, rate

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
