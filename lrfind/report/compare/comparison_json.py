"""The record of a comparison, ``lrfind/compare/1``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from lrfind.analysis.comparison import ComparedRun, Comparison, Trained, TrainingComparison
from lrfind.report.train.training_report import metrics
from lrfind.report.wording import indented

SCHEMA = "lrfind/compare/1"


def to_json(comparison: Comparison | TrainingComparison) -> str:
    """Return the record of a comparison."""
    if isinstance(comparison, TrainingComparison):
        trainings = [_training(entry) for entry in comparison.entries]
        return indented({"schema": SCHEMA, "varied": None, "trainings": trainings, "notes": comparison.notes})
    law, scaling = comparison.law, None
    if law is not None:
        others = {"linear": asdict(law.linear), "square_root": asdict(law.root)}
        scaling = {**asdict(law.fitted), "low": law.low, "high": law.high, **others}
    runs = [_run(entry, factor) for entry, factor in zip(comparison.entries, comparison.factors, strict=True)]
    document = {"schema": SCHEMA, "varied": comparison.varied, "runs": runs, "scaling": scaling}
    return indented({**document, "notes": comparison.notes})


def _run(entry: ComparedRun, factor: float | None) -> dict[str, Any]:
    result, judged = entry.result, None
    advised = result.recommendation
    if entry.judged is not None:
        loss, steps = entry.judged
        judged = {"loss": loss, "steps": steps, "on": getattr(result.confirmation, "judged_on", None)}
    return {
        "label": entry.label,
        "folder": entry.folder,
        "status": result.status,
        "learning_rate": advised.learning_rate,
        "low": advised.low,
        "high": advised.high,
        "factor": factor,
        "confirmed": advised.confirmed,
        "judged": judged,
        "optimizer": entry.optimizer,
        "batch_size": entry.batch_size,
        "model": result.facts.model,
        "data": result.facts.data,
        "loss": result.facts.loss,
        "schedule": advised.schedule,
        "steps": advised.steps,
        "reason": advised.reason,
        "warnings": result.warnings,
    }


def _training(entry: Trained) -> dict[str, Any]:
    training = entry.training
    return {
        "label": entry.label,
        "folder": entry.folder,
        "status": training.status,
        "learning_rate": training.learning_rate,
        "schedule": training.schedule,
        "steps": training.steps,
        "done": len(training.loss),
        "metrics": metrics(training),
        "findings": [asdict(finding) for finding in training.findings],
        "optimizer": training.config.get("optimizer") or {},
        "model": training.facts.model,
        "data": training.facts.data,
        "loss": training.facts.loss,
    }
