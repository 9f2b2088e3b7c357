"""The report for a terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len
from ruamel.yaml import YAML

from lrfind.core.result import Result
from lrfind.report.sweep.sweep_text import table, wrap_yaml
from lrfind.report.wording import Look
from tests.report.conftest import Golden, confirmed, no_rate, typical

FILES = ("lrfind-runs/digits-mlp/result.json", "lrfind-runs/digits-mlp/plot.png")


@pytest.mark.parametrize("width", [80, 120])
def test_golden(named_result: tuple[str, Result], golden: Golden, width: int) -> None:
    name, result = named_result
    golden(f"{name}.{width}.txt", table(result, Look(width=width, color=False, unicode=True, files=tuple(FILES))))


def test_ascii_golden(golden: Golden) -> None:
    golden("typical.ascii.txt", table(typical(), Look(width=80, color=False, unicode=False)))


def test_advice_golden(golden: Golden) -> None:
    golden("confirmed.advice.80.txt", table(confirmed(), Look(width=80, color=False, unicode=True, advice=True)))


def test_advice_is_asked_for() -> None:
    short, long = (table(confirmed(), Look(advice=wanted)) for wanted in (False, True))
    assert long.startswith(short)
    assert "guesses    0.1 diverges; 0.01 loses about 12%; 0.001 most likely too low" in short
    assert "\ntrain: {steps: 1000, schedule: {name: constant}}\n" in long
    assert table(no_rate(), Look(width=80, color=False, unicode=True, advice=True)).count("\n") < 40


@pytest.mark.parametrize("width", [40, 60, 200])
def test_wrapped_yaml_is_the_same_yaml(width: int) -> None:
    for setting in confirmed().advice.settings:
        lines = wrap_yaml(setting.yaml, width)
        assert max(map(len, lines)) <= width
        assert YAML(typ="safe").load("\n".join(lines)) == YAML(typ="safe").load(setting.yaml)
        assert all(line.startswith(("optimizer:", "train:", " ")) for line in lines)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_never_wider_than_the_terminal(named_result: tuple[str, Result], width: int, unicode: bool) -> None:
    text = table(named_result[1], Look(width=width, color=False, unicode=unicode, files=("x" * 300,), advice=True))
    assert max(cell_len(line) for line in text.split("\n")) <= width
    assert unicode or text.isascii()
    assert "\x1b" not in text


def test_the_verdict_comes_first() -> None:
    assert table(typical(), Look(width=120, color=False, unicode=True)).startswith(
        "learning rate 1.2e-03   interval 6.3e-04 .. 2.5e-03 (spread of 4 seeds)   not confirmed\n"
    )
    lines = table(no_rate(), Look(width=120, color=False, unicode=True)).splitlines()
    assert lines[0] == "no learning rate to recommend"
    assert lines[1].startswith("The smoothed loss falls by 0.4 %")


def test_the_line_to_paste_can_be_copied_whole() -> None:
    text = table(typical(), Look(width=130, color=False, unicode=True))
    assert f"\n{typical().facts.optimizer}\n" in text
    assert "optax.adamw(" not in table(no_rate(), Look(width=130, color=False, unicode=True))


def test_colour_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    coloured = table(typical(), Look(width=80, color=True, unicode=True))
    assert "\x1b[1;32mlearning rate 1.2e-03" in coloured
    for name, value in {"NO_COLOR": "1", "COLUMNS": "30", "TERM": "dumb", "FORCE_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    assert table(typical(), Look(width=80, color=True, unicode=True)) == coloured
    assert "\x1b" not in table(typical(), Look(width=80, color=False, unicode=True))


def test_words_of_the_user_are_no_markup() -> None:
    odd = replace(typical(), warnings=("[bold]x[/bold] :smile: \x1b[31m", "größer – 漢字"))
    text = table(odd, Look(width=80, color=False, unicode=True))
    assert "[bold]x[/bold] :smile:" in text
    assert "\x1b" not in text
    assert "gr??er - ??" not in text
    assert "gr??er - ??" in table(odd, Look(width=80, color=False, unicode=False))
