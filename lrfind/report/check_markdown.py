"""The gate's report for a pull request or a job summary, in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from lrfind.report.markdown import escape
from lrfind.report.verdicts import Judged, brief, headline, name_of, summary, value
from lrfind.types import Failure

HEAD = ("| verdict | | observed | limit | what is seen, and what to do |", "|---|---|---:|---:|---|")


def table(found: Sequence[Judged], title: str = "lrfind check") -> str:
    """A section with one table per config, and a table of all where there are several."""
    lines = [f"### {escape(title)}"]
    if len(found) > 1:
        lines += ["", escape(summary(found)), "", "| config | |", "|---|---|"]
        lines += [f"| {escape(name_of(each))} | {escape(brief(each))} |" for each in found]
    for each in found:
        lines += ["", f"**{escape(name_of(each))}**: {escape(headline(each))}"]
        if isinstance(each, Failure) or not each.verdicts:
            continue
        lines += ["", *HEAD]
        for verdict in each.verdicts:
            status = verdict.status if verdict.status == "pass" else f"**{verdict.status}**"
            cells = [escape(verdict.id), status, value(verdict.observed), value(verdict.limit), escape(verdict.message)]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
