"""A result as ``result.json`` and ``curve.csv``."""

from __future__ import annotations

import math
from dataclasses import asdict

from lrfind.core.result import RESULT_SCHEMA, Result
from lrfind.report.wording import with_rows

FIELDS = (
    *("name", "status", "recommendation", "suggestions", "sweep", "confirmation", "evidence", "advice", "facts"),
    *("assumptions", "warnings", "config", "environment", "timing"),
)
"""Fields of a result, in the order of the file."""


def to_json(result: Result) -> str:
    """Return ``result.json``; a result that was read back gives the same text to the byte.

    The section ``confirmation`` has the lengths under ``horizons``, and the horizons themselves under ``best``.
    """
    fields = asdict(result)
    document = {"schema": RESULT_SCHEMA, **{name: fields[name] for name in FIELDS}}
    document["timing"] = {name.rstrip("_"): value for name, value in fields["timing"].items()}
    if confirmation := fields["confirmation"]:
        candidates, best = confirmation.pop("candidates"), confirmation.pop("horizons")
        lengths = [horizon["steps"] for horizon in best]
        document["confirmation"] = {"candidates": candidates, "horizons": lengths, "best": best, **confirmation}
    return with_rows(document)


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
