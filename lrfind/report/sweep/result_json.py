"""A result as ``result.json`` and ``curve.csv``."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from lrfind.core.result import RESULT_SCHEMA, Confirmation, Result
from lrfind.report.wording import with_rows


def to_json(result: Result) -> str:
    """Return ``result.json``; a result that was read back gives the same text to the byte."""
    sweep = result.sweep
    document = {
        "schema": RESULT_SCHEMA,
        "name": result.name,
        "status": result.status,
        "recommendation": asdict(result.recommendation),
        "suggestions": {method: asdict(suggestion) for method, suggestion in result.suggestions.items()},
        "sweep": {
            "learning_rate": sweep.learning_rate,
            "loss": sweep.loss,
            "smoothed": sweep.smoothed,
            "gradient_norm": sweep.gradient_norm,
            "update_norm": sweep.update_norm,
            "diverged_at": sweep.diverged_at,
            "seeds": sweep.seeds,
            "execution": asdict(sweep.execution),
        },
        "confirmation": None if result.confirmation is None else confirmation(result.confirmation),
        "evidence": asdict(result.evidence),
        "advice": asdict(result.advice),
        "facts": asdict(result.facts),
        "assumptions": result.assumptions,
        "warnings": result.warnings,
        "config": result.config,
        "environment": result.environment,
        "timing": {name.rstrip("_"): value for name, value in asdict(result.timing).items()},
    }
    return with_rows(document)


def confirmation(confirmation: Confirmation) -> dict[str, Any]:
    """Return the section ``confirmation``: the lengths under ``horizons``, the horizons themselves under ``best``."""
    fields = asdict(confirmation)
    best = fields["horizons"]
    return {
        "candidates": fields.pop("candidates"),
        "horizons": [horizon["steps"] for horizon in best],
        "best": best,
        **{name: value for name, value in fields.items() if name != "horizons"},
    }


def to_csv(result: Result) -> str:
    """Return ``curve.csv``: a line per step, a column per seed and quantity; an empty cell was not measured."""
    sweep = result.sweep
    matrices = (("loss", sweep.loss), ("gradient_norm", sweep.gradient_norm), ("update_norm", sweep.update_norm))
    columns = {"learning_rate": sweep.learning_rate, "smoothed": sweep.smoothed}
    columns |= {f"{name}_seed{i}": row for name, matrix in matrices for i, row in enumerate(matrix)}
    lines = [",".join(["step", *columns])]
    cells = [["" if math.isnan(value) else repr(value) for value in column.tolist()] for column in columns.values()]
    lines += [",".join([str(step), *line]) for step, line in enumerate(zip(*cells, strict=True))]
    return "\n".join(lines) + "\n"
