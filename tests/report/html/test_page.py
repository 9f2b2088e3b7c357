"""Reports as pages of HTML: golden files, hostile words, and what a page may hold at all."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfind.analysis.comparison import Comparison, labelled
from lrfind.core.advice import Setting
from lrfind.core.training import Diagnosis, Trace
from lrfind.report.html import page as sections
from lrfind.report.html.page import Grid, HtmlSection, page
from lrfind.report.wording import Look
from tests.report.check.test_check_forms import ALL, HOSTILE, hostile
from tests.report.conftest import Golden, confirmed, interrupted, no_rate, typical
from tests.report.train.test_training_report import training

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 3"><path d="M0 3L9 0"/></svg>'
BARE, TRACE = Look(draws=False), Trace(np.zeros(1), np.zeros(1))
VOID = {"meta", "img"}


class Reader(HTMLParser):
    """Reads a page: every element closed in its turn, with its attributes and all text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data

    @property
    def shape(self) -> list[tuple[str, list[str]]]:
        """Elements and their attributes but for what only keeps words on one line."""
        kept = [(tag, {**each}) for tag, each in self.elements if tag != "span"]
        for _, each in kept:
            if each.get("class") == "whole":
                del each["class"]
        return [(tag, sorted(each)) for tag, each in kept]


def pages() -> Iterator[tuple[str, str]]:
    compared = Comparison(labelled([("a", typical()), ("b", replace(confirmed(), name="other"))]))
    yield "confirmed.html", page([sections.of_sweep(confirmed(), Look(svg=SVG, advice=True))], "lrfind sweep")
    yield (
        "no_rate.html",
        page([sections.of_sweep(no_rate(), BARE), sections.of_sweep(interrupted(), BARE)], "lrfind sweep"),
    )
    yield "training.html", page([sections.of_training(training(), Look(svg=SVG))], "lrfind train")
    yield "check.html", page([sections.of_check(each, BARE) for each in ALL], "lrfind check")
    yield (
        "diagnosis.html",
        page([sections.of_log(Diagnosis("log.csv", TRACE, training().findings), BARE)], "lrfind diagnose"),
    )
    yield "compare.html", page([sections.of_comparison(compared, Look(svg=SVG))], "lrfind compare")


@pytest.mark.parametrize(("name", "text"), [*pages()], ids=lambda each: each if each.endswith(".html") else "")
def test_golden(golden: Golden, name: str, text: str) -> None:
    golden(name, text)


@pytest.mark.parametrize(("name", "text"), [*pages()], ids=lambda each: each if each.endswith(".html") else "")
def test_a_page_needs_nothing_else(name: str, text: str) -> None:
    found = Reader(text)
    assert text.isascii()
    assert {tag for tag, _ in found.elements}.isdisjoint({"script", "link", "iframe", "object", "form", "a", "base"})
    for tag, attributes in found.elements:
        assert not [key for key in attributes if key.startswith("on")]
        assert "href" not in attributes
        if "src" in attributes:
            assert tag == "img"
            assert str(attributes["src"]).startswith("data:image/svg+xml;base64,")
    policy = next(each for tag, each in found.elements if each.get("http-equiv"))
    assert str(policy["content"]).startswith("default-src 'none'")
    assert "url(" not in text
    assert "@import" not in text


def test_the_figure_is_in_the_page() -> None:
    found = Reader(page([sections.of_sweep(confirmed(), Look(svg=SVG))], "x"))
    source = next(str(each["src"]) for tag, each in found.elements if tag == "img")
    assert base64.b64decode(source.partition(",")[2]) == SVG
    assert not [tag for tag, _ in Reader(page([sections.of_sweep(confirmed(), BARE)], "x")).elements if tag == "img"]


def test_the_line_to_paste_keeps_its_indent() -> None:
    setting = Setting("cosine", 0.1, "rule", "because", "train:\n  steps: 3", "optax.adam(\n    0.1)")
    result = confirmed()
    result = replace(result, advice=replace(result.advice, settings=(setting,)))
    found = Reader(page([sections.of_sweep(result, Look(advice=True, draws=False))], "x"))
    assert "train:\n  steps: 3" in found.text
    assert "optax.adam(\n    0.1)" in found.text
    assert result.facts.optimizer in found.text


def evil(words: str) -> list[HtmlSection]:
    """Sections in which the user's words stand wherever they may."""
    result = confirmed()
    result = replace(
        result,
        name=words,
        warnings=(words,),
        assumptions=(words,),
        suggestions={words: replace(result.suggestions["steepest"], reason=words)},
        recommendation=replace(result.recommendation, reason=words, schedule=words),
        facts=replace(result.facts, model=words, data=words, optimizer=words, loss=words),
        environment={"device": words},
    )
    trained = training()
    findings = (replace(trained.findings[0], what=words, why=words, advice=words),)
    trained = replace(trained, name=words, rate_from=words, schedule=words, findings=findings, assumptions=(words,))
    compared = Comparison(labelled([(words, result), (words, result)]))
    return [
        sections.of_sweep(result, Look(svg=SVG, advice=True)),
        sections.of_training(trained, Look(svg=SVG)),
        sections.of_log(Diagnosis(words, TRACE, tuple(findings)), BARE),
        sections.of_comparison(compared, Look(svg=SVG)),
        *(sections.of_check(check, BARE) for check in hostile()),
    ]


@pytest.mark.parametrize(
    "words", [HOSTILE, "</pre><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}"]
)
def test_hostile_words_stay_words(words: str) -> None:
    plain, odd = (Reader(page(evil(each), each)) for each in ("plain", words))
    assert odd.shape == plain.shape
    assert "{{ 7 * 7 }}" in odd.text or "7 * 7" not in words
    assert not any(char in odd.text for char in "\x00\x1b\u2028\u202e")


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=30))
def test_any_words_at_all(words: str) -> None:
    text = page([sections.of_sweep(replace(typical(), name=words, warnings=(words,)), BARE)], words)
    assert text.isascii()
    assert Reader(text).shape[-1][0] == "td"


def test_no_number_is_broken_over_two_lines() -> None:
    text = page(
        [HtmlSection("x", "pass", "rate 1.5e-02 (<b>)", tables=(Grid((), (("row", f"{'long ' * 9}3e-4"),)),))], "x"
    )
    for number in ("1.5e-02", "3e-4"):
        assert f'<span class="whole">{number}</span>' in text
    assert "(&lt;b&gt;)" in text
    short = page([HtmlSection("x", "pass", "", tables=(Grid((), (("row", "3.6e-03 .. 5.5e-02"),)),))], "x")
    assert '<td class="whole">' in short
