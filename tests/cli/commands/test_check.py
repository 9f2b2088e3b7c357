"""`lrfind check` as a user runs it: real runs with known verdicts, and finished runs judged again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import junitparser
import numpy as np
import pytest

from lrfind.report.sweep.result_json import to_json
from tests.cli.conftest import Lrfind
from tests.report.conftest import confirmed, interrupted
from tests.support.workflow_commands import parse

HEAD = """\
model: {name: mlp, hidden: [16]}
data: {name: npz, path: d.npz, batch_size: 32}
optimizer:
  name: sgd
  learning_rate: 0.1
train: {steps: 100}
sweep: {steps: 40, seeds: 2, min_lr: 1e-4}
confirm: {budget: 900}
"""

DEFECTS = {
    "none": set(),
    "zero": {"learns"},
    "shuffled": {"learns"},
    "huge": {"initial-loss"},
    "at once": {"diverged-at-once", "learns", "rate-in-range"},
    "short": {"range-covers"},
}
"""What must be among the failures of a config with such a defect."""

FLAGS = {
    "at once": ("--min-lr", "1e5", "--max-lr", "1e7", "--set", "sweep.extend=false"),
    "short": ("--min-lr", "1e-4", "--max-lr", "2e-2", "--set", "sweep.extend=false"),
}


def data(defect: str) -> None:
    """Three clusters that a network can tell apart, but for the defect."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 600)
    x = (rng.standard_normal((600, 6)) * 0.5 + 2 * np.eye(6)[y]).astype(np.float32)
    if defect == "zero":
        x *= 0
    if defect == "huge":
        x *= 1000
    if defect == "shuffled":
        y = rng.permutation(y)
    np.savez("d.npz", x=x, y=y)


@pytest.mark.parametrize("defect", DEFECTS)
def test_configs_with_known_verdicts(lrfind: Lrfind, defect: str) -> None:
    data(defect)
    Path("g.yaml").write_text(HEAD.replace("0.1", "0.5"), encoding="utf-8")
    ran = lrfind("check", "g.yaml", "--json", "--no-plot", *FLAGS.get(defect, ()))
    found = json.loads(ran.out)
    failed = {each["id"] for each in found["verdicts"] if each["status"] == "fail"}
    assert failed >= DEFECTS[defect]
    assert (ran.code, found["status"] == "fail") == ((1, True) if failed else (0, False))
    assert bool(failed) == (defect != "none")
    assert json.loads(Path("lrfind-runs/g/check.json").read_text(encoding="ascii")) == found


@pytest.fixture
def run(folder: Path) -> Path:
    """A config and its finished run, in ``runs/c``."""
    from lrfind.config.load import load

    Path("c.yaml").write_text(HEAD.replace("npz, path: d.npz", "digits"), encoding="utf-8")
    result = confirmed()
    object.__setattr__(result, "config", load("c.yaml").config.model_dump(mode="json"))
    path = folder / "runs" / "c"
    path.mkdir(parents=True)
    (path / "result.json").write_text(to_json(result), encoding="ascii")
    return path


def test_a_finished_run_is_judged(lrfind: Lrfind, run: Path) -> None:
    ran = lrfind("check", "c.yaml", "--run", "runs/c")
    assert ran.code == 1
    assert ran.err == ""
    line = ran.out.splitlines()[1]
    assert line.split()[:4] == ["FAIL", "rate-in-range", "22.7", "3"]
    assert line.endswith("set optimizer.learning_rate to 2.4e-03 (lrfind sweep --write does)")
    assert lrfind("check", "c.yaml", "--run", "runs/c/result.json").out == ran.out
    assert (run / "check.json").exists()


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        (("--set", "optimizer.learning_rate=2e-3"), 0),
        (("--set", "check.tolerance=30"), 0),
        (("--warn", "rate-in-range"), 0),
        (("--ignore", "rate-in-range"), 0),
        (("--exit-zero",), 0),
        (("--ignore", "learns"), 1),
        (("--set", "sweep.steps=41"), 2),
        (("--steps", "40"), 1),
    ],
)
def test_what_decides_the_exit_code(lrfind: Lrfind, run: Path, extra: tuple[str, ...], code: int) -> None:
    assert lrfind("check", "c.yaml", "--run", "runs/c", *extra).code == code


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--ignore", "lerns"), "--ignore lerns: no such verdict (did you mean 'learns'?); rate-in-range, learns"),
        (("--warn", "all"), "--warn all: no such verdict"),
        (("--max-drift", "2"), "--max-drift has nothing to hold against; give --baseline result.json"),
        (("--baseline", "runs/c", "--max-drift", "0.5"), "--max-drift 0.5: must be a factor of at least 1"),
        (("--baseline", "nowhere"), "--baseline nowhere: there is no such run directory"),
        (("--out", "x"), "--out is about a sweep, and --run judges a finished one"),
        (("--dry-run",), "--dry-run is about a sweep"),
        (("--set", "sweep.seeds=5"), "another config than c.yaml: sweep.seeds is 5 here, 2 in the run"),
        (("--set", "optimizer.learning_rate=null"), "--set: optimizer.learning_rate: is left out: there is no rate"),
    ],
)
def test_what_is_refused(lrfind: Lrfind, run: Path, arguments: tuple[str, ...], says: str) -> None:
    ran = lrfind("check", "c.yaml", "--run", "runs/c", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_a_config_without_a_rate_names_the_place(lrfind: Lrfind) -> None:
    ran = lrfind("check", "c.yaml")
    assert ran.code == 2
    assert ran.err.startswith("lrfind: error: c.yaml:3:1: optimizer.learning_rate: is left out")


def test_an_interrupted_run_is_nothing_to_judge_by(lrfind: Lrfind, run: Path) -> None:
    (run / "result.json").write_text(to_json(interrupted()), encoding="ascii")
    ran = lrfind("check", "c.yaml", "--run", "runs/c")
    assert (ran.code, ran.out) == (1, "")
    assert "runs/c: the run was interrupted, so there is nothing to judge by" in ran.err
    assert lrfind("check", "c.yaml", "--run", "runs/c", "--exit-zero").code == 0


def test_several_configs_have_one_summary(lrfind: Lrfind, run: Path) -> None:
    Path("bad.yaml").write_text("model: {name: mlpp}", encoding="utf-8")
    ran = lrfind("check", "c.yaml", "bad.yaml", "--run", "runs", "--baseline", "runs")
    assert ran.code == 2
    assert "2 configs: 1 failed, 1 not judged" in ran.out
    assert "  c: failed: rate-in-range\n" in ran.out
    judged, broken = json.loads(lrfind("check", "c.yaml", "bad.yaml", "--run", "runs", "--json").out)
    assert (judged["name"], broken["error"]["exit_code"]) == ("c", 2)


def test_annotations_and_the_step_summary(lrfind: Lrfind, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("sub").mkdir()
    Path("c.yaml").rename("sub/c.yaml")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(Path.cwd()))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(Path.cwd() / "summary.md"))
    monkeypatch.chdir("sub")
    for _ in range(2):
        ran = lrfind("check", "c.yaml", "--run", "../runs/c", "--format", "github")
    first, *rest = parse(ran.out)
    assert (first.name, first.properties["file"], first.properties["line"]) == ("error", "sub/c.yaml", "5")
    assert {each.name for each in rest} == {"notice"}
    assert Path("../summary.md").read_text(encoding="utf-8").count("### lrfind check") == 2


def test_a_summary_that_cannot_be_written_decides_nothing(
    lrfind: Lrfind, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "no/such/folder")
    ran = lrfind("check", "c.yaml", "--run", "runs/c", "--format", "github")
    assert ran.code == 1
    assert "the step's summary no/such/folder cannot be written" in ran.err
    assert parse(ran.out)


def test_standard_input_is_no_file(lrfind: Lrfind, run: Path) -> None:
    text = Path("c.yaml").read_text(encoding="utf-8")
    ran = lrfind("check", "-", "--run", "runs/c", "--format", "github", stdin=text)
    assert "file" not in parse(ran.out)[0].properties
    assert lrfind("check", "-", "--run", "runs/c", "--format", "junit", stdin=text).code == 1


def test_junit_of_a_sweep_and_of_a_check(lrfind: Lrfind, run: Path) -> None:
    lrfind("check", "c.yaml", "--run", "runs/c", "--format", "junit", "--output", "r.xml")
    assert junitparser.JUnitXml.fromfile("r.xml").failures == 1
    ran = lrfind("sweep", "c.yaml", "--effort", "quick", "--no-plot", "--format", "junit")
    assert ran.code == 0
    assert junitparser.JUnitXml.fromstring(ran.out.encode()).failures == 0


def test_a_new_sweep_takes_old_verdicts_away(lrfind: Lrfind, run: Path) -> None:
    quick = ("--effort", "quick", "--no-plot")
    assert lrfind("check", "c.yaml", *quick, "--exit-zero").code == 0
    assert Path("lrfind-runs/c/check.json").exists()
    assert lrfind("sweep", "c.yaml", *quick).code == 0
    assert not Path("lrfind-runs/c/check.json").exists()


def test_a_run_that_cannot_be_written_to_is_judged(lrfind: Lrfind, run: Path) -> None:
    (run / "check.json").mkdir()
    ran = lrfind("check", "c.yaml", "--run", "runs/c")
    assert ran.code == 1
    assert "cannot be written" in ran.err
    assert ran.err.endswith("; the verdicts stand\n")
    assert "FAIL" in ran.out


def test_a_finished_run_is_judged_without_jax(run: Path) -> None:
    code = (
        "import sys\nfrom lrfind.__main__ import main\n"
        "sys.argv = ['lrfind', 'check', 'c.yaml', '--run', 'runs/c']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    print(end.code)\n"
        "print({'jax', 'jaxlib', 'optax', 'matplotlib', 'plotext', 'rich'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.endswith("\n1\nset()\n")


def test_verdicts_as_a_page(lrfind: Lrfind, run: Path) -> None:
    ran = lrfind("check", "c.yaml", "bad.yaml", "--run", "runs", "--format", "html", "--output", "r.html")
    assert (ran.code, ran.out) == (2, "")
    page = Path("r.html").read_text(encoding="ascii")
    assert '<th scope="row">rate-in-range</th><td class="fail">fail</td>' in page
    assert page.count("<section>") == 2
