"""A result for a pull request or a job summary, in GitHub's Markdown."""

from __future__ import annotations

from lrfind.core.result import Result
from lrfind.report.look import Look
from lrfind.report.markdown_text import escape, fenced
from lrfind.report.sweep.fact_rows import facts, title
from lrfind.report.wording import headline, interval, rate


def summary(result: Result, look: Look) -> str:
    """Return the report of a result as one section."""
    verdict, *rest = headline(result)
    lines = [f"### {escape(result.name)}", "", f"**{escape(verdict)}**"]
    lines[-1] += "".join(f", {escape(piece)}" for piece in rest)
    if result.recommendation.reason.strip():
        lines += ["", escape(result.recommendation.reason)]
    if result.recommendation.learning_rate is not None and result.facts.optimizer.strip():
        lines += ["", *fenced("python", result.facts.optimizer)]
    notes = [f"- **warning:** {escape(warning)}" for warning in result.warnings]
    notes += [f"- assumed: {escape(assumption)}" for assumption in result.assumptions]
    lines += ["", *notes] if notes else []
    if result.suggestions:
        lines += ["", "| method | rate | interval | why |", "|---|---|---|---|"]
        for i, (method, suggestion) in enumerate(result.suggestions.items()):
            name = f"**{escape(method)}**" if i == 0 else escape(method)
            span = interval(suggestion.low, suggestion.high)
            why = "as above" if suggestion.reason == result.recommendation.reason else escape(suggestion.reason)
            lines.append(f"| {name} | {rate(suggestion.learning_rate)} | {span} | {why} |")
    lines += ["", "| | |", "|---|---|"]
    lines += [f"| {escape(name)} | {escape(value)} |" for name, value in facts(result)]
    for setting in result.advice.settings if look.advice else ():
        lines += ["", f"**{escape(title(setting))}**: {escape(setting.source)}"]
        lines += ["", *fenced("yaml", setting.yaml), "", *fenced("python", setting.optax)]
    if look.advice and result.advice.guesses:
        lines += ["", "| guess | |", "|---|---|"]
        lines += [f"| {guess.learning_rate:g} | {escape(guess.reason)} |" for guess in result.advice.guesses]
    return "\n".join(lines) + "\n"
