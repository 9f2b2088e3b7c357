"""Formats of reports and of figures."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

FigureFormat = Literal["png", "svg", "pdf"]
"""Formats of figures."""


Format = StrEnum("Format", ["text", "json", "markdown", "junit", "github", "html"])
"""Formats of reports."""
