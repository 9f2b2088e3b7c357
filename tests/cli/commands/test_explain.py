"""`lrfind explain`: a page for everything that has a name, and what it looks like."""

from __future__ import annotations

import re

import pytest

from lrfind.cli.commands.explain import PAGES, contents, lead, names, page, rendered
from lrfind.core.registry import VERDICTS
from lrfind.report.wording import Look
from tests.cli.conftest import Lrfind


def test_every_verdict_has_a_page() -> None:
    assert {name for name in names() if lead(page(name))[0] == "Verdict of `lrfind check`"} == set(VERDICTS)


@pytest.mark.parametrize("name", names())
def test_a_page_has_its_parts(name: str) -> None:
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    head, kind, first, *_ = text.split("\n\n")
    assert head == f"# {name}"
    assert re.fullmatch(r"\*[^*]+\.\*", kind)
    assert first.endswith(".")
    parts = re.findall("^## (.*)", text, re.MULTILINE)
    assert parts[:3] == ["What is seen", "Why it matters", "What to do"]
    assert parts[3:] in ([], ["Telling it from its neighbours"])
    assert max(map(len, text.splitlines())) <= 140


def test_options_that_the_pages_name_exist() -> None:
    from typer.main import get_command

    from lrfind.cli.app import app

    commands = get_command(app).commands  # type: ignore[attr-defined]
    known = {each for command in commands.values() for p in command.params for each in [*p.opts, *p.secondary_opts]}
    for name in names():
        assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", page(name))) <= known


def test_through_a_pipe_a_page_is_plain(lrfind: Lrfind) -> None:
    ran = lrfind("explain", "learns")
    assert (ran.code, ran.out) == (0, page("learns"))


def test_without_a_name_all_are_listed(lrfind: Lrfind) -> None:
    ran = lrfind("explain")
    assert ran.code == 0
    for name in names():
        assert re.search(rf"^  {name}  +\S", ran.out, re.MULTILINE)
    assert max(map(len, contents(60).splitlines())) <= 60


def test_an_unknown_name_gets_the_nearest(lrfind: Lrfind) -> None:
    ran = lrfind("explain", "rate-in-rang")
    assert ran.code == 2
    assert "nothing called 'rate-in-rang' to explain (did you mean 'rate-in-range'?)" in ran.err
    assert lrfind("explain", "../../etc/passwd").code == 2


@pytest.mark.parametrize("name", names())
def test_a_page_is_set_for_a_terminal(name: str) -> None:
    text = rendered(page(name), Look(width=60, color=False, unicode=False))
    assert text.isascii()
    assert "##" not in text
    assert max(map(len, text.splitlines())) <= 60
    assert "\x1b[" in rendered(page(name), Look(width=60, color=True, unicode=True))
