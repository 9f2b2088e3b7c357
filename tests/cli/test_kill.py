"""SIGKILL, anywhere between the first and the last line of the journal, in sweep and confirmation."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import linux

CONFIG = """\
model: {name: linear}
data: {name: digits, batch_size: 64}
optimizer: {name: adam}
train: {steps: 100, schedule: cosine}
sweep: {min_lr: 1e-4, max_lr: 1.0, steps: 40, seeds: 2, extend: false}
confirm: {budget: 500}
"""
KILLS = 6
"""`benchmarks/reliability` has two hundred."""


@linux
def test_killed_anywhere_it_ends_in_the_same_bits(folder: Path) -> None:
    Path("k.yaml").write_text(CONFIG, encoding="utf-8")
    script = Path(__file__).parents[1] / "support" / "kill_and_resume.py"
    command = [sys.executable, "-P", str(script), "k.yaml", "runs", str(KILLS)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert ran.returncode == 0, ran.stderr
    kills = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(kills) == KILLS
    for kill in kills:
        assert kill["same"], kill
        assert kill["kept"], kill
        assert kill["left"] == [".lock", "curve.csv", "journal.jsonl", "result.json"], kill
    assert sum(kill["lines"] < kill["of"] for kill in kills) >= KILLS // 2, "most were killed in the middle"
    assert {"sweep", "confirm", "judged"} & {kill["last"] for kill in kills}
