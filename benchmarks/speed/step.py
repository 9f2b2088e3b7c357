"""The steady time of one step: lrfind's engine against a scan and a loop written by hand.

Both run a short and a long sweep in the same round; the difference in time over the difference in steps leaves out
whatever happens once (import, compile, transfer) and keeps what happens per step or per chunk of steps (journal
included). lrfind records two norms per step, which the others do not. The rates stay low, so that nothing diverges and
nobody may stop early.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from contenders import HERE
from measure import Failed, Run, run
from rounds import RETRIES, in_peace
from workload import Workload

MAX_LR = 1e-3
"""Last rate; all workloads train well below it."""


@dataclass(frozen=True)
class Steps:
    """Milliseconds of a step, medians over the rounds.

    Attributes:
        lrfind: `lrfind sweep` of one seed.
        scan: the hand-written scan.
        loop: the hand-written loop of jitted steps.
        ratio: median over the rounds of lrfind over the faster of the other two in that round.
    """

    lrfind: float
    scan: float
    loop: float
    ratio: float


def step_ratio(work: Workload, rounds: int, retries: int = RETRIES) -> Steps:
    """Time a step of each, in interleaved rounds."""
    by_hand = [sys.executable, str(HERE / "handwritten.py"), "--timing"]
    found: dict[str, list[float]] = {"lrfind": [], "scan": [], "loop": []}
    for number in range(1, rounds + 1):
        print(f"steps of {work.name}: round {number} of {rounds}", file=sys.stderr, flush=True)
        found["lrfind"].append(_slope(lambda steps: _lrfind(work, steps, retries), *work.timed))
        for name, flags in (("scan", []), ("loop", ["--loop"])):
            command = [*by_hand, *flags]
            by_steps = lambda steps, command=command: _by_hand(command, work, steps, retries)  # noqa: E731
            found[name].append(_slope(by_steps, *work.timed))
    ratios = [ours / min(scan, loop) for ours, scan, loop in zip(*found.values(), strict=True)]
    return Steps(**{name: median(times) for name, times in found.items()}, ratio=median(ratios))


def markdown(title: str, found: Steps) -> str:
    """A heading and one line."""
    return (
        f"## One step, {title}\n\n"
        f"lrfind {found.lrfind:.3f} ms, hand-written scan {found.scan:.3f} ms, loop {found.loop:.3f} ms; "
        f"lrfind over the faster of the two: {found.ratio:.2f}"
    )


def _slope(seconds, short: int, long: int) -> float:
    """Milliseconds per step between the short and the long sweep."""
    return 1e3 * (seconds(long) - seconds(short)) / (long - short)


def _by_hand(command: list[str], work: Workload, steps: int, retries: int) -> float:
    command = [*command, *work.arguments(steps=steps, max_lr=MAX_LR)]
    return json.loads(in_peace(lambda: run(command, {}), retries).output)["seconds"]


def _lrfind(work: Workload, steps: int, retries: int) -> float:
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "lrfind", "sweep", str(work.config), "--effort", "quick", "--quiet", "--json"]
        command += ["--no-plot", "--steps", str(steps), "--max-lr", str(MAX_LR), "--set", "sweep.extend=false"]
        environment = {"LRFIND_CACHE_DIR": str(Path(folder) / "cache")}

        def attempt() -> Run:
            return run([*command, "--exit-zero", "--fresh", "--out", str(Path(folder) / "out")], environment)

        result = json.loads(in_peace(attempt, retries).output)
    measured = sum(loss is not None for loss in result["sweep"]["loss"][0])
    if measured != steps:
        raise Failed(f"lrfind measured {measured} of {steps} steps of {work.name}")
    return result["timing"]["sweep"]
