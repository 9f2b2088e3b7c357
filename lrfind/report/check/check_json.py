"""A check as ``check.json``."""

from __future__ import annotations

from dataclasses import asdict

from lrfind.core.verdicts import Failure
from lrfind.report.check.verdict_wording import Judged
from lrfind.report.json_text import indented

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
