"""The outcome of a dry run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DryRun:
    """Model, data and cost of a sweep or a training that was not run.

    Attributes:
        name: name of the config.
        facts: by key of the JSON document, e.g. ``"parameters"``, ``"expected_seconds"``.
    """

    name: str
    facts: Mapping[str, Any]
