"""Every example runs as it is, but shorter, and says a rate or a reason."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lrfind.cli.app import app
from lrfind.config.load import load
from lrfind.core.registry import DATA, MODELS

CONFIGS = Path(__file__).parents[2] / "configs"
FILES = sorted(CONFIGS.rglob("*.yaml"))


def test_there_are_some() -> None:
    assert FILES


@cache
def confirmed() -> set[Path]:
    """The first example of each model, schedule and target, whose rates are confirmed too: that compiles much more."""
    seen: set[object] = set()
    chosen = set()
    for path in FILES:
        config = load(str(path)).config.model_dump(mode="json")
        schedule = config["train"]["schedule"]
        parts = {
            ("model", config["model"].get("name") or config["model"]["target"]),
            ("schedule", schedule and (schedule.get("name") or schedule["target"])),
            ("optimizer", config["optimizer"] and config["optimizer"].get("target")),
        }
        if parts - seen:
            chosen.add(path)
        seen |= parts
    return chosen


def test_some_are_confirmed() -> None:
    assert 8 <= len(confirmed()) < len(FILES) / 2


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rendered_here: None) -> None:
    if "name: parquet" in path.read_text(encoding="utf-8"):
        pytest.importorskip("pyarrow")
    monkeypatch.chdir(tmp_path)
    confirm = ("--set", "confirm.budget=500") if path in confirmed() else ("--no-confirm",)
    short = ("--steps", "20", "--seeds", "1", *confirm, "--no-plot", "--json")
    ran = CliRunner().invoke(app, ["sweep", str(path), *short])
    assert ran.exit_code in (0, 1), ran.stderr
    result = json.loads(ran.stdout)
    recommendation = result["recommendation"]
    assert (recommendation["learning_rate"] is None) == (ran.exit_code == 1)
    assert recommendation["reason"]


def test_every_data_set_and_model_has_one() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in FILES)
    assert {name for name in DATA if f"name: {name}" in text} >= set(DATA) - {"npz"}
    assert {name for name in MODELS if f"name: {name}" in text} == set(MODELS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_says_what_it_is(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")
    assert first.endswith(".")
