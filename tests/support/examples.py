"""How many examples a property is tried on."""

from __future__ import annotations

import os


def examples(number: int) -> int:
    """So many, for a property whose examples take long; with ``HYPOTHESIS_PROFILE=nightly`` twenty times as many."""
    return number * (20 if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 1)
