"""HTML pages that hold their styles and figures, run no script and load nothing.

Whoever fills a `HtmlSection` gives plain words; every one of them is escaped here, and the page's own policy forbids
scripts, frames and addresses in case one is not.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from lrfind.analysis.comparison import Comparison, TrainingComparison
from lrfind.core.printable import clean
from lrfind.core.result import Result
from lrfind.core.training import Diagnosis, Finding, Training
from lrfind.core.verdicts import Failure, VerdictStatus
from lrfind.report.check import check_report
from lrfind.report.check.check_report import ENDS, STATUSES
from lrfind.report.compare.comparison_sheet import sheet_of
from lrfind.report.sweep.fact_rows import facts, suggestions, title
from lrfind.report.train import training_report
from lrfind.report.wording import Look, headline

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

MARKS = ("pass", "warn", "fail")
"""Cells that say how something came out are coloured so."""

SHORT = 24
"""Cells of at most so many characters stay on one line: an interval is 18 long."""

NUMBER = re.compile(r"\d[\d.]*e[+-]\d+")
"""Text with a hyphen at which a browser would break the line."""


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes:
        head: names of the columns; empty for none.
        rows: of as many cells, the first of which names the row.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class HtmlSection:
    """A section of a page: one run or one config.

    Attributes:
        name: of the run.
        status: how good it is.
        verdict: the first thing to know.
        more: what comes next, a line each.
        code: to paste; empty for none.
        notes: a kind and a sentence each.
        svg: the figure; empty for none.
        alt: what is to be seen in it.
        tables: in order.
        folded: parts that are folded until a reader opens them: a title, a sentence and source texts each.
    """

    name: str
    status: VerdictStatus
    verdict: str
    more: tuple[str, ...] = ()
    code: str = ""
    notes: tuple[tuple[str, str], ...] = ()
    svg: bytes = b""
    alt: str = ""
    tables: tuple[Grid, ...] = ()
    folded: tuple[tuple[str, str, tuple[str, ...]], ...] = ()

    @property
    def figure(self) -> str:
        """Return the figure in base64, for a data address."""
        return base64.b64encode(self.svg).decode("ascii")


def page(sections: Sequence[HtmlSection], title: str) -> str:
    """Return the page in ASCII; other characters are numeric references, so that no encoding can spoil them."""
    text = template().render(sections=sections, title=title, marks=MARKS, short=SHORT)
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii") + "\n"


@cache
def template() -> Template:
    """Return the template of the page."""
    from jinja2 import Environment, StrictUndefined

    # What is escaped here by default is all that is ever put into the page.
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=shown
    )
    environment.filters["words"] = words
    return environment.from_string(files("lrfind.report.html").joinpath("page.html").read_text(encoding="utf-8"))


def words(text: str) -> Markup:
    """Return running text, escaped, of which no number is broken over two lines."""
    from markupsafe import Markup, escape

    return Markup(NUMBER.sub(r'<span class="whole">\g<0></span>', str(escape(shown(text)))))


def shown(value: Any) -> Any:
    """Return text without unprintable characters, its lines and their indent kept; escaped text as it is."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return "\n".join(line[: len(line) - len(line.lstrip(" "))] + clean(line) for line in value.split("\n"))


def of_sweep(result: Result, look: Look) -> HtmlSection:
    """Return the section of a sweep, with its figure where it is to be drawn."""
    advised, (verdict, *rest) = result.recommendation, headline(result)
    named = advised.learning_rate is not None
    grids = []
    if result.suggestions:
        (method, *cells), *others = suggestions(result)
        grids.append(Grid(("method", "rate", "interval", "why"), ((f"{method} *", *cells), *others)))
    grids.append(Grid((), tuple(facts(result))))
    if look.advice and result.advice.guesses:
        guesses = tuple((f"{guess.learning_rate:g}", guess.reason) for guess in result.advice.guesses)
        grids.append(Grid(("guess", "what it would have done"), guesses))
    settings = result.advice.settings if look.advice else ()
    return HtmlSection(
        name=result.name,
        status="fail" if not named else "warn" if result.warnings else "pass",
        verdict=verdict,
        more=tuple(filter(str.strip, (", ".join(rest), advised.reason))),
        code=result.facts.optimizer if named else "",
        notes=(
            *(("warning", warning) for warning in result.warnings),
            *(("assumed", assumption) for assumption in result.assumptions),
        ),
        svg=svg_of(result, look),
        alt="loss against learning rate" + (", and after short trainings" if result.confirmation else ""),
        tables=tuple(grids),
        folded=tuple((title(setting), setting.source, (setting.yaml, setting.optax)) for setting in settings),
    )


def svg_of(document: Result | Training | Comparison | TrainingComparison, look: Look) -> bytes:
    """Return the figure of a document as SVG, drawn where it has not been; empty where nothing is to be drawn."""
    if look.svg or not look.draws:
        return look.svg
    from lrfind.report.plots.figures import draw

    return draw(document, "svg")


def of_training(training: Training, look: Look) -> HtmlSection:
    """Return the section of a training, with its figure where it is to be drawn."""
    worst = [ENDS[training.status], *(STATUSES[finding.severity] for finding in training.findings)]
    return HtmlSection(
        name=training.name,
        status=next(status for status in ("fail", "warn", "pass") if status in worst),
        verdict=training_report.headline(training),
        svg=svg_of(training, look),
        alt="losses and learning rate against steps",
        tables=(*findings(training.findings), Grid((), tuple(training_report.rows(training)))),
    )


def of_log(diagnosis: Diagnosis, _: Look) -> HtmlSection:
    """Return the section of a log."""
    listed = diagnosis.findings
    status: VerdictStatus = STATUSES[listed[0].severity] if listed else "pass"
    verdict = ", ".join(finding.id for finding in listed) or "nothing found"
    return HtmlSection(diagnosis.source, status, verdict, tables=findings(listed))


def findings(findings: Sequence[Finding]) -> tuple[Grid, ...]:
    """Return the table of findings; nothing without any."""
    head = ("finding", "", "seen", "why it hurts", "what to do")
    rows = tuple((row.id, STATUSES[row.severity], row.what, row.why, row.advice) for row in findings)
    return (Grid(head, rows),) if rows else ()


def of_check(check: check_report.Judged, _: Look) -> HtmlSection:
    """Return the section of the verdicts on one config."""
    if isinstance(check, Failure):
        return HtmlSection(check.where, "fail", "not judged", more=tuple(check.message.splitlines()))
    value = check_report.value
    rows = tuple((row.id, row.status, value(row.observed), value(row.limit), row.message) for row in check.verdicts)
    verdict, *rest = check_report.headline(check).split("; ")
    grids = (Grid(("verdict", "", "observed", "limit", "what is seen, and what to do"), rows),) if rows else ()
    return HtmlSection(check.name, check.status, verdict, more=("; ".join(rest),), tables=grids)


def of_comparison(comparison: Comparison | TrainingComparison, look: Look) -> HtmlSection:
    """Return the section of runs side by side, with their figure where it is to be drawn."""
    sheet = sheet_of(comparison)
    varied = (comparison.varied or "runs").replace("_", " ") if isinstance(comparison, Comparison) else "trainings"
    return HtmlSection(
        name=varied,
        status="pass",
        verdict=f"{len(sheet.rows)} runs side by side",
        notes=tuple(("warning" if kind == "note" else kind, note) for kind, note in sheet.notes),
        svg=svg_of(comparison, look),
        alt="the curves of all runs",
        tables=(Grid(tuple(sheet.shown), tuple(sheet.picked(sheet.shown))),),
    )
