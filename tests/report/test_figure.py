"""The figure: right kind and size, same bytes, no warning, whatever the curve."""

from __future__ import annotations

import io
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image

from lrfind.report.figure import Format, draw
from lrfind.report.records import from_json, to_json
from lrfind.types import Result

from .conftest import curves, typical


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA")).astype(int)


def test_png(named_result: tuple[str, Result]) -> None:
    image = pixels(draw(named_result[1], "png"))
    assert image.shape == (630, 1020, 4)
    assert image[0, 0, 3] == 0  # round corner
    assert tuple(image[300, 3]) == (255, 255, 255, 255)  # on a card of its own


def test_the_rate_is_marked_in_its_colour() -> None:
    marked, colour = pixels(draw(typical(), "png")), np.array([0xD5, 0x5E, 0x00, 0xFF])
    column = (marked == colour).all(axis=2).sum(axis=0)
    left, right = 0.72 / 6.8, 1 - 0.26 / 6.8
    expected = (left + (np.log10(1.234e-3) + 7) / 8 * (right - left)) * 1020
    assert abs(int(column.argmax()) - expected) <= 2


@pytest.mark.parametrize(("format", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_same_result_same_bytes(format: Format, start: bytes) -> None:
    first = draw(typical(), format)
    assert first.startswith(start)
    with matplotlib.rc_context(
        {"font.size": 20, "axes.facecolor": "red", "savefig.bbox": "tight", "text.usetex": True}
    ):
        assert draw(from_json(to_json(typical())), format) == first
    assert b"matplotlib" not in first[:600].lower() or format == "svg"


def test_settings_of_the_user_are_left_as_they_are() -> None:
    before = dict(matplotlib.rcParams)
    draw(typical(), "png")
    assert dict(matplotlib.rcParams) == before


def test_unknown_format() -> None:
    with pytest.raises(ValueError, match="expected one of png, svg, pdf"):
        draw(typical(), "gif")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "$x^2$ \\frac", "漢字 😀", "a\nb\x00", "x" * 500, "\ud800"])
def test_any_name(name: str) -> None:
    base = typical()
    facts = replace(base.facts, model=name, loss=name, data=name, optimizer=name)
    none = replace(base.recommendation, learning_rate=None, low=None, high=None, reason=name * 20)
    draw(replace(base, name=name, facts=facts), "png")
    draw(replace(base, name=name, facts=facts, recommendation=none), "svg")


@given(curves())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_curve_can_be_drawn(result: Result) -> None:
    assert pixels(draw(result, "png")).shape == (630, 1020, 4)
