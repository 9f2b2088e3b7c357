"""Words and numbers that all reports share."""

from __future__ import annotations

import ast
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfind.core.printable import ascii_only, clean
from lrfind.report.sweep.sweep_text import wrap_code
from lrfind.report.wording import headline, interval, rate, seconds, superscript
from tests.report.conftest import interrupted, negative, no_rate, typical


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.234e-3, "1.2e-03"), (10.0, "1.0e+01"), (None, "none"), (math.nan, "none"), (9.96e-4, "1.0e-03")],
)
def test_rate(value: float | None, text: str) -> None:
    assert rate(value) == text


def test_interval() -> None:
    assert interval(6.3e-4, 2.5e-3) == "6.3e-04 .. 2.5e-03"
    assert interval(None, 1.0) == ""


@pytest.mark.parametrize(
    ("value", "text"), [(0.344, "0.34 s"), (12.34, "12.3 s"), (245.0, "4 min 5 s"), (119.9, "2 min 0 s")]
)
def test_seconds(value: float, text: str) -> None:
    assert seconds(value) == text


@pytest.mark.parametrize(("label", "text"), [("1e-05", "10⁻⁵"), ("2e+30", "2·10³⁰"), ("0.5", "0.5")])
def test_superscript(label: str, text: str) -> None:
    assert superscript(label) == text


def test_headlines() -> None:
    span = "interval 6.3e-04 .. 2.5e-03 (spread of 4 seeds)"
    assert headline(typical()) == ("learning rate 1.2e-03", span, "not confirmed")
    assert headline(negative())[2] == "confirmed by training"
    assert headline(no_rate()) == ("no learning rate to recommend",)
    assert headline(interrupted()) == ("no learning rate to recommend", "the run was interrupted")


@given(st.text())
def test_clean_text_is_one_line_without_controls(text: str) -> None:
    assert clean(text).isprintable() or not any(ord(char) < 32 for char in clean(text))
    assert len(clean(text).splitlines()) <= 1
    assert ascii_only(clean(text)).isascii()


def test_terminal_escapes_do_not_survive() -> None:
    assert clean("a\x1b[31mb\r\nc") == "a [31mb c"


CODE = 'optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(0.001, mask={"a, (b": (1, 2)}, eps=1e-8), f())'


@pytest.mark.parametrize("width", [10, 40, 60, 80, 200])
def test_wrapped_code_is_the_same_code(width: int) -> None:
    lines = wrap_code(CODE, width)
    assert ast.dump(ast.parse("\n".join(lines))) == ast.dump(ast.parse(CODE))
    if width >= 40:
        assert max(map(len, lines)) <= width


def test_the_widest_bracket_is_broken_first_and_the_head_of_a_lambda_not() -> None:
    code = "f(a).g(lambda x, y: h(x, y), [1, 2])"
    assert wrap_code(code, 26) == ["f(a).g(", "    lambda x, y: h(x, y),", "    [1, 2],", ")"]


def test_code_that_fits_stays_on_its_line() -> None:
    assert wrap_code(CODE, 200) == [CODE]
    assert wrap_code("x" * 90, 80) == ["x" * 90]
    assert wrap_code("f(a), g(b)[", 5) == ["f(", "    a,", "), g(", "    b,", ")["]
