"""What a sweep found, as verdicts: so that the forms for CI can show a sweep too."""

from __future__ import annotations

from collections.abc import Mapping

from lrfind.report.text import headline
from lrfind.types import Check, Result, Verdict, VerdictStatus


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
