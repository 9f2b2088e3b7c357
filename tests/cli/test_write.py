"""`--write`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import CONFIG, Lrfind


def test_the_rate_is_in_the_file_and_comments_stay(lrfind: Lrfind) -> None:
    ran = lrfind("sweep", "c.yaml", "--write", "--json", "--no-plot")
    rate = json.loads(ran.out)["recommendation"]["learning_rate"]
    text = Path("c.yaml").read_text(encoding="utf-8")
    assert text == CONFIG.replace("{name: adam}", f"{{name: adam, learning_rate: {float(f'{rate:.3g}'):g}}}")
    assert ran.err == f"lrfind: wrote optimizer.learning_rate: {float(f'{rate:.3g}'):g} into c.yaml\n"


def test_the_file_still_works_and_is_the_same_run(lrfind: Lrfind) -> None:
    lrfind("sweep", "c.yaml", "--write", "--no-plot", "--quiet")
    ran = lrfind("sweep", "c.yaml", "--no-plot")
    assert (ran.code, ran.err) == (0, "")
    assert [path.name for path in Path("lrfind-runs").iterdir()] == ["c"]


def test_without_a_rate_nothing_is_written(lrfind: Lrfind) -> None:
    ran = lrfind("sweep", "c.yaml", "--write", "--min-lr", "1e-12", "--max-lr", "1e-11", "--no-plot")
    assert ran.code == 1
    assert Path("c.yaml").read_text(encoding="utf-8") == CONFIG


def test_a_dry_run_writes_nothing(lrfind: Lrfind) -> None:
    assert lrfind("sweep", "c.yaml", "--write", "--dry-run").code == 0
    assert Path("c.yaml").read_text(encoding="utf-8") == CONFIG


def test_where_writing_fails_the_result_is_still_said_once(lrfind: Lrfind, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(target: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lrfind.cli.commands.sweep.staged", full)
    ran = lrfind("sweep", "c.yaml", "--write", "--json", "--no-plot")
    assert ran.code == 2
    assert "c.yaml cannot be written: No space left on device" in ran.err
    assert json.loads(ran.out)["status"] == "complete"
