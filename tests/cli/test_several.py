"""Several configs on one command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import CONFIG, Lrfind

TWO = ("sweep", "c.yaml", "d.yaml", "--no-plot")


@pytest.fixture(autouse=True)
def more(folder: Path) -> None:
    Path("d.yaml").write_text(CONFIG.replace("adam", "sgd"), encoding="utf-8")
    Path("bad.yaml").write_text(CONFIG.replace("mlp", "mlpp"), encoding="utf-8")


def test_text_of_each(lrfind: Lrfind) -> None:
    ran = lrfind(*TWO)
    assert ran.code == 0
    assert "optax.adam(" in ran.out
    assert "optax.sgd(" in ran.out


def test_json_is_an_array_in_order_and_a_failure_has_its_place(lrfind: Lrfind) -> None:
    ran = lrfind("sweep", "c.yaml", "bad.yaml", "d.yaml", "--json", "--no-plot")
    assert ran.code == 2
    first, bad, last = json.loads(ran.out)
    assert (first["name"], last["name"]) == ("c", "d")
    assert first["status"] == last["status"] == "complete"
    assert (bad["config"], bad["status"], bad["error"]["exit_code"]) == ("bad.yaml", "failed", 2)
    assert bad["error"]["message"] in ran.err


def test_a_single_failure_is_one_object(lrfind: Lrfind) -> None:
    ran = lrfind("sweep", "bad.yaml", "--json")
    assert json.loads(ran.out)["status"] == "failed"


def test_the_worst_exit_code_counts(lrfind: Lrfind) -> None:
    Path("lrfind-runs").mkdir()
    Path("lrfind-runs/d").write_text("in the way", encoding="utf-8")
    assert lrfind("sweep", "bad.yaml", "d.yaml", "c.yaml", "--no-plot").code == 3


def test_each_has_a_folder_in_out(lrfind: Lrfind) -> None:
    assert lrfind(*TWO, "--out", "mine").code == 0
    assert {path.name for path in Path("mine").iterdir()} == {"c", "d"}


def test_one_plot_file_for_two_is_refused(lrfind: Lrfind) -> None:
    ran = lrfind("sweep", "c.yaml", "d.yaml", "--plot", "p.png")
    assert ran.code == 2
    assert "--plot names one file" in ran.err


def test_a_fault_of_ours_is_exit_3_and_the_others_are_measured(lrfind: Lrfind, monkeypatch: pytest.MonkeyPatch) -> None:
    from lrfind.runs import measure

    result_of = measure.result_of

    def fail_once(task: object, name: str, *rest: object, **named: object) -> object:
        if name == "c":
            raise ZeroDivisionError("by nothing")
        return result_of(task, name, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(measure, "result_of", fail_once)
    ran = lrfind(*TWO)
    assert ran.code == 3
    assert ran.err == "lrfind: error: a fault of lrfind: ZeroDivisionError: by nothing; --debug shows where\n"
    assert "optax.sgd(" in ran.out
    assert "in fail_once" in lrfind(*TWO, "--debug").err


def test_a_fault_of_ours_while_results_are_put_together(lrfind: Lrfind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrfind.report.render.joined", lambda *parts, **named: 1 / 0)
    ran = lrfind("sweep", "bad.yaml", "--json")
    assert ran.code == 3
    assert "a fault of lrfind: ZeroDivisionError: division by zero; --debug shows where" in ran.err


def test_a_page_has_a_place_for_what_failed(lrfind: Lrfind) -> None:
    ran = lrfind("sweep", "bad.yaml", "--format", "html")
    assert ran.code == 2
    assert ran.out.startswith("<!doctype html>\n")
    assert '<p class="verdict fail">not judged</p>' in ran.out
    assert "bad.yaml:1:9: model.name: must be one of" in ran.out
