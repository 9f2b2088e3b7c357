"""Formats of reports and of figures."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

FigureFormat = Literal["png", "svg", "pdf"]
"""Formats of figures."""


class Format(StrEnum):
    """Formats of reports."""

    text = "text"
    json = "json"
    markdown = "markdown"
    junit = "junit"
    github = "github"
    html = "html"
