"""Where a run goes, and what it does not run over."""

from __future__ import annotations

import json
import os
from pathlib import Path

import filelock
import pytest

from lrfind.storage import journal, run_directory
from tests.cli.conftest import Lrfind

RUN = Path("lrfind-runs/c")
SWEEP = ("sweep", "c.yaml", "--no-plot")


def fingerprint(folder: Path) -> str:
    found = journal.fingerprint_of(folder)
    assert found is not None
    return found


def test_another_config_of_the_same_name_goes_next_door(lrfind: Lrfind) -> None:
    lrfind(*SWEEP)
    ran = lrfind(*SWEEP, "--seed", "1")
    assert ran.err == "lrfind: lrfind-runs/c holds the run of another config; this one goes to lrfind-runs/c-2\n"
    assert fingerprint(RUN) != fingerprint(Path("lrfind-runs/c-2"))
    assert lrfind(*SWEEP, "--seed", "1", "--quiet").err == ""
    assert {path.name for path in RUN.parent.iterdir()} == {"c", "c-2"}


def test_options_that_move_nothing_are_the_same_run(lrfind: Lrfind) -> None:
    lrfind(*SWEEP)
    lrfind("sweep", "c.yaml", "--plot", "p.svg", "--json", "--output", "o.json", "--no-color", "--no-cache")
    assert [path.name for path in RUN.parent.iterdir()] == ["c"]


def test_out_with_another_run_is_refused_unless_fresh(lrfind: Lrfind) -> None:
    lrfind("sweep", "c.yaml", "--out", "mine")
    before = (Path("mine/result.json").read_bytes(), fingerprint(Path("mine")))
    ran = lrfind(*SWEEP, "--out", "mine", "--seed", "1")
    assert ran.code == 2
    assert ran.err == (
        "lrfind: error: mine holds the run of another config; choose another --out, or overwrite it with --fresh\n"
    )
    assert (Path("mine/result.json").read_bytes(), fingerprint(Path("mine"))) == before
    assert lrfind(*SWEEP, "--out", "mine", "--seed", "1", "--fresh").code == 0
    assert json.loads(Path("mine/result.json").read_text(encoding="utf-8"))["config"]["seed"] == 1
    assert fingerprint(Path("mine")) != before[1]
    assert not Path("mine/plot.png").exists(), "it showed the other run"


def test_in_use_names_the_process(lrfind: Lrfind) -> None:
    RUN.mkdir(parents=True)
    (RUN / ".owner").write_text(str(os.getpid()), encoding="ascii")
    with filelock.FileLock(RUN / ".lock"):
        ran = lrfind(*SWEEP, "--out", str(RUN))
        elsewhere = lrfind(*SWEEP)
    assert ran.code == 3
    assert ran.err == (
        f"lrfind: error: {RUN} is in use by process {os.getpid()}; wait for it, or choose another folder with --out\n"
    )
    assert elsewhere.code == 0
    assert elsewhere.err == f"lrfind: {RUN} is in use by process {os.getpid()}; this one goes to {RUN}-2\n"


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("c.yaml", "c.yaml is a file; choose another folder with --out"),
        ("c.yaml/run", "c.yaml is a file; choose another folder with --out"),
    ],
)
def test_where_there_can_be_no_folder(lrfind: Lrfind, out: str, said: str) -> None:
    ran = lrfind(*SWEEP, "--out", out)
    assert (ran.code, ran.out, ran.err) == (2, "", f"lrfind: error: {said}\n")


def test_disk_full_in_the_middle_keeps_the_finished_run(lrfind: Lrfind, monkeypatch: pytest.MonkeyPatch) -> None:
    lrfind(*SWEEP)
    before = {path.name: path.read_bytes() for path in RUN.iterdir()}
    calls = 0

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(run_directory.os, "fsync", full)
    ran = lrfind(*SWEEP)
    assert ran.code == 3
    assert ran.err == f"lrfind: error: {RUN} cannot be written: No space left on device\n"
    assert {name: (RUN / name).read_bytes() for name in before} == before


def test_a_plot_that_cannot_be_written_costs_no_result(lrfind: Lrfind, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = os.replace

    def refuse(source: Path, target: Path) -> None:
        if Path(target).name == "p.svg":
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(run_directory.os, "replace", refuse)
    ran = lrfind("sweep", "c.yaml", "--plot", "p.svg", "--json")
    assert ran.code == 3
    assert ran.err == "lrfind: error: p.svg cannot be written: No space left on device\n"
    assert json.loads(ran.out)["status"] == "complete"
    assert (RUN / "result.json").exists()
