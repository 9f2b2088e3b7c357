"""The recorded runs of the tests: one or more that show each finding, and healthy ones that must not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from corpus import runs
from views import VIEWS

from lrfind.analysis.diagnosis.wording import diagnose

FILE = Path(__file__).parents[2] / "tests/support/runs.npz"

MOST_STEPS = 1000
"""Longer runs are left out: the file is checked in."""

PER_FINDING, HEALTHY = 3, 9

SEEN_ANYWAY = ("healthy", "diverged", "too-slow")
"""Of these, runs are kept whose bare loss column shows them as well."""

GREAT, TERRIBLE = 0.01, 0.2
"""Regret of the healthy runs that are kept, and of the others: no borderline cases."""


def write() -> None:
    """Choose runs of the tuned half, from as many tasks as possible, and keep them with four digits."""
    kept: dict[str, list[str]] = {}
    arrays: dict[str, np.ndarray] = {}
    for run in sorted(runs("tuned"), key=lambda run: (run.seeded, str(run))):
        if len(run.loss) > MOST_STEPS:
            continue
        said = {
            name: diagnose(VIEWS[name].trace(run))[0].id for name in ("all", "no rates", "no validation", "bare loss")
        }
        first = said["all"]
        healthy = first == "healthy"
        if first in SEEN_ANYWAY and len(set(said.values())) > 1:
            continue
        if healthy and not (run.regret < GREAT and run.overfit < GREAT and run.factor == 1):
            continue
        sound = healthy or first in ("overfitting", "too-little-decay") or run.regret > TERRIBLE
        tasks = kept.setdefault(first, [])
        if not sound or run.task in tasks or len(tasks) >= (HEALTHY if healthy else PER_FINDING):
            continue
        name = f"{first}/{run.task}, {run.kind} {run.shape} x{run.factor:g}"
        tasks.append(run.task)
        for key, values in (("loss", run.loss), ("rate", run.rate), ("val", run.val)):
            arrays[f"{name}/{key}"] = np.array([float(f"{value:.4g}") for value in values], np.float32)
        arrays[f"{name}/at"] = run.at.astype(np.int32)
    FILE.parent.mkdir(exist_ok=True, parents=True)
    np.savez_compressed(FILE, **arrays)
    print({first: len(tasks) for first, tasks in kept.items()}, FILE.stat().st_size)
