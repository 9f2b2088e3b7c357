"""How good is an unconfirmed suggestion? Regret of every method and of fixed rates, on the digits, for ten seeds.

    python benchmarks/recommendation [--json FILE]

Takes some minutes: per config 61 rates x 8 seeds are trained for real.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from truth import measure

from lrfind.analysis.curve import read
from lrfind.analysis.suggest import suggestions
from lrfind.climb import Climb, climb
from lrfind.config import load
from lrfind.engine import devices
from lrfind.plan import make
from lrfind.run import compiled
from lrfind.watch import Clock, Quiet

CONFIGS = Path(__file__).parents[2] / "configs"
TASKS = ("digits-mlp-sgd", "digits-mlp-momentum", "digits-mlp-adam", "digits-mlp-adamw")
SEEDS = range(10)
FIXED = (1e-1, 1e-2, 1e-3)
GOOD = 0.05


def found_by_lrfind(task: str, seed: int) -> dict[str, float | None]:
    """What every method suggests for a config and a seed."""
    config = load(CONFIGS / f"{task}.yaml", [f"seed={seed}"]).config
    plan = make(config)
    kernel, states = compiled(plan, "cpu", Quiet(), Clock())
    climbs: list[Climb] = []
    for _ in climb(kernel, states, config.sweep, (None, None), climbs):
        pass
    measured = climbs[-1]
    reading = read(measured.learning_rate, measured.loss)
    return {name: found.learning_rate for name, found in suggestions("steepest", reading, measured.loss).items()}


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write every figure there")
    arguments = parser.parse_args()
    platform = devices.configure("cpu")
    regrets: dict[str, dict[str, list[float]]] = {}
    for task in TASKS:
        truth = measure(make(load(CONFIGS / f"{task}.yaml").config), platform)
        good = truth.rates[truth.regret <= GOOD]
        best = truth.rates[int(np.argmin(truth.regret))]
        print(f"{task}: best {best:.1e}, regret <= 5 % from {good.min():.1e} to {good.max():.1e}", file=sys.stderr)
        own = [found_by_lrfind(task, seed) for seed in SEEDS]
        regrets[task] = {name: [truth.regret_of(found[name]) for found in own] for name in own[0]}
        regrets[task] |= {f"always {rate:.0e}": [truth.regret_of(rate)] for rate in FIXED}
    print("| config | finder | worst regret | median | share <= 5 % |\n|---|---|---|---|---|")
    for task, finders in regrets.items():
        for name, values in finders.items():
            share = np.mean(np.array(values) <= GOOD)
            print(f"| {task} | {name} | {max(values):.3f} | {np.median(values):.3f} | {share:.2f} |")
    if arguments.json:
        arguments.json.write_text(json.dumps(regrets, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
