"""`lrfind train`: a config in, a training and its diagnosis out."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import junitparser
import numpy as np
import pytest

from lrfind.core.registry import FINDINGS
from lrfind.report.sweep.result_json import to_json
from tests.cli.conftest import Lrfind
from tests.report.conftest import confirmed

RUN = Path("lrfind-runs/c-train")
SHORT = ("train", "c.yaml", "--steps", "40", "--quiet")


def test_a_training_leaves_its_files_and_says_what_it_shows(lrfind: Lrfind) -> None:
    ran = lrfind(*SHORT, "--lr", "1e-2", "--schedule", "cosine")
    assert (ran.code, ran.err) == (0, "")
    assert "after 40 steps at 1.0e-02 (cosine)" in ran.out
    assert {path.name for path in RUN.iterdir()} == {"train.json", "train.csv", "plot.png", "journal.jsonl", ".lock"}
    kept = json.loads((RUN / "train.json").read_text(encoding="utf-8"))
    assert (kept["schema"], kept["status"], kept["rate_from"]) == ("lrfind/train/1", "complete", "--lr")
    rate = 0.01 * (1 + np.cos(np.pi * np.arange(40) / 40)) / 2
    assert kept["trace"]["learning_rate"] == pytest.approx(rate, rel=1e-4, abs=1e-9)
    assert kept["validation"]["step"][0] == 0
    assert kept["validation"]["step"][-1] == 40
    assert kept["metrics"]["accuracy"] == kept["validation"]["accuracy"][-1] > 0.2  # a tenth is chance
    assert kept["findings"][0]["id"] in FINDINGS


def test_the_table_is_a_log_that_is_diagnosed_the_same(lrfind: Lrfind) -> None:
    said = json.loads(lrfind(*SHORT, "--lr", "1e-2", "--no-plot", "--json").out)
    rows = list(csv.DictReader((RUN / "train.csv").read_text(encoding="utf-8").splitlines()))
    assert [float(row["loss"]) for row in rows if row["loss"]] == said["trace"]["loss"]
    for name in ("train.csv", "train.json"):
        again = json.loads(lrfind("diagnose", str(RUN / name), "--json").out)
        assert again["findings"] == said["findings"]


def test_a_training_repeats_to_the_bit(lrfind: Lrfind) -> None:
    for name in ("a", "b"):
        lrfind(*SHORT, "--lr", "1e-2", "--no-plot", "--out", name)
    assert Path("a/train.csv").read_bytes() == Path("b/train.csv").read_bytes()


def test_a_rate_that_blows_up_is_found_and_can_fail(lrfind: Lrfind) -> None:
    ran = lrfind(*SHORT, "--lr", "100", "--set", "optimizer.name=sgd", "--fail-on", "diverged", "--no-plot")
    assert ran.code == 1
    assert "diverged (error)" in ran.out
    kept = json.loads((RUN / "train.json").read_text(encoding="utf-8"))
    assert kept["findings"][0]["severity"] == "error"


def test_the_rate_of_a_finished_run(lrfind: Lrfind) -> None:
    found = json.loads(lrfind("sweep", "c.yaml", "--json", "--no-plot", "--exit-zero").out)["recommendation"]
    rate = found["learning_rate"]
    assert rate is not None
    said = json.loads(lrfind(*SHORT, "--use", "lrfind-runs/c", "--no-plot", "--json").out)
    assert (said["learning_rate"], said["rate_from"]) == (rate, "the run in lrfind-runs/c")


@pytest.mark.parametrize("whole", [True, False])
def test_trainings_of_a_run_say_what_rate_is_too_high(lrfind: Lrfind, whole: bool) -> None:
    """They are told to the training, and to whoever reads its journal."""
    result = confirmed()
    found = replace(result.recommendation, confirmed=whole)
    Path("r.json").write_text(to_json(replace(result, recommendation=found)), encoding="utf-8")
    assert lrfind(*SHORT, "--use", "r.json", "--no-plot").code == 0
    with (RUN / "journal.jsonl").open(encoding="utf-8") as journal:
        assert json.loads(next(journal))["highest"] == (found.high if whole else None)


def test_a_regression_is_scored_by_r2(lrfind: Lrfind) -> None:
    said = json.loads(
        lrfind(*SHORT, "--lr", "1e-2", "--set", "data={name: friedman, rows: 200}", "--no-plot", "--json").out
    )
    metric = said["validation"]["R2"]
    loss = np.array(said["validation"]["loss"])
    assert said["metrics"]["metric"] == "R2"
    # R2 = 1 - mse / variance of the held-out targets, one number for all looks.
    variance = loss / (1 - np.array(metric))
    assert variance == pytest.approx(variance[0], rel=1e-4)


def test_without_held_out_rows_there_is_no_validation(lrfind: Lrfind) -> None:
    said = json.loads(lrfind(*SHORT, "--lr", "1e-2", "--set", "data.validation_fraction=0", "--no-plot", "--json").out)
    assert said["validation"] is None
    assert set(said["metrics"]) == {"train_loss"}


def test_forms_for_ci(lrfind: Lrfind, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken training fails its test and is annotated at the config's line; the step's summary has the table."""
    blown = (*SHORT, "--lr", "100", "--set", "optimizer.name=sgd", "--no-plot")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    note = lrfind(*blown, "--format", "github")
    assert (note.code, note.err) == (0, "")
    assert "::error file=c.yaml,line=3,col=1,title=lrfind diverged::c: " in note.out
    assert "| **diverged** (error) |" in Path("summary.md").read_text(encoding="utf-8")
    suites = junitparser.JUnitXml.fromstring(lrfind(*blown, "--format", "junit").out.encode())
    (suite,) = suites
    assert suites.name == "lrfind train"
    assert "diverged" in [case.name for case in suite if case.result]


def test_what_could_not_be_trained_is_an_error_in_the_forms_for_ci(lrfind: Lrfind) -> None:
    ran = lrfind("train", "c.yaml", "--format", "github")
    assert ran.code == 2
    assert ran.out.startswith("::error file=c.yaml,line=3,col=1,title=lrfind::")
    ran = lrfind("train", "c.yaml", "--format", "junit", "--output", "c.xml")
    assert (ran.code, ran.out) == (2, "")
    assert junitparser.JUnitXml.fromfile("c.xml").errors == 1


def test_a_config_that_cannot_be_loaded_is_an_error_in_the_file_for_ci(lrfind: Lrfind) -> None:
    Path("bad.yaml").write_text("model: {name: mlpp}\ndata: {name: digits}\noptimizer: {name: adam}\n")
    ran = lrfind("train", "bad.yaml", "--format", "junit", "--output", "bad.xml")
    assert (ran.code, ran.out) == (2, "")
    assert junitparser.JUnitXml.fromfile("bad.xml").errors == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "c.yaml:3:1: optimizer: the config has no optimizer.learning_rate to train at"),
        (("--lr", "-1"), "--lr: must be a number above 0; got -1.0"),
        (("--lr", "1", "--use", "x"), "--use and --lr both name a rate; leave one out"),
        (("--use", "nowhere"), "--use nowhere: nowhere cannot be read"),
        (("--lr", "1", "--schedule", "cosin"), "--schedule"),
        (("--lr", "1", "--steps", "0"), "--steps"),
        (("--lr", "1", "--fail-on", "bad"), "--fail-on bad: there is no such finding"),
        (("--lr", "1", "--output", "c.yaml"), "--output c.yaml: would overwrite the config"),
        (("--lr", "1", "--plot", "x.gif"), "--plot x.gif: the name must end in .png, .svg or .pdf"),
    ],
)
def test_wrong_input_is_exit_2(lrfind: Lrfind, arguments: tuple[str, ...], message: str) -> None:
    ran = lrfind("train", "c.yaml", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
