"""Arrays made into a data set without a config."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from lrfind.core.dataset import Dataset
from lrfind.task.data.prepare import prepare


def prepared(
    arrays: Any, *, name: str = "d", loss: str | None = None, last: int = 0, seed: int = 0, **options: Any
) -> Dataset:
    """The data set of a section with these options."""
    return prepare(arrays, SimpleNamespace(title=name, **{"standardize": False, **options}), loss, last, seed)
