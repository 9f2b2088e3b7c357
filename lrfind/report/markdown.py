"""The report for a pull request or a job summary, in GitHub's Markdown."""

from __future__ import annotations

import re

from lrfind.report.rows import facts
from lrfind.report.text import clean, headline, interval, rate
from lrfind.types import Result

_MARKS = re.compile(r"([\\`*_\[\]|~#$@])")


def summary(result: Result) -> str:
    """The whole report as one Markdown section."""
    verdict, *rest = headline(result)
    lines = [f"### {escape(result.name)}", "", f"**{escape(verdict)}**"]
    lines[-1] += "".join(f", {escape(piece)}" for piece in rest)
    if result.recommendation.reason.strip():
        lines += ["", escape(result.recommendation.reason)]
    if result.recommendation.learning_rate is not None and result.facts.optimizer.strip():
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", result.facts.optimizer)), default=0))
        lines += ["", f"{fence}python", *map(clean, result.facts.optimizer.splitlines()), fence]
    notes = [f"- **warning:** {escape(each)}" for each in result.warnings]
    notes += [f"- assumed: {escape(each)}" for each in result.assumptions]
    lines += ["", *notes] if notes else []
    if result.suggestions:
        lines += ["", "| method | rate | interval | why |", "|---|---|---|---|"]
        for i, (method, found) in enumerate(result.suggestions.items()):
            name = f"**{escape(method)}**" if i == 0 else escape(method)
            span = interval(found.low, found.high)
            why = "as above" if found.reason == result.recommendation.reason else escape(found.reason)
            lines.append(f"| {name} | {rate(found.learning_rate)} | {span} | {why} |")
    lines += ["", "| | |", "|---|---|"]
    lines += [f"| {escape(name)} | {escape(value)} |" for name, value in facts(result)]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """A user's words so that no character of theirs becomes markup, ends a table cell or mentions a person."""
    text = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKS.sub(r"\\\1", text)
