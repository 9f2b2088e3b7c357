"""`--check-peers`: the restated rules against the packages, both given the same losses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from finders import sweeper
from peers import PEERS, Floats, Peer
from tasks import config

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".benchmark-envs" / "peers" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

CURVES = ("digits-mlp-momentum", "digits-mlp-adam", "friedman-mlp-nesterov-400")
SEEDS = range(3)

ALIKE = 1e-5
"""Relative difference of two rates that are the same but for single precision."""


def main() -> int:
    """Print what both say; how many answers differ."""
    if not PYTHON.exists():
        raise SystemExit("error: no environment with the peers; run `python benchmarks/speed --setup` first")
    swept = {name: [loss for task in CURVES for loss in curves(task, peer)] for name, peer in PEERS.items()}
    wanted = {
        name: [[float(loss) if np.isfinite(loss) else None for loss in curve] for curve in own]
        for name, own in swept.items()
    }
    command = [str(PYTHON), str(Path(__file__).with_name("real_peers.py"))]
    done = subprocess.run(command, input=json.dumps(wanted), text=True, capture_output=True)
    if done.returncode:
        raise SystemExit(f"error: the peers' script failed:\n{done.stderr}")
    answers = json.loads(done.stdout)
    labels = [f"{task}, seed {seed}" for task in CURVES for seed in SEEDS]
    wrong = 0
    for name, peer in PEERS.items():
        for label, losses, real in zip(labels, wanted[name], answers[name], strict=True):
            ours = peer.rule(peer.recorded, np.array(losses, float))
            same = alike([ours], [real["rate"]])
            for mine, theirs in ((peer.used, real["used"]), (peer.recorded, real["recorded"])):
                same = same and alike(mine[: len(theirs)].tolist(), theirs)
            wrong += not same
            print(f"{'same' if same else 'DIFFERENT'}: {name} on {label}: {ours} here, {real['rate']} there")
    print(f"{len(labels) * len(PEERS) - wrong} of {len(labels) * len(PEERS)} answers are the same, ladders included")
    return wrong


def curves(task: str, peer: Peer) -> list[Floats]:
    """The losses of a peer's sweep on a task, one array a seed."""
    section = config(task).model_dump_json(exclude_unset=True)
    return [sweeper(section, seed)(peer.used) for seed in SEEDS]


def alike(first: list[float | None], second: list[float | None]) -> bool:
    """Whether two lists of rates are the same; None is only like None."""
    if len(first) != len(second) or [rate is None for rate in first] != [rate is None for rate in second]:
        return False
    known = [(one, other) for one, other in zip(first, second, strict=True) if one is not None and other is not None]
    return all(abs(one - other) <= ALIKE * abs(one) for one, other in known)
