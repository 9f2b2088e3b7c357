"""How long something takes, in words."""

from __future__ import annotations

import pytest

from lrfind.cli.progress import span


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "a second"),
        (1.4, "a second"),
        (1.6, "2 s"),
        (99, "99 s"),
        (100, "2 min"),
        (5900, "98 min"),
        (6000, "2 h"),
        (72_000, "20 h"),
        (1e8, "27,778 h"),
    ],
)
def test_a_span(seconds: float, said: str) -> None:
    assert span(seconds) == said
