"""`lrfind report` as a user runs it: a run again, to the byte, and without what it does not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lrfind.core.decode import read_result
from lrfind.report.sweep.result_json import to_csv, to_json
from tests.cli.conftest import Lrfind
from tests.report.conftest import confirmed, interrupted, no_rate
from tests.test_startup import PROBE


@pytest.fixture
def run(folder: Path) -> Path:
    """A finished run in ``runs/c``."""
    path = folder / "runs" / "c"
    path.mkdir(parents=True)
    (path / "result.json").write_text(to_json(confirmed()), encoding="ascii")
    return path


def test_what_a_sweep_left_comes_again_to_the_byte(lrfind: Lrfind) -> None:
    swept = lrfind("sweep", "c.yaml", "--quiet")
    there = Path("lrfind-runs/c")
    assert lrfind("report", str(there)).out == swept.out
    assert lrfind("report", str(there / "result.json")).out == swept.out
    assert lrfind("report", str(there), "--out", "copy").code == 0
    for name in ("result.json", "curve.csv", "plot.png"):
        assert Path("copy", name).read_bytes() == (there / name).read_bytes()
    assert lrfind("report", str(there), "--json").out == (there / "result.json").read_text(encoding="ascii")
    page = lrfind("sweep", "c.yaml", "--quiet", "--format", "html").out
    assert page.count('<img src="data:image/svg+xml;base64,') == 1
    assert lrfind("report", str(there), "--format", "html").out == page


@pytest.mark.parametrize("form", ["text", "markdown", "junit", "github", "json", "html"])
@pytest.mark.parametrize("made", [confirmed, interrupted, no_rate])
def test_forms(lrfind: Lrfind, run: Path, made: object, form: str) -> None:
    (run / "result.json").write_text(to_json(made()), encoding="ascii")  # type: ignore[operator]
    to_stdout = lrfind("report", "runs/c", "--format", form, "--no-plot")
    assert (to_stdout.code, to_stdout.err) == (0, "")
    assert lrfind("report", "runs/c", "--format", form, "--no-plot", "--output", "there").out == ""
    assert Path("there").read_text(encoding="utf-8") == to_stdout.out


def test_the_figure_in_other_forms(lrfind: Lrfind, run: Path) -> None:
    for name, begin in (("a.svg", b"<?xml"), ("a.pdf", b"%PDF"), ("a.PNG", b"\x89PNG")):
        assert lrfind("report", "runs/c", "--plot", name, "--json").code == 0
        assert Path(name).read_bytes().startswith(begin)
    assert sorted(path.name for path in run.iterdir()) == ["result.json"]


def test_advice(lrfind: Lrfind, run: Path) -> None:
    plain, more = (lrfind("report", "runs/c", "--format", "markdown", *extra).out for extra in ((), ("--advice",)))
    assert more.startswith(plain.rstrip("\n"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("runs/d",), "runs/d: there is no such run directory"),
        (("runs",), "runs: holds the run directories c; name one of them"),
        (("runs/c", "--plot", "a.gif"), "--plot a.gif: the name must end in .png, .svg or .pdf"),
        (("runs/c", "--plot", "a.png", "--no-plot"), "--plot a.png and --no-plot contradict each other; leave one out"),
        (("runs/c", "--output", "x/a.txt"), "--output x/a.txt: there is no folder x"),
        (("runs/c", "--output", "runs/c/result.json"), "would overwrite the run that is read"),
        (("runs/c/result.json", "--output", "runs/c/result.json"), "would overwrite the run that is read"),
    ],
)
def test_wrong_input(lrfind: Lrfind, run: Path, arguments: tuple[str, ...], says: str) -> None:
    ran = lrfind("report", *arguments)
    assert ran.code == 2
    assert says in ran.err


def test_a_folder_that_cannot_be_written(lrfind: Lrfind, run: Path) -> None:
    Path("file").touch()
    ran = lrfind("report", "runs/c", "--out", "file", "--no-plot")
    assert ran.code == 2
    assert ran.err == "lrfind: error: file is a file; choose another folder with --out\n"


def test_a_run_that_was_killed(lrfind: Lrfind) -> None:
    from lrfind.storage.journal import read

    lrfind("sweep", "c.yaml", "--quiet", "--no-plot")
    there = Path("lrfind-runs/c")
    whole = lrfind("report", str(there), "--json").out
    lines = read((there / "journal.jsonl").read_bytes()).text.splitlines(keepends=True)
    (there / "result.json").unlink()
    (there / "journal.jsonl").write_bytes(b"".join(lines[:-1]))  # without its end
    ran = lrfind("report", str(there), "--format", "markdown")
    assert ran.code == 0
    assert ran.err.startswith(
        f"lrfind: {there}: the run did not end: interrupted after 20 steps, at a rate of 1.0e+01;"
    )
    assert "- **warning:** interrupted after 20 steps" in ran.out
    assert lrfind("report", str(there), "--quiet", "--json").err == ""
    assert whole.partition('"sweep": {')[2].partition('"diverged_at"')[0] in lrfind("report", str(there), "--json").out
    (there / "journal.jsonl").write_bytes(lines[0])
    ran = lrfind("report", str(there))
    assert (ran.code, ran.out) == (1, "")
    assert "was killed before anything was measured; start the same command again" in ran.err


def test_a_newer_run_beside_is_said(lrfind: Lrfind, run: Path) -> None:
    from lrfind.storage.journal import SCHEMA, to_line

    head, _ = to_line({"kind": "head", "schema": SCHEMA, "fingerprint": "f"})
    (run / "journal.jsonl.new").write_text(head, encoding="ascii")
    assert lrfind("report", "runs/c", "--json").err.endswith("is not finished, so this is the one before it\n")


def test_it_needs_neither_jax_nor_matplotlib(run: Path) -> None:
    command = [sys.executable, "-c", PROBE, "report", str(run)]
    for extra, unwanted in (((), {"jax", "optax", "matplotlib"}), (("--json",), {"jax", "matplotlib", "rich.table"})):
        ran = subprocess.run([*command, *extra], capture_output=True, text=True, check=True)
        assert set(ran.stdout.rpartition("MODULES")[2].split()) & unwanted == set()


def test_the_csv_has_infinities_where_the_journal_is_there(lrfind: Lrfind, run: Path) -> None:
    squares = ("--set", "data={name: friedman, rows: 200, batch_size: 20}", "--set", "optimizer={name: sgd}")
    lrfind("sweep", "c.yaml", "--quiet", "--no-plot", *squares, "--max-lr", "1e30")
    there = Path("lrfind-runs/c")
    csv = (there / "curve.csv").read_bytes()
    assert b"inf" in csv
    lrfind("report", str(there), "--out", "copy", "--no-plot", "--json")
    assert Path("copy/curve.csv").read_bytes() == csv
    (there / "journal.jsonl").unlink()
    lrfind("report", str(there), "--out", "copy", "--no-plot", "--json")
    assert Path("copy/curve.csv").read_bytes() == csv.replace(b"inf", b"")
    lrfind("report", "runs/c", "--out", "other", "--no-plot")
    assert Path("other/curve.csv").read_text(encoding="ascii") == to_csv(read_result(to_json(confirmed())))
    assert not Path("other/plot.png").exists()


@pytest.mark.parametrize("command", [("report",), ("compare", "c.yaml"), ("sweep", "c.yaml", "--output")])
def test_a_name_that_no_file_can_have_is_wrong_input(folder: Path, lrfind: Lrfind, command: tuple[str, ...]) -> None:
    ran = lrfind(*command, "x" * 300)
    assert ran.code == 2
    assert "cannot be read: File name too long" in ran.err
