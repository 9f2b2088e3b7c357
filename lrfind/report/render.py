"""Rendering of every document in every format, by one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from lrfind.analysis.comparison import Comparison, TrainingComparison
from lrfind.core.errors import InputError
from lrfind.core.formats import Format
from lrfind.core.result import DryRun, Result
from lrfind.core.training import Diagnosis, Training
from lrfind.core.verdicts import Check, Failure
from lrfind.report.wording import Look

Document = Result | Training | Check | Failure | Comparison | TrainingComparison | Diagnosis | DryRun

DRY_RUN = "dry_run_report:text"
CHECK = (
    *("check.check_report:report", "check.check_report:to_json", "check.check_report:section"),
    *("check.check_report:unchanged", "html.page:of_check"),
)
COMPARISON = (
    *("compare.comparison_report:report", "compare.comparison_sheet:to_json", "compare.comparison_report:markdown"),
    *("", "html.page:of_comparison"),
)

TARGETS: Mapping[type, tuple[str, str, str, str, str]] = {
    Result: (
        *("sweep.sweep_text:report", "sweep.result_json:to_json", "sweep.sweep_text:summary"),
        *("check.check_report:of_sweep", "html.page:of_sweep"),
    ),
    Training: (
        *("train.training_report:report", "train.training_report:to_json", "train.training_report:summary"),
        *("check.check_report:of_training", "html.page:of_training"),
    ),
    Check: CHECK,
    Failure: CHECK,
    Comparison: COMPARISON,
    TrainingComparison: COMPARISON,
    Diagnosis: (
        *("diagnosis.diagnosis_report:report", "diagnosis.diagnosis_report:to_json"),
        *("diagnosis.diagnosis_report:summary", "check.check_report:of_log", "html.page:of_log"),
    ),
    DryRun: (DRY_RUN, "dry_run_report:to_json", DRY_RUN, DRY_RUN, DRY_RUN),
}
"""Functions for text, JSON, Markdown, verdicts (JUnit and GitHub) and HTML of each document; empty for none. A dry run
is text in all formats but JSON. Each is ``"module:function"`` below ``lrfind.report``, imported when it is called;
JSON has no look."""

COLUMNS = {Format.text: 0, Format.json: 1, Format.markdown: 2, Format.junit: 3, Format.github: 3, Format.html: 4}

TABLE: Mapping[tuple[type, Format], str] = {
    (kind, form): targets[column] for kind, targets in TARGETS.items() for form, column in COLUMNS.items()
}
"""The function for each type of document and each format."""


def refuse(kind: type, form: Format) -> None:
    """Refuse a format that a type of document does not have.

    Raises:
        InputError: the document has no such format.
    """
    if not TABLE[kind, form]:
        raise InputError(f"--format {form}: a comparison is text, json, markdown or html")


def part(document: Document, form: Format, look: Look) -> Any:
    """Return one document in one format: text, a section of a page, or the verdicts that JUnit and GitHub show.

    Raises:
        InputError: the document has no such format.
    """
    kind = type(document)
    refuse(kind, form)
    render_it = function(TABLE[kind, form])
    return render_it(document) if form is Format.json else render_it(document, look)


def function(target: str) -> Any:
    """Import the function ``"module:function"`` below ``lrfind.report``."""
    module, _, name = target.partition(":")
    return getattr(import_module(f"lrfind.report.{module}"), name)


def render(document: Document, form: Format, look: Look) -> str:
    """Return one document as text.

    Args:
        document: outcome of a command.
        form: format of the text.
        look: options of the report.

    Raises:
        InputError: the document has no such format.
    """
    return joined([document], [part(document, form, look)], form, look)


def render_all(documents: Sequence[Document], form: Format, look: Look) -> str:
    """Return the documents of one call as one text: a JSON array, one page, one test suite, or a part for each.

    Args:
        documents: outcomes of a command, one for each config.
        form: format of the text.
        look: options of all reports.

    Raises:
        InputError: a document has no such format.
    """
    look = replace(look, several=True)
    return joined(documents, [part(document, form, look) for document in documents], form, look)


def joined(documents: Sequence[Document], parts: Sequence[Any], form: Format, look: Look) -> str:
    """Return the parts of one call as one text.

    Args:
        documents: outcomes of a command, one for each config.
        parts: each document in the format, as `part` makes it; beside sections of a page, or verdicts, text is left
            out.
        form: format of the text.
        look: options of the report.
    """
    structured = [part for part in parts if not isinstance(part, str)]
    if structured or not parts:
        match form:
            case Format.html:
                from lrfind.report.html.page import page

                return page(structured, look.title)
            case Format.junit | Format.github:
                from lrfind.report.check.ci_formats import commands, document

                return document(structured, look.title) if form is Format.junit else commands(structured, look.checkout)
    if form is Format.json:
        text = ",\n".join(part.rstrip("\n") for part in parts)
        return f"[\n{text}\n]\n" if look.several and parts else "\n".join(parts)
    checks = [document for document in documents if isinstance(document, Check | Failure)]
    if len(checks) == len(documents):
        if form is Format.markdown:
            from lrfind.report.check.check_report import head

            parts = [head(checks, look.title), *parts]
        elif len(checks) > 1:
            from lrfind.report.check.check_report import summary_of

            parts = [*parts, summary_of(checks, look)]
    return "\n".join(parts)
