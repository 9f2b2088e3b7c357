"""What a sweep leaves in its folder and says on its streams."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Lrfind

RUN = Path("lrfind-runs/c")
ESCAPE = "\x1b"


def test_files_of_a_run(lrfind: Lrfind) -> None:
    ran = lrfind("sweep", "c.yaml")
    assert ran.code == 0
    assert {path.name for path in RUN.iterdir()} == {"result.json", "curve.csv", "plot.png", "journal.jsonl", ".lock"}
    result = json.loads((RUN / "result.json").read_text(encoding="utf-8"))
    assert result["schema"] == "lrfind/result/1"
    assert result["status"] == "complete"
    assert (RUN / "plot.png").read_bytes().startswith(b"\x89PNG")
    with (RUN / "curve.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20
    assert [float(row["learning_rate"]) for row in rows] == result["sweep"]["learning_rate"]


def test_text_is_on_stdout_without_colours_and_stderr_is_silent(lrfind: Lrfind) -> None:
    ran = lrfind("sweep", "c.yaml")
    assert ran.err == ""
    assert ESCAPE not in ran.out
    assert "learning rate" in ran.out
    assert "steepest *" in ran.out
    assert "lrfind-runs/c/result.json" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


@pytest.mark.parametrize("columns", [40, 60])
def test_narrow(lrfind: Lrfind, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    ran = lrfind("sweep", "c.yaml")
    # A file's name and the line to paste are never broken.
    lines = [line for line in ran.out.splitlines() if "lrfind-runs" not in line and "optax." not in line]
    assert max(map(len, lines)) <= columns


def test_json_is_the_result_file(lrfind: Lrfind) -> None:
    ran = lrfind("sweep", "c.yaml", "--json", "--no-plot")
    assert ran.out == (RUN / "result.json").read_text(encoding="utf-8")
    assert json.loads(ran.out)["recommendation"]["learning_rate"] > 0
    assert lrfind("sweep", "c.yaml", "--format", "json", "--no-plot").out.startswith("{")


def test_markdown(lrfind: Lrfind) -> None:
    ran = lrfind("sweep", "c.yaml", "--format", "markdown", "--no-plot")
    assert ran.out.startswith("### c\n")
    assert "| method | rate |" in ran.out


@pytest.mark.parametrize("form", ["text", "json"])
def test_output_takes_the_result_off_stdout(lrfind: Lrfind, form: str) -> None:
    ran = lrfind("sweep", "c.yaml", "--format", form, "--output", "there.txt", "--no-plot")
    assert (ran.code, ran.out) == (0, "")
    text = Path("there.txt").read_text(encoding="utf-8")
    assert "steepest" in text
    assert ESCAPE not in text


def test_output_dash_is_stdout(lrfind: Lrfind) -> None:
    assert "steepest" in lrfind("sweep", "c.yaml", "--output", "-", "--no-plot").out
    assert not Path("-").exists()


@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG"), ("SVG", b"<?xml"), ("pdf", b"%PDF")])
def test_plot_file(lrfind: Lrfind, suffix: str, magic: bytes) -> None:
    assert lrfind("sweep", "c.yaml", "--plot", f"own.{suffix}").code == 0
    assert Path(f"own.{suffix}").read_bytes().startswith(magic)
    assert (RUN / "plot.png").exists()


def test_no_plot_draws_nothing(lrfind: Lrfind) -> None:
    ran = lrfind("sweep", "c.yaml", "--no-plot")
    assert not (RUN / "plot.png").exists()
    assert "┤" not in ran.out


def test_no_plot_takes_away_the_plot_of_the_run_before(lrfind: Lrfind) -> None:
    lrfind("sweep", "c.yaml")
    lrfind("sweep", "c.yaml", "--no-plot")
    assert not (RUN / "plot.png").exists()


def test_config_from_standard_input(lrfind: Lrfind) -> None:
    text = Path("c.yaml").read_text(encoding="utf-8")
    assert lrfind("sweep", "-", "--no-plot", stdin=text).code == 0
    assert Path("lrfind-runs/stdin/result.json").exists()


def test_again_is_measured_again_to_the_same_bytes(lrfind: Lrfind) -> None:
    lrfind("sweep", "c.yaml", "--no-plot")
    curve, journal = RUN / "curve.csv", RUN / "journal.jsonl"
    first, stamp = curve.read_bytes(), curve.stat().st_mtime_ns
    assert lrfind("sweep", "c.yaml", "--no-plot").err == ""
    assert curve.read_bytes() == first
    assert curve.stat().st_mtime_ns > stamp
    assert json.loads(journal.read_text(encoding="utf-8").splitlines()[-1])["kind"] == "end"
    assert not (RUN / "journal.jsonl.new").exists()


def test_no_rate_is_exit_1_unless_told(lrfind: Lrfind) -> None:
    hopeless = ("sweep", "c.yaml", "--min-lr", "1e-12", "--max-lr", "1e-11", "--no-plot")
    ran = lrfind(*hopeless)
    assert ran.code == 1
    assert ran.out.startswith("no learning rate to recommend\n")
    assert lrfind(*hopeless, "--exit-zero").code == 0
    result = json.loads(lrfind(*hopeless, "--json").out)
    assert (result["status"], result["recommendation"]["learning_rate"]) == ("no_recommendation", None)
    assert result["recommendation"]["reason"]
