"""Recorded runs as logs: by `python benchmarks/diagnosis --fixtures`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from lrfind.core.training import Trace

FILE = Path(__file__).parent / "runs.npz"


@cache
def runs() -> dict[str, Trace]:
    """Every recorded run by ``finding/what was trained``."""
    kept = np.load(FILE)
    names = sorted({name.rpartition("/")[0] for name in kept.files})
    found = {}
    for name in names:
        loss, rate, val, at = (kept[f"{name}/{key}"] for key in ("loss", "rate", "val", "at"))
        looks = np.full(len(loss) + 1, np.nan)
        looks[at] = np.where(np.isfinite(val), val, np.inf)
        found[name] = Trace(
            np.arange(len(loss) + 1, dtype=np.float64),
            np.append(np.where(np.isfinite(loss), loss, np.inf), np.nan).astype(np.float64),
            np.append(rate, np.nan).astype(np.float64),
            looks,
        )
    return found
