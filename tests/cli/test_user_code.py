"""Whatever the user's code raises, wherever: a failed run, with their file and line, and never a verdict."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import Lrfind

CODE = """\
import asyncio, jax, jax.numpy as jnp, numpy as np, optax
SITE, KIND = {site!r}, {kind!r}

class Odd(BaseException):
    pass

class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no text")
    __repr__ = __str__

def at(site):
    if site == SITE:
        raise eval(KIND)

at("import")

def build():
    at("build")
    def init(key):
        at("init")
        return jnp.zeros((4, 1))
    def apply(params, inputs):
        at("apply")
        return inputs @ params
    return init, apply

def batches(seed, epoch):
    at("data")
    rng = np.random.default_rng(seed)
    for number in range(8):
        at(f"batch {{number}} of pass {{epoch}}")
        x = rng.normal(size=(8, 4)).astype(np.float32)
        yield x, x.sum(axis=1)
    at(f"end of pass {{epoch}}")

def loss(outputs, targets):
    at("loss")
    def called(value):
        at("callback")
        return np.float32(0)
    extra = jax.pure_callback(called, jax.ShapeDtypeStruct((), np.float32), 1.0) if SITE == "callback" else 0
    return jnp.mean((outputs[:, 0] - targets) ** 2) + extra

def make(lr):
    at("optimizer")
    inner = optax.sgd(lr)
    def update(*args):
        at("update")
        return inner.update(*args)
    return optax.GradientTransformation(inner.init, update)
"""

CONFIG = """\
model: {target: "mine.py:build"}
data: {target: "mine.py:batches"}
loss: {target: "mine.py:loss"}
optimizer: {target: "mine.py:make", learning_rate: 1e-2}
sweep: {steps: 30, seeds: 1, extend: false}
confirm: {enabled: false}
train: {steps: 30}
"""

KINDS = [
    "KeyboardInterrupt()",
    "Odd('odd')",
    "SystemExit(0)",
    "SystemExit('bye')",
    "GeneratorExit()",
    "asyncio.CancelledError()",
    "Mute()",
    "StopIteration(3)",
    "MemoryError()",
    "RecursionError('deep')",
]

SITES = [
    *("import", "build", "init", "apply", "data", "loss", "optimizer", "update", "callback"),
    *("batch 0 of pass 0", "batch 5 of pass 0", "end of pass 0", "batch 2 of pass 1"),
]


def write(site: str, kind: str) -> int:
    """The files; the line of the code that raises."""
    code = CODE.format(site=site, kind=kind)
    Path("mine.py").write_text(code, encoding="utf-8")
    Path("own.yaml").write_text(CONFIG, encoding="utf-8")
    return code.splitlines().index("        raise eval(KIND)") + 1


def failed(code: int, err: str, line: int, kind: str) -> None:
    assert code == 3, err
    assert f"mine.py:{line}, in at" in err
    assert f"raised {kind.partition('(')[0].rpartition('.')[2]}" in err
    assert "Traceback" not in err
    assert "fault of lrfind" not in err


@pytest.mark.parametrize("site", SITES)
def test_an_interrupt_without_a_signal_is_a_failure_everywhere(lrfind: Lrfind, site: str) -> None:
    line = write(site, "KeyboardInterrupt()")
    ran = lrfind("sweep", "own.yaml", "--no-plot", "--exit-zero")
    failed(ran.code, ran.err, line, "KeyboardInterrupt()")
    assert ran.out == ""


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_failure(lrfind: Lrfind, kind: str) -> None:
    line = write("batch 5 of pass 0" if "Stop" not in kind else "loss", kind)
    ran = lrfind("check", "own.yaml", "--no-plot", "--format", "junit", "--exit-zero")
    failed(ran.code, ran.err, line, kind)
    suite = ElementTree.fromstring(ran.out)
    assert (suite.get("tests"), suite.get("errors"), suite.get("failures")) == ("1", "1", "0")
    assert f"mine.py:{line}" in (suite.findtext("testsuite/testcase/error") or "")


def test_annotations_call_it_an_error(lrfind: Lrfind) -> None:
    line = write("apply", "GeneratorExit()")
    ran = lrfind("check", "own.yaml", "--no-plot", "--format", "github")
    failed(ran.code, ran.err, line, "GeneratorExit()")
    assert ran.out.startswith("::error file=own.yaml,line=1,title=lrfind::")


@pytest.mark.parametrize("kind", ["KeyboardInterrupt()", "Odd()"])
def test_a_training(lrfind: Lrfind, kind: str) -> None:
    line = write("batch 2 of pass 1", kind)
    ran = lrfind("train", "own.yaml", "--no-plot", "--json", "--fail-on", "diverged")
    failed(ran.code, ran.err, line, kind)
    assert ran.out == ""


def test_the_next_config_goes_on(lrfind: Lrfind) -> None:
    write("batch 5 of pass 0", "SystemExit(0)")
    ran = lrfind("sweep", "own.yaml", "c.yaml", "--no-plot", "--json")
    first, second = json.loads(ran.out)
    assert (ran.code, first["status"], second["status"]) == (3, "failed", "complete")


def test_debug_shows_where(lrfind: Lrfind) -> None:
    write("apply", "Odd('odd')")
    ran = lrfind("sweep", "own.yaml", "--no-plot", "--debug")
    assert ran.code == 3
    assert "Traceback (most recent call last)" in ran.err
    assert "Odd: odd" in ran.err


@pytest.mark.parametrize("command", ["sweep", "check", "train"])
def test_after_a_first_chunk_what_was_measured_stays_in_the_journal(lrfind: Lrfind, command: str) -> None:
    line = write("batch 0 of pass 650", "KeyboardInterrupt()")
    longer = CONFIG.replace("steps: 30, seeds", "steps: 6000, seeds").replace("{steps: 30}", "{steps: 6000}")
    Path("own.yaml").write_text(longer, encoding="utf-8")
    ran = lrfind(command, "own.yaml", "--no-plot")
    failed(ran.code, ran.err, line, "KeyboardInterrupt()")
    (run,) = Path("lrfind-runs").iterdir()
    assert not (run / "result.json").exists()
    kinds = [json.loads(each)["kind"] for each in (run / "journal.jsonl").read_text(encoding="utf-8").splitlines()[1:]]
    assert {"sweep", "train"} & set(kinds)
    assert "end" not in kinds
