"""A diagnosis as JSON."""

from __future__ import annotations

from dataclasses import asdict

from lrfind.core.training import Diagnosis
from lrfind.report.json_text import indented

SCHEMA = "lrfind/diagnosis/1"


def to_json(diagnosis: Diagnosis) -> str:
    """Return the record of a diagnosis: its findings, and how many values of each column were read."""
    trace = diagnosis.trace
    columns = {"loss": trace.loss, "val_loss": trace.val_loss, "lr": trace.rate}
    entries = {name: int((column == column).sum()) for name, column in columns.items() if column is not None}
    document = {
        "schema": SCHEMA,
        "source": diagnosis.source,
        "unit": trace.unit,
        "steps": [float(trace.step[0]), float(trace.step[-1])],
        "entries": {name: count for name, count in entries.items() if count},
        "findings": [asdict(finding) for finding in diagnosis.findings],
    }
    return indented(document)
