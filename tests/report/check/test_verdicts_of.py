"""Findings as verdicts: what fails, and which line of the config each is about."""

from __future__ import annotations

from dataclasses import replace

import junitparser
import numpy as np
import pytest

from lrfind.core.training import Diagnosis, Finding, Trace
from lrfind.report.check.check_report import of_log
from lrfind.report.check.ci_formats import commands, document
from lrfind.report.wording import Look
from tests.support.workflow_commands import parse


def diagnosis(source: str, *findings: Finding) -> Diagnosis:
    return Diagnosis(source, Trace(np.zeros(1), np.zeros(1)), findings)


PLACES = {"optimizer": (3, 1), "train": (5, 1), "train.schedule": (5, 21)}

SLOW = Finding("too-slow", "warning", "the loss was still falling", "it would go on", "raise the rate", (0.0, 99.0))
LITTLE = Finding("too-little-decay", "warning", "it swings", "it does not settle", "let it fall", (60.0, 99.0))
LOST = Finding("diverged", "error", "not finite from step 9 on", "all is lost", "lower the rate", (9.0, 99.0))
GOOD = Finding("healthy", "info", "the loss fell", "nothing says otherwise", "keep it", (0.0, 99.0))


@pytest.mark.parametrize(
    ("found", "wanted", "failures", "kind"),
    [
        (LOST, (), 1, "error"),
        (SLOW, (), 0, "warning"),
        (SLOW, ("too-slow",), 1, "error"),
        (SLOW, ("diverged",), 0, "warning"),
        (GOOD, (), 0, "notice"),
    ],
)
def test_an_error_fails_and_what_was_named(found: Finding, wanted: tuple[str, ...], failures: int, kind: str) -> None:
    check = of_log(diagnosis("log.csv", found), Look(fail_on=wanted))
    suites = junitparser.JUnitXml.fromstring(document([check], "lrfind diagnose").encode())
    assert (suites.tests, suites.failures, suites.errors) == (1, failures, 0)
    (note,) = parse(commands([check]))
    assert (note.name, note.properties["title"]) == (kind, f"lrfind {found.id}")


def test_an_annotation_stands_where_the_config_says_it() -> None:
    notes = parse(commands([replace(of_log(diagnosis("c.yaml", SLOW, LITTLE), Look()), positions=PLACES)]))
    assert [(each.properties["line"], each.properties["col"]) for each in notes] == [("3", "1"), ("5", "21")]
