"""Runs side by side, as values and as text."""

from __future__ import annotations

import json
from dataclasses import replace

from lrfind.analysis.comparison import Comparison, labelled
from lrfind.report.compare.comparison_report import markdown
from lrfind.report.compare.comparison_report import report as table
from lrfind.report.compare.comparison_sheet import to_json
from lrfind.report.wording import Look
from tests.report.conftest import confirmed, no_rate, typical


def test_labels_tell_runs_apart() -> None:
    one, other = typical(), replace(typical(), name="other")
    assert [each.label for each in labelled([("a/x", one), ("b/y", other)])] == ["digits-mlp", "other"]
    assert [each.label for each in labelled([("a/x", one), ("b/x/", one)])] == ["a/x", "b/x"]
    assert [each.label for each in labelled([("x", one), ("x", one)])] == ["x", "x (2)"]


def test_factors_and_judged_loss() -> None:
    twice = replace(typical(), recommendation=replace(typical().recommendation, learning_rate=2 * 1.234e-3))
    found = Comparison(labelled([("a", no_rate()), ("b", typical()), ("c", twice), ("d", confirmed())]))
    assert found.factors[:3] == (None, 1.0, 2.0)
    assert found.entries[1].judged is None
    run = confirmed()
    assert run.confirmation is not None
    judged = found.entries[3].judged
    assert judged is not None
    assert judged[1] == max(each.steps for each in run.confirmation.candidates)
    assert judged[0] in [
        sorted(each.loss)[len(each.loss) // 2] if len(each.loss) % 2 else sum(sorted(each.loss)[1:3]) / 2
        for each in run.confirmation.candidates
    ]


def test_forms_agree() -> None:
    found = Comparison(labelled([("a", typical()), ("b|c", no_rate())]))
    record = json.loads(to_json(found))
    assert record["schema"] == "lrfind/compare/1"
    assert [each["learning_rate"] for each in record["runs"]] == [1.234e-3, None]
    text = table(found, Look(width=80, color=False, unicode=False))
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 80
    for shown in (text, markdown(found, Look())):
        assert "1.2e-03" in shown
        assert "none" in shown
        assert "data digits" in shown
