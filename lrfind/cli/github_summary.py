"""The summary of a step in GitHub Actions: a file that Markdown is appended to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "GITHUB_STEP_SUMMARY"

MOST_BYTES = 1024 * 1024
"""What GitHub takes for one step; a larger file is dropped whole."""


def append(text: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Append a section to the summary, if there is one.

    Returns:
        None, or why it could not be done, one sentence: no reason for a gate to come out otherwise.
    """
    name = environment.get(VARIABLE)
    if not name:
        return None
    path = Path(name)
    section = text.encode()
    try:
        before = path.stat().st_size if path.exists() else 0
        if before + len(section) > MOST_BYTES:
            return (
                f"the step's summary would be larger than the {MOST_BYTES:,} bytes that GitHub takes; it was left out"
            )
        with path.open("ab") as file:
            file.write(b"\n" + section if before else section)
    except OSError as error:
        return f"the step's summary {name} cannot be written: {error.strerror or error}"
    return None
