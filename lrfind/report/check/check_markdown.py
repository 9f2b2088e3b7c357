"""A check for a pull request or a job summary, in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from lrfind.core.verdicts import Failure
from lrfind.report.check.verdict_wording import Judged, brief, headline, name_of, summary, value
from lrfind.report.look import Look
from lrfind.report.markdown_text import escape

HEAD = ("| verdict | | observed | limit | what is seen, and what to do |", "|---|---|---:|---:|---|")


def head(checks: Sequence[Judged], title: str) -> str:
    """Return the title, and a table of the configs where there are several."""
    lines = [f"### {escape(title)}"]
    if len(checks) > 1:
        lines += ["", escape(summary(checks)), "", "| config | |", "|---|---|"]
        lines += [f"| {escape(name_of(check))} | {escape(brief(check))} |" for check in checks]
    return "\n".join(lines) + "\n"


def section(check: Judged, look: Look) -> str:
    """Return the verdicts on one config as a table under its name."""
    del look
    lines = [f"**{escape(name_of(check))}**: {escape(headline(check))}"]
    if not isinstance(check, Failure) and check.verdicts:
        lines += ["", *HEAD]
        for verdict in check.verdicts:
            status = verdict.status if verdict.status == "pass" else f"**{verdict.status}**"
            cells = [escape(verdict.id), status, value(verdict.observed), value(verdict.limit), escape(verdict.message)]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
