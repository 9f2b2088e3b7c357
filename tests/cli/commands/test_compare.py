"""`lrfind compare` as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lrfind.report.sweep.result_json import to_json
from lrfind.report.train import training_report
from tests.cli.conftest import Lrfind
from tests.report.conftest import confirmed, typical
from tests.report.train.test_training_report import training
from tests.test_startup import PROBE


@pytest.fixture
def trainings(folder: Path) -> list[str]:
    """Two trainings, one of them interrupted, with infinities and without a validation loss."""
    one = training()
    loss = np.where(np.arange(60) > 40, np.inf, one.loss[:60])
    other = replace(one, name="other", status="interrupted", learning_rate=1.0, rate=one.rate[:60], loss=loss)
    other = replace(other, gradient_norm=one.gradient_norm[:60], scores=None, schedule="cosine")
    for each in (one, other):
        (folder / each.name).mkdir()
        (folder / each.name / "train.json").write_text(training_report.to_json(each), encoding="ascii")
    return ["mine", "other/train.json"]


@pytest.fixture
def runs(folder: Path) -> list[str]:
    """Two finished runs."""
    for name, result in (("a", typical()), ("b", replace(confirmed(), name="other"))):
        (folder / name).mkdir()
        (folder / name / "result.json").write_text(to_json(result), encoding="ascii")
    return ["a", "b/result.json"]


def test_finished_runs(lrfind: Lrfind, runs: list[str]) -> None:
    ran = lrfind("compare", *runs, "--plot", "both.png")
    assert (ran.code, ran.err) == (0, "")
    assert [line.split()[0] for line in ran.out.splitlines()[2:4]] == ["digits-mlp", "other"]
    assert Path("both.png").read_bytes().startswith(b"\x89PNG")
    record = json.loads(lrfind("compare", *runs, "--json").out)
    assert [each["folder"] for each in record["runs"]] == runs
    assert lrfind("compare", *runs, "--format", "markdown").out.startswith("| run | rate |")


def test_trainings(lrfind: Lrfind, trainings: list[str]) -> None:
    ran = lrfind("compare", *trainings, "--plot", "both.png")
    assert (ran.code, ran.err) == (0, "")
    head, _, first, second = ran.out.splitlines()[:4]
    assert head.split()[:2] == ["run", "rate"]
    assert first.split()[:2] == ["mine", "1.0e-01"]
    assert second.split()[:2] == ["other", "1.0e+00"]
    assert "note: other was interrupted\n" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert Path("both.png").read_bytes().startswith(b"\x89PNG")
    record = json.loads(lrfind("compare", *trainings, "--json").out)
    assert record["schema"] == "lrfind/compare/1"
    assert [each["metrics"].get("val_loss") for each in record["trainings"]] == [pytest.approx(0.86), None]
    assert [each["done"] for each in record["trainings"]] == [120, 60]
    page = lrfind("compare", *trainings, "--format", "html").out
    assert page.count("<img ") == 1
    markdown = lrfind("compare", *trainings, "--format", "markdown").out
    assert "| mine | 1.0e-01 | linear | 120 | 0.86 |" in markdown
    assert "60 of 120" in markdown
    assert lrfind("compare", "mine", "mine", "--plot", "same.svg").code == 0


def test_finished_runs_need_no_jax(runs: list[str], trainings: list[str]) -> None:
    for named in (runs, trainings):
        command = [sys.executable, "-c", PROBE, "compare", *named]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        assert set(ran.stdout.rpartition("MODULES")[2].split()) & {"jax", "optax", "matplotlib"} == set()


def test_batch_sizes(lrfind: Lrfind) -> None:
    ran = lrfind("compare", "c.yaml", "--batch-sizes", "32,64", "--quiet", "--json", "--plot", "b.svg")
    assert ran.code == 0
    record = json.loads(ran.out)
    assert [(each["label"], each["batch_size"]) for each in record["runs"]] == [("batch-32", 32), ("batch-64", 64)]
    assert record["scaling"]["low"] < record["scaling"]["exponent"] < record["scaling"]["high"]
    assert Path("lrfind-runs/c-compare/batch-32/result.json").exists()
    assert Path("b.svg").exists()


def test_optimizers_and_what_they_do_not_have(lrfind: Lrfind) -> None:
    arguments = ("--set", "optimizer.b1=0.8", "--set", "optimizer.clip_norm=2.0", "--no-plot", "--json", "--out", "o")
    ran = lrfind("compare", "c.yaml", "--optimizers", "momentum,adamw", *arguments)
    assert ran.code == 0
    assert "lrfind: momentum has no b1; left out for it\n" in ran.err
    first, second = (each["optimizer"] for each in json.loads(ran.out)["runs"])
    assert (first["name"], first["momentum"], first["clip_norm"]) == ("sgd", 0.9, 2.0)
    assert (second["name"], second["b1"]) == ("adamw", 0.8)
    assert sorted(path.name for path in Path("o").iterdir()) == ["adamw", "momentum"]


OWN = """\
import jax.numpy as jnp, numpy as np

def build():
    def loss_fn(params, batch):
        return jnp.mean((batch[0] @ params - batch[1]) ** 2)
    return loss_fn, np.zeros(4)

def arrays():
    x = np.random.default_rng(0).normal(size=(80, 4))
    return x, x.sum(axis=1)
"""


@pytest.mark.parametrize(
    ("option", "names", "labels"),
    [("--optimizers", "sgd,adam", ["sgd", "adam"]), ("--batch-sizes", "8,16", ["batch-8", "batch-16"])],
)
def test_the_users_own_model_and_data(lrfind: Lrfind, option: str, names: str, labels: list[str]) -> None:
    Path("mine.py").write_text(OWN, encoding="utf-8")
    Path("own.yaml").write_text(
        'model: {target: "mine.py:build"}\ndata: {target: "mine.py:arrays", batch_size: 16}\noptimizer: {name: sgd}\n'
        "sweep: {min_lr: 1e-3, steps: 40, seeds: 1, extend: false}\nconfirm: {enabled: false}\ntrain: {steps: 50}\n",
        encoding="utf-8",
    )
    ran = lrfind("compare", "own.yaml", option, names, "--json", "--quiet", "--exit-zero", "--plot", "own.png")
    assert ran.code == 0, ran.err
    record = json.loads(ran.out)
    assert [each["label"] for each in record["runs"]] == labels
    assert all(each["learning_rate"] for each in record["runs"])
    assert Path("own.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in Path("lrfind-runs/own-compare").iterdir()) == sorted(labels)
    # What was measured stays: the runs are compared again from their folders.
    folders = [f"lrfind-runs/own-compare/{label}" for label in labels]
    again = json.loads(lrfind("compare", *folders, "--json").out)
    assert [each["learning_rate"] for each in again["runs"]] == [each["learning_rate"] for each in record["runs"]]


def test_an_own_optimiser_cannot_be_varied_by_name_alone(lrfind: Lrfind) -> None:
    Path("mine.py").write_text("import optax\ndef make(lr): return optax.sgd(lr)\n", encoding="utf-8")
    own = Path("c.yaml").read_text(encoding="utf-8").replace("{name: adam}", '{target: "mine.py:make"}')
    Path("own.yaml").write_text(own, encoding="utf-8")
    ran = lrfind("compare", "own.yaml", "--optimizers", "sgd,adam", "--json", "--quiet", "--no-plot")
    assert ran.code == 0, ran.err
    assert [each["optimizer"]["name"] for each in json.loads(ran.out)["runs"]] == ["sgd", "adam"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("a",), "one run is nothing to compare"),
        (("c.yaml", "--optimizers", "adm,sgd"), "--optimizers adm: there is no such optimiser (did you mean 'adam'?)"),
        (("c.yaml", "--optimizers", "adam,lbfgs"), "--optimizers lbfgs: is not swept: its line search"),
        (("c.yaml", "--optimizers", "adam"), "one is nothing to compare"),
        (("c.yaml", "--optimizers", "adam,adam"), "names adam twice"),
        (("c.yaml", "--batch-sizes", "16,"), "a name is missing between the commas"),
        (("c.yaml", "--batch-sizes", "16,-2"), "--batch-sizes -2: must be whole numbers above 0"),
        (("c.yaml", "--batch-sizes", "1,2", "--optimizers", "sgd,adam"), "vary one thing at a time"),
        (("a", "--batch-sizes", "16,32"), "--batch-sizes varies one config"),
        (("a", "b", "--format", "junit"), "a comparison is text, json, markdown or html"),
        (("a", "nothing"), "nothing"),
        (("a", "mine"), "mine is the run of a training, and a is not; name trainings alone, or sweeps and configs"),
        (("mine", "c.yaml"), "mine is the run of a training, and c.yaml is not"),
    ],
)
def test_wrong_input(
    lrfind: Lrfind, runs: list[str], trainings: list[str], arguments: tuple[str, ...], says: str
) -> None:
    ran = lrfind("compare", *arguments)
    assert ran.code == 2
    assert says in ran.err
