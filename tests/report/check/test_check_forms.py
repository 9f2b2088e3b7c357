"""The gate's report in every form: golden files, hostile words, and readers that are not ours."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import junitparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfind.core.formats import Format
from lrfind.core.verdicts import Check, Failure, Verdict
from lrfind.report.check.check_report import SCHEMA, of_sweep, to_json
from lrfind.report.check.ci_formats import DATA, MOST, PROPERTY, commands, document, escape
from lrfind.report.render import render_all
from lrfind.report.wording import Look
from tests.report.conftest import Golden, confirmed, no_rate, typical
from tests.support.workflow_commands import parse

PLACES = {"model": (1, 1), "optimizer": (3, 1), "optimizer.learning_rate": (4, 3)}

VERDICTS = (
    Verdict(
        "rate-in-range",
        "fail",
        12.3456,
        3.0,
        "3.0e-02 is 12.3 times above the interval 1.3e-03 .. 2.4e-03; set optimizer.learning_rate to 1.7e-03",
        "optimizer.learning_rate",
    ),
    Verdict("learns", "pass", 0.4, 2.3, "the held-out loss fell from 2.3 to 0.4", "model"),
    Verdict("initial-loss", "pass", None, None, "not judged: mse has no level", "data", judged=False),
    Verdict("range-covers", "warn", None, 10.0, "the loss did not diverge up to 1.0e+01", "sweep.max_lr"),
    Verdict("confirmed", "pass", True, True, "short real trainings confirmed the rate", "confirm"),
)

FAILED = Check("digits", "configs/digits.yaml", 3e-2, confirmed().recommendation, VERDICTS, ("drift",), PLACES)
PASSED = replace(FAILED, name="other", verdicts=VERDICTS[1:3], ignored=(), where="configs/other.yaml")
BROKEN = Failure(
    "odd, name.yaml", "odd, name.yaml:2:9: model.name: wrong\nodd, name.yaml:3:1: optimizer: missing", 2, 2, 9
)
ALL = [FAILED, PASSED, BROKEN]

HOSTILE = "a|b `c` <b>&amp;</b> *d* %0A::error::x, @you\r\n::notice::y \x1b[31m\x00 ]]> é \u2028 z"


def hostile() -> list[Check | Failure]:
    odd = replace(VERDICTS[0], message=HOSTILE)
    return [replace(FAILED, name=HOSTILE, where=HOSTILE, verdicts=(odd,)), Failure(HOSTILE, HOSTILE, 2)]


def test_text_golden(golden: Golden) -> None:
    golden("check.txt", render_all(ALL, Format.text, Look(width=None, color=False, unicode=True)))
    golden("check.60.txt", render_all(ALL, Format.text, Look(width=60, color=False, unicode=True)))
    golden("check.100.color.txt", render_all([FAILED], Format.text, Look(width=100, color=True, unicode=True)))


def test_json_golden(golden: Golden) -> None:
    golden("check.json", to_json(FAILED))


def test_markdown_golden(golden: Golden) -> None:
    golden("check.md", render_all(ALL, Format.markdown, Look(title="lrfind check")))


def test_junit_golden(golden: Golden) -> None:
    golden("check.xml", document(ALL))


def test_github_golden(golden: Golden) -> None:
    golden("check.github.txt", commands(ALL))


def test_one_line_per_verdict_where_nothing_wraps() -> None:
    lines = render_all([FAILED], Format.text, Look(width=None, color=False, unicode=True)).splitlines()
    assert [line.split()[1] for line in lines[1:]] == [each.id for each in VERDICTS]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_text_keeps_to_its_width(width: int) -> None:
    text = render_all(ALL, Format.text, Look(width=width, color=False, unicode=False))
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= width
    assert " ".join(VERDICTS[0].message.split()) in " ".join(text.split())


def test_json_has_the_keys_of_the_format() -> None:
    found = json.loads(to_json(FAILED))
    assert (found["schema"], found["status"], found["ignored"]) == (SCHEMA, "fail", ["drift"])
    assert found["verdicts"][0].keys() >= {"id", "status", "observed", "limit", "message"}
    assert found["verdicts"][2]["observed"] is None
    assert json.loads(to_json(BROKEN))["error"]["exit_code"] == 2


def test_junit_by_another_reader() -> None:
    suites = junitparser.JUnitXml.fromstring(document(ALL).encode())
    assert (suites.tests, suites.failures, suites.errors, suites.skipped) == (8, 1, 1, 2)
    first, second, third = suites
    assert [case.name for case in first] == [each.id for each in VERDICTS]
    results = {case.name: [type(each).__name__ for each in case.result] for case in first}
    assert results["rate-in-range"] == ["Failure"]
    assert results["initial-loss"] == ["Skipped"]
    assert results["range-covers"] == results["learns"] == []
    (failure,) = next(iter(first)).result
    assert failure.message == VERDICTS[0].message
    assert failure.text.startswith("observed 12.3, limit 3: ")
    assert (second.tests, second.failures) == (2, 0)
    (case,) = third
    assert [type(each).__name__ for each in case.result] == ["Error"]
    assert case.result[0].text == BROKEN.message


def test_annotations_stand_at_the_line_of_the_config() -> None:
    found = parse(commands(ALL))
    assert [each.name for each in found] == ["error"] * 2 + ["warning"] + ["notice"] * 5
    assert found[0].properties == {
        "file": "configs/digits.yaml",
        "line": "4",
        "col": "3",
        "title": "lrfind rate-in-range",
    }
    assert found[0].message.startswith("digits: 3.0e-02 is 12.3 times above")
    assert found[1].properties == {"file": "odd, name.yaml", "line": "2", "col": "9", "title": "lrfind"}
    assert found[1].message == BROKEN.message
    assert found[2].properties["line"] == "1"  # its key stands nowhere in the config


def test_the_last_annotation_of_a_kind_that_github_shows_says_how_many_only_the_log_has() -> None:
    found = parse(commands([FAILED] * 15))
    errors = [each for each in found if each.name == "error"]
    assert len(errors) == 16
    assert errors[MOST - 1].message == "6 more, as GitHub shows 10 of a kind; the step's log has all"
    assert parse(commands([FAILED] * 10))[9].properties["title"] == "lrfind rate-in-range"


def test_hostile_words_stay_words() -> None:
    for command in parse(commands(hostile())):
        assert command.name == "error"
    assert len(parse(commands(hostile()))) == 2
    suites = junitparser.JUnitXml.fromstring(document(hostile()).encode())
    assert (suites.tests, suites.failures, suites.errors) == (2, 1, 1)
    text = render_all(hostile(), Format.text, Look(width=None, color=False, unicode=True))
    assert "\x1b" not in text
    assert len(text.splitlines()) == 8
    markdown = render_all(hostile(), Format.markdown, Look(title="lrfind check"))
    assert "<b>" not in markdown
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {3, 6}


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=20))
def test_any_words_at_all(message: str, name: str) -> None:
    odd = replace(FAILED, name=name, where=name, verdicts=(replace(VERDICTS[0], message=message),))
    assert len(parse(commands([odd]))) == 1
    (suite,) = junitparser.JUnitXml.fromstring(document([odd]).encode())
    assert suite.failures == 1
    text = render_all([odd], Format.text, Look(width=None, color=False, unicode=True))
    assert len(text.split("\n")) == 3
    assert to_json(odd).isascii()


@settings(deadline=None)
@given(st.text(max_size=60))
def test_annotations_decode_to_what_was_said(message: str) -> None:
    assert "\n" not in escape(message, PROPERTY)
    title = escape(message, PROPERTY)
    (command,) = parse(f"::notice title={title}::{escape(message, DATA)}\n") if message else parse("::notice::\n")
    assert command.message == message
    assert command.properties.get("title", "") == message


@pytest.mark.parametrize(("result", "status"), [(typical(), "warn"), (no_rate(), "fail"), (confirmed(), "pass")])
def test_a_sweep_has_these_forms_too(result: Any, status: str) -> None:
    found = of_sweep(result, Look(where="c.yaml", positions=PLACES))
    assert found.status == status
    assert len(found.verdicts) == 1 + len(result.warnings)
    first = parse(commands([found]))[0]
    assert first.properties["line"] == "4" or first.name == "warning"
    assert junitparser.JUnitXml.fromstring(document([found], "lrfind sweep").encode()).failures == (status == "fail")
