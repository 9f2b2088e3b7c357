"""How every form of the gate's report words the same things, and the check of a config as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from lrfind.report.text import clean, interval, rate
from lrfind.types import Check, Failure, Verdict

SCHEMA = "lrfind/check/1"

Judged = Check | Failure
"""What came of one config."""

WORDS = {"pass": "passed", "warn": "passed with warnings", "fail": "failed"}


def to_json(found: Judged) -> str:
    """``check.json``: strict JSON in ASCII, indented; ends with a line break. What is not finite is null."""
    if isinstance(found, Failure):
        error = {"message": found.message, "exit_code": found.exit_code}
        return json.dumps({"config": found.where, "status": "failed", "error": error}, indent=2) + "\n"
    document = {
        "schema": SCHEMA,
        "name": found.name,
        "status": found.status,
        "learning_rate": found.learning_rate,
        "recommendation": found.recommendation and asdict(found.recommendation),
        "verdicts": [asdict(each) for each in found.verdicts],
        "ignored": list(found.ignored),
    }
    return json.dumps(_finite(document), indent=2, allow_nan=False) + "\n"


def value(number: float | bool | None) -> str:
    """An observed value or a limit: ``"12.3"``, ``"yes"``; ``"-"`` where there is none."""
    if isinstance(number, bool):
        return "yes" if number else "no"
    return "-" if number is None or not math.isfinite(number) else f"{number:.3g}"


def values(verdict: Verdict) -> str:
    """What was observed and what it is held against: ``"observed 12.3, limit 3"``; empty where there is neither."""
    if verdict.observed is None and verdict.limit is None:
        return ""
    return f"observed {value(verdict.observed)}, limit {value(verdict.limit)}"


def counts(verdicts: Sequence[Verdict]) -> str:
    """How many came out how: ``"1 failed, 2 warned, 6 passed"``."""
    words = {"fail": "failed", "warn": "warned", "pass": "passed"}
    found = {status: sum(each.status == status for each in verdicts) for status in words}
    return ", ".join(f"{number} {words[status]}" for status, number in found.items() if number) or "nothing judged"


def headline(found: Judged) -> str:
    """What came of one config, on one line, without its name."""
    if isinstance(found, Failure):
        return "not judged: " + "; ".join(clean(line) for line in found.message.splitlines())
    parts = [f"{WORDS[found.status]} ({counts(found.verdicts)})"]
    if found.learning_rate is not None:
        parts.append(f"learning rate {rate(found.learning_rate)}")
    if (advice := found.recommendation) is not None:
        span = interval(advice.low, advice.high)
        parts.append(f"recommended {rate(advice.learning_rate)}" + (f" ({span})" if span else ""))
    parts += [f"ignored {', '.join(found.ignored)}"] if found.ignored else []
    return "; ".join(parts)


def brief(found: Judged) -> str:
    """What came of one config and because of what: ``"failed: learns, rate-in-range"``."""
    if isinstance(found, Failure):
        return headline(found)
    causes = [each.id for each in found.verdicts if each.status == found.status != "pass"]
    return f"{WORDS[found.status]}: {', '.join(causes)}" if causes else WORDS[found.status]


def name_of(found: Judged) -> str:
    """How a report calls a config."""
    return clean(found.where if isinstance(found, Failure) else found.name)


def place(found: Check, verdict: Verdict) -> tuple[int, int] | None:
    """Line and column of what a verdict is about: its key, or the section around it; None where the config has
    neither."""
    parts = verdict.key.split(".")
    keys = [".".join(parts[:end]) for end in range(len(parts), 0, -1)]
    return next((found.places[key] for key in keys if key in found.places), None)


def summary(all_found: Sequence[Judged]) -> str:
    """What came of several configs: ``"3 configs: 1 failed, 1 passed, 1 not judged"``."""
    words = {"fail": "failed", "none": "not judged", "warn": "passed with warnings", "pass": "passed"}
    ends = ["none" if isinstance(each, Failure) else each.status for each in all_found]
    told = ", ".join(f"{ends.count(end)} {word}" for end, word in words.items() if end in ends)
    return f"{len(all_found)} config{'s' * (len(all_found) != 1)}: {told}"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return value
