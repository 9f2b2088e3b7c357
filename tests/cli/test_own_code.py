"""The user's own code from a config, as its author sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Lrfind

CODE = """\
import jax, jax.numpy as jnp, numpy as np, optax

print("imported")

def build(size=4):
    print("built")
    def loss_fn(params, batch):
        return jnp.mean((batch[0] @ params - batch[1]) ** 2)
    return loss_fn, np.zeros(size)

def arrays():
    x = np.random.default_rng(0).normal(size=(80, 4))
    return x, x.sum(axis=1)

def make(lr, decay=0.0):
    return optax.adamw(lr, weight_decay=decay)
"""

CONFIG = """\
model: {target: "mine.py:build"}   # ours
data: {target: "mine.py:arrays", batch_size: 16}
optimizer: {target: "mine.py:make", kwargs: {decay: 0.1}}
sweep: {min_lr: 1e-3, steps: 40, seeds: 1, extend: false}
confirm: {enabled: false}
train: {steps: 50}
"""


@pytest.fixture
def mine(folder: Path) -> Path:
    Path("mine.py").write_text(CODE, encoding="utf-8")
    Path("own.yaml").write_text(CONFIG, encoding="utf-8")
    return folder


def test_a_run(mine: Path, lrfind: Lrfind) -> None:
    ran = lrfind("sweep", "own.yaml", "--json", "--no-plot", "--write")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    assert "imported\nbuilt\n" in ran.err, "what the code prints is no result"
    rate = result["recommendation"]["learning_rate"]
    assert result["facts"]["optimizer"] == f"make({float(f'{rate:.3g}'):.6g}, decay=0.1)  # mine.py"
    written = f'{{target: "mine.py:make", learning_rate: {float(f"{rate:.3g}"):g}, kwargs: {{decay: 0.1}}}}'
    assert Path("own.yaml").read_text(encoding="utf-8").splitlines()[2] == f"optimizer: {written}"
    assert result["config"]["model"] == {"name": "target", "target": str(mine / "mine.py:build"), "kwargs": {}}


def test_a_dry_run(mine: Path, lrfind: Lrfind) -> None:
    ran = lrfind("sweep", "own.yaml", "--dry-run")
    assert ran.code == 0
    assert "mine.py:build, a loss function with its parameters, 4 parameters\n" in ran.out
    assert "mine.py:arrays: 64 rows to train on, 16 held out" in ran.out
    assert ran.err.endswith("lrfind: ran code of mine.py, to know its shapes\n")
    assert ran.out.endswith("time     not measured: a step would run your code\n")


def test_a_dry_run_takes_no_step(mine: Path, lrfind: Lrfind) -> None:
    """What is traced for its shapes runs once or twice as Python, and never as a program."""
    code = CODE.replace(
        "    def loss_fn(params, batch):\n", "    def loss_fn(params, batch):\n        jax.debug.print('computed')\n"
    )
    Path("mine.py").write_text(code, encoding="utf-8")
    for arguments in (("sweep",), ("check", "--set", "optimizer.learning_rate=0.1"), ("train", "--lr", "0.1")):
        ran = lrfind(*arguments, "own.yaml", "--dry-run", "--json")
        assert ran.code == 0, ran.err
        assert "computed" not in ran.out + ran.err
        assert json.loads(ran.out)["expected_seconds"] is None
    said = lrfind("sweep", "own.yaml", "c.yaml", "--dry-run", "--set", "confirm.enabled=false").err
    assert said.count("ran code of") == 1, "nothing of the user's is in the other config"
    failed = lrfind("sweep", "own.yaml", "--dry-run", "--set", "model.kwargs.size=5")
    assert failed.code == 3
    assert "ran code of mine.py" in failed.err


def test_the_working_directory_is_no_place_to_load_from(mine: Path, lrfind: Lrfind) -> None:
    inside = mine / "configs"
    inside.mkdir()
    (inside / "builtin.yaml").write_text(Path("c.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    setting = ("--set", "optimizer={target: mine.py:make}", "--dry-run")
    for arguments, given in ((("-", "--dry-run"), CONFIG), (("configs/builtin.yaml", *setting), None)):
        refused = lrfind("sweep", *arguments, stdin=given)
        assert refused.code == 2
        assert "add --allow-code ., " in refused.err
        assert "imported" not in refused.err
        allowed = lrfind("sweep", *arguments, "--allow-code", "configs", "--allow-code", ".", stdin=given)
        assert allowed.code == 0, allowed.err
    for folder in ("", "nowhere", "mine.py"):
        ran = lrfind("sweep", "own.yaml", "--dry-run", "--allow-code", folder)
        assert (ran.code, "there is no such folder" in ran.err) == (2, True)


def test_a_finished_run_is_judged_without_its_code(mine: Path, lrfind: Lrfind) -> None:
    assert lrfind("sweep", "own.yaml", "--no-plot", "--quiet", "--write").code == 0
    Path("mine.py").write_text("raise SystemExit(77)\n", encoding="utf-8")
    ran = lrfind("check", "own.yaml", "--run", "lrfind-runs/own")
    assert ran.code in (0, 1), ran.err
    assert "77" not in ran.err


@pytest.mark.parametrize("name", ["os.system", "np.load", "jax.numpy.load", "optax.adamw", "system", "getoutput", "ev"])
@pytest.mark.parametrize("key", ["model", "data", "loss", "optimizer"])
def test_what_a_file_imports_is_not_run(name: str, key: str, mine: Path, lrfind: Lrfind) -> None:
    code = "import os\nfrom os import system\nfrom subprocess import *\nev = eval\n" + CODE
    Path("mine.py").write_text(code, encoding="utf-8")
    target = f'{key}={{target: "mine.py:{name}", kwargs: {{command: "touch pwned", cmd: "touch pwned"}}}}'
    ran = lrfind("sweep", "c.yaml", "--dry-run", "--set", target)
    assert ran.code == 2
    assert "is a module" in ran.err or "does not define" in ran.err
    assert not Path("pwned").exists()


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ("model.target=mine.py:bild", 2, "--set: model.target: mine.py has no 'bild' (did you mean 'build'?)"),
        ("model.target=mine.py", 2, "--set: model.target: must be a reference such as my_file.py:build; got 'mine.py'"),
        ("model.target=../other.py:f", 2, "lies outside of where code may be loaded from"),
        (
            "model.kwargs.sise=3",
            2,
            "--set: model.kwargs.sise: mine.py:build has no keyword 'sise' (did you mean 'size'?)",
        ),
        ("model.target=os.path:join", 2, "add --allow-import os"),
        ("loss.target=mine.py:make", 2, "which has its own loss; remove this"),
        ("model.kwargs.size=5", 3, "given params float32[5], batch (float32[16,4], float32[16])"),
        ("optimizer.name=adm", 2, "did you mean 'adam'?"),
        ("model.name=linear", 2, "model.target: cannot stand beside name; keep one of the two"),
        ("optimizer.name=sgd", 2, "optimizer.target: cannot stand beside name; keep one of the two"),
    ],
)
def test_what_goes_wrong(change: str, code: int, message: str, mine: Path, lrfind: Lrfind) -> None:
    ran = lrfind("sweep", "own.yaml", "--dry-run", "--set", change)
    assert ran.code == code
    assert message in ran.err
    assert "Traceback" not in ran.err


def test_the_traceback_on_demand(mine: Path, lrfind: Lrfind) -> None:
    ran = lrfind("sweep", "own.yaml", "--dry-run", "--set", "model.kwargs.size=5", "--debug")
    assert ran.code == 3
    assert "Traceback" in ran.err
    assert "dot_general" in ran.err


def test_a_package_that_is_named(mine: Path, lrfind: Lrfind) -> None:
    setting = ("--set", "optimizer={target: optax.contrib:muon}", "--dry-run")
    assert lrfind("sweep", "own.yaml", *setting).code == 2
    assert lrfind("sweep", "own.yaml", *setting, "--allow-import", "optax").code == 0
