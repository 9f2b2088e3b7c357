"""The figure: right kind and size, same bytes, no warning, whatever the curve."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image

from lrfind.core.decode import read_result
from lrfind.core.formats import FigureFormat
from lrfind.core.result import Result
from lrfind.report.plots.confirmation_view import confirmation_view
from lrfind.report.plots.figures import draw
from lrfind.report.plots.theme import CURVE, INTERVAL, PAPER, RATE, tint
from lrfind.report.sweep.result_json import to_json
from tests.report.conftest import confirmations, confirmed, curves, declined, raced, typical
from tests.support.examples import examples


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA")).astype(int)


def test_png(named_result: tuple[str, Result]) -> None:
    image = pixels(draw(named_result[1], "png"))
    assert image.shape == ((666, 1020, 4) if named_result[1].confirmation is None else (666, 1530, 4))
    assert image[0, 0, 3] == 0  # round corner
    assert tuple(image[300, 3]) == (255, 255, 255, 255)  # on a card of its own


def test_the_rate_is_marked_in_its_colour() -> None:
    marked, colour = pixels(draw(typical(), "png")), np.array([0xD5, 0x5E, 0x00, 0xFF])
    column = (marked == colour).all(axis=2).sum(axis=0)
    left, right = 0.72 / 6.8, 1 - 0.26 / 6.8
    expected = (left + (np.log10(1.234e-3) + 7) / 8 * (right - left)) * 1020
    assert abs(int(column.argmax()) - expected) <= 2


def columns_in(image: np.ndarray, colour: str, least: int) -> list[int]:
    """Columns of pixels in which a colour stands at least so often, each run of them as its middle."""
    wanted = np.array([*bytes.fromhex(colour[1:]), 255])
    found = np.flatnonzero((image == wanted).all(axis=2).sum(axis=0) >= least)
    runs = np.split(found, np.flatnonzero(np.diff(found) > 1) + 1) if found.size else []
    return [int(run.mean()) for run in runs]


def test_the_rate_is_marked_in_both_panels() -> None:
    first, second = columns_in(pixels(draw(confirmed(), "png")), RATE, 200)
    left, right = 0.72 * 150, 5.75 * 150
    assert abs(first - (left + (np.log10(2.37e-3) + 7) / 8 * (right - left))) <= 2
    found = confirmed().confirmation
    assert found is not None
    seen = confirmation_view(confirmed(), found)
    assert seen.mark is not None
    left, right = 6.72 * 150, 9.94 * 150
    assert abs(second - (left + seen.mark * (right - left))) <= 2


def test_without_a_rate_no_line_marks_one() -> None:
    assert columns_in(pixels(draw(declined(), "png")), RATE, 200) == []


def test_the_longest_training_has_the_curve_s_colour_and_shorter_ones_a_paler_one() -> None:
    panel = pixels(draw(confirmed(), "png"))[:, 6 * 150 :]
    for strength in (0.42, 0.71, 1.0):
        colour = np.array([*bytes.fromhex(tint(CURVE, strength)[1:]), 255])
        assert (panel == colour).all(axis=2).sum() > 100


def test_what_the_second_panel_names() -> None:
    """Words as the SVG has them, in comments beside their outlines."""
    carried, whole, lost = (draw(result(), "svg").decode() for result in (confirmed, raced, declined))
    for word in ("15 steps", "100 steps", "300 steps", "for 1,000 steps", "untrained", "diverged", "median"):
        assert f"<!-- {word} -->" in carried
    assert carried.count("<!-- 2.4e-03 -->") == 1
    assert "<!-- 2/λ -->" in carried
    assert "<!-- trust ½ -->" in carried
    assert "<!-- 200 steps -->" in whole
    assert "for 200 steps" not in whole
    assert "<!-- one seed -->" in lost
    assert "<!-- final training loss (cross-entropy, nats) -->" in lost


def test_a_panel_of_trainings_that_all_diverged_says_so() -> None:
    base = confirmed()
    assert base.confirmation is not None
    lost = [replace(each, loss=(math.nan,) * len(each.loss)) for each in base.confirmation.candidates]
    drawn = draw(replace(base, confirmation=replace(base.confirmation, candidates=tuple(lost))), "svg").decode()
    assert "<!-- every training diverged -->" in drawn
    assert "<!-- every training diverged -->" not in draw(base, "svg").decode()


def test_best_rates_are_ringed_and_what_diverged_is_crossed() -> None:
    base = confirmed()
    assert base.confirmation is not None
    image, seen = pixels(draw(base, "png")), confirmation_view(base, base.confirmation)
    left, right, top, bottom = (round(150 * inches) for inches in (6.72, 9.94, 1.25, 4.44 - 0.62))

    def around(x: float, y: float) -> np.ndarray:
        column, row = round(left + x * (right - left)), round(bottom - y * (bottom - top))
        return image[row - 2 : row + 3, column - 2 : column + 3]

    for line in seen.lines:
        assert line.best is not None
        assert (around(*line.best) == 255).all()
    shortest = seen.lines[0]
    (crossed,) = shortest.off
    pale = np.array([*bytes.fromhex(tint(CURVE, 0.42)[1:]), 255])
    assert (abs(around(crossed, shortest.lane) - pale).max(axis=2) <= 2).sum() >= 5


def test_the_arrow_leads_to_the_rate_and_the_interval_is_shaded() -> None:
    base = confirmed()
    assert base.confirmation is not None
    image, seen = pixels(draw(base, "png")), confirmation_view(base, base.confirmation)
    best = seen.lines[-1].best
    assert best is not None
    assert seen.ahead is not None
    assert seen.interval is not None
    left, right, top, bottom = (round(150 * inches) for inches in (6.72, 9.94, 1.25, 4.44 - 0.62))
    middle = [(one + other) / 2 for one, other in zip(best, seen.ahead, strict=True)]
    x, y = round(left + middle[0] * (right - left)), round(bottom - middle[1] * (bottom - top))
    orange = np.array([*bytes.fromhex(RATE[1:]), 255])
    assert (abs(image[y - 3 : y + 4, x - 3 : x + 4] - orange).max(axis=2) < 60).any()

    pale = np.array([*bytes.fromhex(tint(INTERVAL, 0.2)[1:]), 255])
    shaded = left + np.flatnonzero((abs(image[:, left:] - pale).max(axis=2) <= 2).sum(axis=0) > 100)
    for edge, at in zip((shaded.min(), shaded.max()), seen.interval, strict=True):
        assert abs(edge - (left + at * (right - left))) <= 2


def test_tints() -> None:
    assert tint(CURVE, 1.0) == CURVE.lower()
    assert tint(CURVE, 0.0) == PAPER
    assert tint("#000000", 0.5) == "#808080"


def test_evidence_is_drawn_where_it_was_measured() -> None:
    plain = pixels(draw(typical(), "png"))
    shown = pixels(draw(replace(typical(), evidence=confirmed().evidence), "png"))
    assert shown.shape == plain.shape
    changed = np.flatnonzero((shown != plain).any(axis=(0, 2)))
    place = 0.72 + (np.log10(0.041) + 7) / 8 * (6.8 - 0.72 - 0.26)
    assert abs(changed - place * 150).min() <= 1
    assert changed.max() - changed.min() < 200  # the line, a small mark and two short names


def test_a_confirmation_is_drawn_the_same_when_read_back() -> None:
    for result in (confirmed(), raced()):
        assert draw(read_result(to_json(result)), "svg") == draw(result, "svg")


@pytest.mark.parametrize(("format", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_same_result_same_bytes(format: FigureFormat, start: bytes) -> None:
    first = draw(typical(), format)
    assert first.startswith(start)
    with matplotlib.rc_context(
        {"font.size": 20, "axes.facecolor": "red", "savefig.bbox": "tight", "text.usetex": True}
    ):
        assert draw(read_result(to_json(typical())), format) == first
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
    checked = raced()
    assert checked.confirmation is not None
    draw(replace(checked, facts=facts, confirmation=replace(checked.confirmation, judged_on=name)), "png")


@given(curves())
@settings(max_examples=examples(5), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_curve_can_be_drawn(result: Result) -> None:
    assert pixels(draw(result, "png")).shape == (666, 1020, 4)


@given(confirmations())
@settings(max_examples=examples(8), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_confirmation_can_be_drawn(result: Result) -> None:
    assert pixels(draw(result, "png")).shape == (666, 1530, 4)
