"""Ctrl-C, SIGTERM and kill, in processes of their own."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lrfind.cli.terminal import HEARD
from lrfind.storage.journal import to_line
from tests.cli.conftest import SLOW, Process, alive, children, lines_of, linux, posix, wait_for
from tests.support.journals import journal_lines

pytestmark = posix
RUN = Path("lrfind-runs/slow")
Start = Callable[..., Process]


@pytest.fixture(autouse=True)
def slow(folder: Path) -> None:
    Path("slow.yaml").write_text(SLOW, encoding="utf-8")


def write_journal(path: Path, lines: list[dict[str, Any]]) -> None:
    text, mark = "", ""
    for line in lines:
        written, mark = to_line(line, mark)
        text += written
    path.write_text(text, encoding="utf-8")


def sweeping(journal: Path, chunks: int = 1) -> Callable[[], bool]:
    return lambda: sum('"kind": "sweep"' in line for line in lines_of(journal)) >= chunks


@linux
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_during_the_sweep_what_was_measured_is_kept(start: Start, number: signal.Signals, code: int) -> None:
    process = start("sweep", "slow.yaml", "--json")
    wait_for(sweeping(RUN / "journal.jsonl"), "a first chunk")
    helpers = children(process.popen.pid)
    process.send(number)
    ran = process.end()
    assert (ran.code, ran.err) == (code, f"{HEARD}\nlrfind: interrupted; what was measured is in {RUN}\n")
    assert helpers
    assert not any(map(alive, helpers))
    result = json.loads(ran.out)
    assert result["status"] == "interrupted"
    steps = len(result["sweep"]["learning_rate"])
    assert "interrupted after" in result["warnings"][0]
    journal = journal_lines(RUN / "journal.jsonl")
    assert journal[-1] == {"kind": "end", "status": "interrupted"}
    assert sum(len(line["learning_rate"]) for line in journal if line["kind"] == "sweep") == steps
    assert json.loads((RUN / "result.json").read_text(encoding="utf-8")) == result
    left = {path.name for path in RUN.iterdir()} - {"state.npz"}  # after two seconds
    assert left == {"result.json", "curve.csv", "plot.png", "journal.jsonl", ".lock"}


@linux
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_during_the_confirmation_the_suggestion_is_kept(start: Start, number: signal.Signals, code: int) -> None:
    text = SLOW.replace("steps: 100000", "steps: 20").replace("{enabled: false}", "{budget: 100000000}")
    Path("slow.yaml").write_text(f"{text}train: {{steps: 1000000}}\n", encoding="utf-8")
    process = start("sweep", "slow.yaml", "--json", "--no-plot")
    journal = RUN / "journal.jsonl"
    wait_for(lambda: any('"kind": "confirm"' in line for line in lines_of(journal)), "a chunk of a heat")
    process.send(number)
    ran = process.end()
    assert ran.code == code
    expected, heard, interrupted = ran.err.splitlines()
    assert heard == HEARD
    assert expected.startswith("lrfind: confirming by short trainings, at most 10,000,000 steps: about ")
    assert interrupted == f"lrfind: interrupted; what was measured is in {RUN}"
    result = json.loads(ran.out)
    assert (result["status"], result["confirmation"]) == ("interrupted", None)
    assert result["warnings"][0] == "interrupted during the confirmation"
    assert result["recommendation"]["confirmed"] is False
    steepest, tenth = (result["suggestions"][name]["learning_rate"] for name in ("steepest", "minimum"))
    assert result["recommendation"]["learning_rate"] == pytest.approx((steepest * 4 * tenth) ** 0.5)
    lines = journal_lines(journal)
    assert lines[-1] == {"kind": "end", "status": "interrupted"}
    chunk = next(line for line in reversed(lines) if line["kind"] == "confirm")
    assert len(chunk["loss"]) == len(chunk["learning_rate"])


@pytest.mark.parametrize("seconds", [0.4, 0.8])
def test_before_anything_is_measured(start: Start, seconds: float) -> None:
    """During imports and compiling, wherever that is on this machine: no traceback and no crash."""
    process = start("sweep", "slow.yaml", "--no-cache", anew=True)
    time.sleep(seconds)
    process.send(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.popen.wait(10)
    if process.popen.poll() is None:  # Python itself drops an interrupt that comes while it starts up (`site`).
        process.send(signal.SIGINT)
    ran = process.end()
    assert ran.code == 130
    assert ran.err in ("", "lrfind: interrupted before anything was measured\n") or "what was measured" in ran.err
    assert "Traceback" not in ran.err


@linux
def test_while_jax_is_imported(start: Start) -> None:
    process = start("sweep", "slow.yaml", anew=True)
    maps = Path(f"/proc/{process.popen.pid}/maps")
    wait_for(lambda: "numpy" in maps.read_text(encoding="utf-8"), "numpy, which JAX imports first")
    process.send(signal.SIGTERM)
    ran = process.end()
    assert (ran.code, ran.out, ran.err) == (143, "", "lrfind: interrupted before anything was measured\n")


def test_twice_ends_at_once(start: Start) -> None:
    text = SLOW.replace("[256, 256]", "[2048, 2048]").replace("digits}", "digits, batch_size: 1024}")
    Path("slow.yaml").write_text(text, encoding="utf-8")  # One chunk of this takes many seconds.
    process = start("sweep", "slow.yaml", "--no-plot")
    wait_for(lambda: len(lines_of(RUN / "journal.jsonl")) >= 2, "the beginning of the sweep")
    time.sleep(0.3)
    process.send(signal.SIGINT)
    time.sleep(0.3)
    assert process.popen.poll() is None, "it waits for the chunk"
    process.send(signal.SIGINT)
    ran = process.end()
    assert (ran.code, ran.err) == (130, f"{HEARD}\nlrfind: interrupted; what was measured is in the journal in {RUN}\n")
    # By no clock, which a busy machine stretches: whoever waits for the chunk writes it down.
    assert not [line for line in lines_of(RUN / "journal.jsonl") if json.loads(line)["kind"] == "sweep"]


def test_earlier_configs_are_delivered(start: Start) -> None:
    process = start("sweep", "c.yaml", "slow.yaml", "--json", "--no-plot")
    wait_for(sweeping(RUN / "journal.jsonl"), "the second config")
    process.send(signal.SIGINT)
    first, second = json.loads(process.end().out)
    assert (first["status"], second["status"]) == ("complete", "interrupted")


def test_a_finished_run_stays_when_a_later_one_is_ended(start: Start) -> None:
    """To finish it takes too long, so the first one is ended as well, and its journal made to say otherwise."""
    process = start("sweep", "slow.yaml", "--no-plot")
    wait_for(sweeping(RUN / "journal.jsonl"), "a first chunk")
    process.send(signal.SIGINT)
    process.end()
    *lines, _ = journal_lines(RUN / "journal.jsonl")
    write_journal(RUN / "journal.jsonl", [*lines, {"kind": "end", "status": "complete"}])
    before = {name: (RUN / name).read_bytes() for name in ("result.json", "curve.csv", "journal.jsonl")}
    for number in (signal.SIGKILL, signal.SIGINT):
        (RUN / "journal.jsonl.new").unlink(missing_ok=True)
        process = start("sweep", "slow.yaml", "--no-plot")
        wait_for(sweeping(RUN / "journal.jsonl.new"), "a chunk of a later run")
        process.send(number)
        ran = process.end()
        assert {name: (RUN / name).read_bytes() for name in before} == before
    kept = f"{RUN} keeps its finished run, journal.jsonl.new there has what was measured"
    assert (ran.code, ran.err) == (130, f"{HEARD}\nlrfind: interrupted; {kept}\n")


BLOCKED = """\
import jax, jax.numpy as jnp, numpy as np, os, time

def batches():
    while True:
        yield np.ones((4, 2), np.float32), np.ones(4, np.float32)

def build():
    def called(value):
        if not os.path.exists("go"):
            open("blocked", "w").close()
            while not os.path.exists("go"):
                time.sleep(0.01)
            WHAT
        return np.float32(0)
    def loss_fn(params, batch):
        value = jax.pure_callback(called, jax.ShapeDtypeStruct((), np.float32), jax.lax.stop_gradient(params[0]))
        return jnp.mean((batch[0] @ params - batch[1]) ** 2) + value
    return loss_fn, np.zeros(2, np.float32)
"""


@pytest.mark.parametrize(
    ("then", "number", "code"), [("pass", signal.SIGINT, 130), ("raise KeyboardInterrupt", signal.SIGTERM, 143)]
)
def test_it_is_heard_at_once_while_a_callback_blocks(
    start: Start, then: str, number: signal.Signals, code: int
) -> None:
    """And what the code raises after a signal is no failure of the code's."""
    Path("blocked.py").write_text(BLOCKED.replace("WHAT", then), encoding="utf-8")
    Path("blocked.yaml").write_text(
        'model: {target: "blocked.py:build"}\ndata: {target: "blocked.py:batches"}\noptimizer: {name: sgd}\n'
        "sweep: {steps: 20, seeds: 1}\nconfirm: {enabled: false}\n",
        encoding="utf-8",
    )
    process = start("sweep", "blocked.yaml", "--no-plot")
    wait_for(Path("blocked").exists, "the callback")
    process.send(number)
    assert process.popen.stderr is not None
    assert process.popen.stderr.readline() == f"{HEARD}\n"
    Path("go").touch()
    ran = process.end()
    assert ran.code == code, ran.err
    assert ran.err.startswith("lrfind: interrupted")
