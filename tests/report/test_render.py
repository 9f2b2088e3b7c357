"""The table of documents and formats."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from lrfind.analysis.comparison import Comparison, Trained, TrainingComparison, labelled
from lrfind.core.errors import InputError
from lrfind.core.formats import Format
from lrfind.core.result import DryRun
from lrfind.core.training import Diagnosis, Trace
from lrfind.core.verdicts import Check, Failure, Verdict
from lrfind.report.render import TABLE, Document, joined, part, refuse, render, render_all
from lrfind.report.wording import Look
from tests.report.conftest import confirmed, no_rate, typical
from tests.report.train.test_training_report import training

FACTS = {
    "model": "mlp",
    "parameters": 1234,
    "frozen": 0,
    "precision": "float32",
    "data": "digits",
    "loss": "mse",
    "sweep_steps": 40,
    "lanes": 2,
    "confirm_steps": 0,
    "train_steps": 100,
    "memory_bytes": 2_000_000,
    "expected_seconds": 1.5,
}

CHECK = Check("digits", "c.yaml", 0.1, None, (Verdict("learns", "pass", 0.4, 2.3, "it fell", "model"),))
FAILURE = Failure("c.yaml", "c.yaml:2:9: model.name: wrong", 2, 2, 9)
DOCUMENTS: tuple[Document, ...] = (
    *(confirmed(), training(), CHECK, FAILURE, DryRun("digits", FACTS)),
    Comparison(labelled([("a", typical()), ("b", replace(no_rate(), name="other"))])),
    TrainingComparison((Trained("a", "a", training()), Trained("b", "b", replace(training(), name="other")))),
    Diagnosis("log.csv", Trace(np.arange(3.0), np.ones(3)), training().findings),
)


def test_the_table_is_complete() -> None:
    kinds = set(get_args(Document))
    assert set(map(type, DOCUMENTS)) == kinds
    assert set(TABLE) == {(kind, form) for kind in kinds for form in Format}


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: type(document).__name__)
def test_every_document_has_every_format_or_a_reason(document: Document, form: Format) -> None:
    look = Look(draws=False, advice=True, title="lrfind")
    if not TABLE[type(document), form]:
        for render_it in (lambda: render(document, form, look), lambda: refuse(type(document), form)):
            with pytest.raises(InputError, match=f"--format {form}: a comparison is text, json, markdown or html"):
                render_it()
        return
    refuse(type(document), form)
    text = render(document, form, look)
    assert text.endswith("\n")
    if form is Format.json:
        assert json.loads(render_all([document, document], form, look)) == [json.loads(text)] * 2
        assert json.loads(render_all([document], form, look)) == [json.loads(text)]
    elif isinstance(document, DryRun):
        assert f"digits\n{text}\ndigits\n{text}" == render_all([document, document], form, look)
    else:
        starts = {Format.junit: "<?xml", Format.github: "::", Format.html: "<!doctype html>"}
        assert text.startswith(starts.get(form, ""))


def test_several_documents_make_one_page_and_one_suite() -> None:
    looks = [Look(draws=False, where=where, title="lrfind sweep") for where in ("a.yaml", "b.yaml", "c.yaml")]
    documents = [typical(), no_rate(), FAILURE]
    assert render_all(documents, Format.html, looks[0]).count("<!doctype html>") == 1
    parts = [part(document, Format.junit, look) for document, look in zip(documents, looks, strict=True)]
    suite = joined(documents, parts, Format.junit, looks[0])
    assert suite.count("<testsuites ") == 1
    assert [suite.count(f'file="{where}"') for where in ("a.yaml", "b.yaml", "c.yaml")] == [2, 1, 1]


def test_several_checks_have_a_summary() -> None:
    for form in (Format.text, Format.markdown):
        assert "2 configs: 1 not judged, 1 passed" in render_all([CHECK, FAILURE], form, Look()).replace("\\", "")
        assert "1 config" not in render(CHECK, form, Look())
