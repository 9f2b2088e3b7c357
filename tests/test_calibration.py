"""Links from docstrings to docs/calibration.md lead to a heading, and every heading has a link."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_links_and_headings_match() -> None:
    text = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8")
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^### (.+)$", text, re.MULTILINE)}
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "lrfind").rglob("*.py"))
    links = {link for source in sources for link in re.findall(r"docs/calibration\.md#([\w-]+)", source)}
    assert links == headings
