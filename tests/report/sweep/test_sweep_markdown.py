"""The report in Markdown."""

from __future__ import annotations

from dataclasses import replace

from lrfind.core.result import Result
from lrfind.report.sweep.sweep_text import summary
from lrfind.report.wording import Look
from tests.report.conftest import Golden, confirmed, typical


def test_golden(named_result: tuple[str, Result], golden: Golden) -> None:
    name, result = named_result
    golden(f"{name}.md", summary(result, Look()))


def test_advice_golden(golden: Golden) -> None:
    golden("confirmed.advice.md", summary(confirmed(), Look(advice=True)))


def test_words_of_the_user_are_no_markup() -> None:
    text = summary(replace(typical(), name="a|b <img> @all\n# x", warnings=("`*_[x](y)",)), Look())
    assert text.startswith("### a\\|b &lt;img&gt; \\@all \\# x\n")
    assert "\\`\\*\\_\\[x\\](y)" in text


def test_every_row_of_a_table_has_its_cells() -> None:
    rows = [line for line in summary(typical(), Look()).splitlines() if line.startswith("| ")]
    assert {row.replace("\\|", "").count("|") for row in rows} == {3, 5}


def test_a_fence_that_code_cannot_close() -> None:
    odd = replace(typical(), facts=replace(typical().facts, optimizer="f('```')"))
    assert "````python\nf('```')\n````" in summary(odd, Look())
