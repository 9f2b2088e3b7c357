"""`lrfind report` of a training: finished, interrupted or killed, to the byte, and without what it does not need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import junitparser
import pytest

from lrfind.report.sweep.result_json import to_json
from tests.cli.conftest import Lrfind
from tests.report.conftest import confirmed
from tests.support.workflow_commands import parse
from tests.test_startup import PROBE

RUN = Path("lrfind-runs/c-train")
TRAIN = ("train", "c.yaml", "--steps", "40", "--lr", "1e-2", "--quiet")
BLOWN_UP = (
    *("train", "c.yaml", "--steps", "40", "--lr", "10", "--quiet", "--no-plot"),
    *("--set", "optimizer.name=sgd", "--set", "data={name: friedman, rows: 200, batch_size: 20}"),
    *("--set", "model={name: linear}"),
)
FORMS = ("text", "json", "markdown", "html")


@pytest.fixture
def killed(lrfind: Lrfind) -> bytes:
    """The journal of a training that was killed before its end, alone in its directory."""
    lrfind(*TRAIN, "--no-plot")
    lines = (RUN / "journal.jsonl").read_bytes().splitlines(keepends=True)
    for name in ("train.json", "train.csv"):
        (RUN / name).unlink()
    raw = b"".join(lines[:-1]) + lines[-1][:20]
    (RUN / "journal.jsonl").write_bytes(raw)
    return raw


@pytest.mark.parametrize("form", FORMS)
def test_what_a_training_left_comes_again_to_the_byte(lrfind: Lrfind, form: str) -> None:
    trained = lrfind(*TRAIN, "--format", form)
    assert trained.code == 0
    again = lrfind("report", str(RUN), "--format", form)
    assert (again.code, again.err, again.out) == (0, "", trained.out)
    assert lrfind("report", str(RUN / "train.json"), "--format", form).out == trained.out
    if form == "text":
        assert lrfind("report", str(RUN), "--out", "copy").code == 0
        for name in ("train.json", "train.csv", "plot.png"):
            assert Path("copy", name).read_bytes() == (RUN / name).read_bytes()


def test_the_csv_has_infinities_where_the_journal_is_there(lrfind: Lrfind) -> None:
    lrfind(*BLOWN_UP)
    csv = (RUN / "train.csv").read_bytes()
    assert b"inf" in csv
    lrfind("report", str(RUN), "--out", "copy", "--no-plot")
    assert Path("copy/train.csv").read_bytes() == csv
    (RUN / "journal.jsonl").unlink()
    lrfind("report", str(RUN), "--out", "copy", "--no-plot")
    assert Path("copy/train.csv").read_bytes() == csv.replace(b"inf", b"nan")


def test_in_ci(lrfind: Lrfind) -> None:
    trained = lrfind(*BLOWN_UP, "--format", "junit")
    suites = junitparser.JUnitXml.fromstring(trained.out.encode())
    assert suites.failures >= 1
    assert [case.name for case in next(iter(suites))][:2] == ["training", "diverged"]
    first = parse(lrfind("report", str(RUN), "--format", "github").out)[0]
    assert (first.name, first.properties["title"]) == ("error", "lrfind diverged")
    assert "observed" not in first.message
    notes = parse(lrfind(*BLOWN_UP, "--format", "github").out)
    assert {note.properties["line"] for note in notes if note.properties["title"] == "lrfind diverged"} == {"3"}
    assert junitparser.JUnitXml.fromstring(lrfind("report", str(RUN), "--format", "junit").out.encode()).failures >= 1


def test_a_training_that_was_killed(lrfind: Lrfind, killed: bytes) -> None:
    ran = lrfind("report", str(RUN))
    assert ran.code == 0
    assert ran.err == (
        f"lrfind: {RUN}: the run did not end: interrupted after 40 steps; start the same command again to carry it on\n"
    )
    assert "validation loss" in ran.out
    assert "; interrupted\n" in " ".join(ran.out.split("\n")) + "\n" or "interrupted" in ran.out
    assert not (RUN / "train.json").exists()
    told = json.loads(lrfind("report", str(RUN), "--json", "--quiet").out)
    whole = json.loads(lrfind(*TRAIN, "--no-plot", "--json").out)
    assert (told["status"], whole["status"]) == ("interrupted", "complete")
    for key in whole.keys() - {"status", "timing"}:
        assert told[key] == whole[key], key


def test_a_training_that_was_killed_early(lrfind: Lrfind, killed: bytes) -> None:
    lines = killed.splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if b'"kind": "train"' in line)
    (RUN / "journal.jsonl").write_bytes(b"".join(lines[: first + 1]))
    told = json.loads(lrfind("report", str(RUN), "--json", "--quiet").out)
    assert 0 < len(told["trace"]["loss"]) < 40
    assert told["validation"]["step"] == [0]
    (RUN / "journal.jsonl").write_bytes(b"".join(lines[:first]))
    ran = lrfind("report", str(RUN))
    assert (ran.code, ran.out) == (1, "")
    assert "the training was killed before anything was measured; start the same command again" in ran.err


def test_one_that_was_interrupted_carried_on_and_killed(lrfind: Lrfind, killed: bytes) -> None:
    """Its result is older than its journal."""
    lines = killed.splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if b'"kind": "train"' in line)
    (RUN / "journal.jsonl").write_bytes(b"".join(lines[: first + 1]))
    (RUN / "train.json").write_text(lrfind("report", str(RUN), "--json", "--quiet").out, encoding="ascii")
    early = json.loads(lrfind("report", str(RUN / "train.json"), "--json").out)
    (RUN / "journal.jsonl").write_bytes(killed)
    late = json.loads(lrfind("report", str(RUN), "--json", "--quiet").out)
    assert len(early["trace"]["loss"]) < len(late["trace"]["loss"]) == 40


def test_a_damaged_training_is_named(lrfind: Lrfind) -> None:
    lrfind(*TRAIN, "--no-plot")
    file = RUN / "train.json"
    whole = file.read_text(encoding="ascii")
    for broken, says in (
        (whole[:300], "not valid JSON"),
        (whole.replace("train/1", "train/9"), "its schema is 'lrfind/train/9'; expected 'lrfind/train/1'"),
        (whole.replace('"steps": 40', '"steps": "many"', 1), "'steps' is 'many', expected a whole number"),
        (whole.replace('"gradient_norm": [', '"gradient_norm": [1, ', 1), "has 41 numbers where 40 belong"),
        (whole.replace('"status": "complete"', '"status": "done"'), "'status' is 'done', expected one of complete"),
        (whole.replace('"trace"', '"trail"'), "the key 'trace' is missing"),
        ("[" * 100_000, "nested too deep"),
        ("[]", "it has no key 'schema'"),
    ):
        file.write_text(broken, encoding="ascii")
        ran = lrfind("report", str(RUN))
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith(f"lrfind: error: {file}: this ")
        assert says in ran.err
    assert lrfind("report", "nowhere/train.json").code == 2


def test_other_commands_say_what_it_is(lrfind: Lrfind, folder: Path) -> None:
    lrfind(*TRAIN, "--no-plot")
    (folder / "s").mkdir()
    (folder / "s" / "result.json").write_text(to_json(confirmed()), encoding="ascii")
    ran = lrfind("compare", "s", str(RUN))
    assert ran.code == 2
    assert f"{RUN} is the run of a training, and s is not; name trainings alone, or sweeps and configs" in ran.err
    ran = lrfind("check", "c.yaml", "--run", str(RUN), "--set", "optimizer.learning_rate=0.1")
    assert ran.code == 2
    assert f"--run {RUN}: is the run of a training; `lrfind report {RUN}` shows it" in ran.err


def test_it_needs_neither_jax_nor_matplotlib(lrfind: Lrfind, killed: bytes) -> None:
    for forms in ((), ("--json",), ("--format", "html", "--no-plot")):
        command = [sys.executable, "-c", PROBE, "report", str(RUN), *forms]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        assert set(ran.stdout.rpartition("MODULES")[2].split()) & {"jax", "optax", "matplotlib"} == set()
