"""The optimisers of optax by name, with their keywords and defaults.

``optimizers.json`` is generated from the signatures of optax 0.2.8; `tests/config/test_optimizer_catalog.py` holds it
against the installed optax and prints a fresh entry where they differ. A data file, so that a config is checked without
importing JAX.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Default = bool | int | float | str | tuple[str | float, ...] | None


@dataclass(frozen=True)
class Optimizer:
    """An optimiser of optax.

    Attributes:
        target: dotted name in optax, e.g. ``"optax.adam"``; the function's first argument is the rate.
        summary: one line for `lrfind list`.
        options: default of each keyword, without the learning rate and keywords that YAML cannot say (masks, dtypes).
        mask: keyword for the mask of the parameters that decay; None for none.
        given: values of keywords that optax requires and no config needs to choose.
    """

    target: str
    summary: str
    options: dict[str, Default]
    mask: str | None = None
    given: Mapping[str, int] = field(default_factory=dict)


def read_options(options: Mapping[str, Any]) -> dict[str, Default]:
    """Return the defaults of keywords as optax has them: JSON's lists are tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}


CATALOG: Mapping[str, Any] = json.loads(Path(__file__).with_name("optimizers.json").read_text(encoding="utf-8"))
"""The data file: optimisers, refused optimisers, and summaries of keywords."""

OPTIMIZERS: dict[str, Optimizer] = {
    name: Optimizer(**entry | {"options": read_options(entry["options"])})
    for name, entry in CATALOG["optimizers"].items()
}
"""Optimisers by name."""

REFUSED: dict[str, str] = CATALOG["refused"]
"""Reason for each optimiser of optax whose learning rate is not swept."""

SUMMARIES: dict[str, str] = CATALOG["keywords"]
"""Summary of each keyword, ``"keyword"`` or, if it means something else in one optimiser, ``"optimizer.keyword"``."""
