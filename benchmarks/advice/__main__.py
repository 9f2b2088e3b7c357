"""How good is the advice? Regret of every advised setting, and of the usual guesses beside what was said of them.

Regret is against the best of a dense grid of the same schedule, all trained for real; for `triangular` it is a grid of
pairs of base and maximum. Seeds of the trainings are not those of the run that advises.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "recommendation"))

import numpy as np
import training
import truths
from finders import changed, result_of
from ruamel.yaml import YAML
from tasks import SHIPPED, config
from truth import GOOD, grid, lost

from lrfind.config.schema import Config
from lrfind.core.advice import Setting
from lrfind.core.result import Result
from lrfind.engine import devices
from lrfind.task import task as plans
from lrfind.task.data.batches import weight_key

DEFAULT = ("digits-mlp-sgd", "digits-mlp-adam")
SEEDS = range(1000, 1003)
PER_DECADE = 4
BASES = (0.01, 0.03, 0.1, 0.25, 0.5)
"""Lowest over highest rate of the triangular grid."""


@dataclass(frozen=True)
class Row:
    """What a setting is worth.

    Attributes:
        name: of the setting.
        rate: advised.
        best: of the grid, as ``"5.6e-01"`` or ``"5.6e-01, base 0.1"``.
        regret: of the advised one.
    """

    name: str
    rate: float
    best: str
    regret: float


def main() -> int:
    """Print the tables; 1 where the triangular advice loses more than `GOOD`."""
    parser = argparse.ArgumentParser(prog="python benchmarks/advice", description=__doc__)
    parser.add_argument("--task", action="append", choices=SHIPPED, metavar="NAME", help=f"by default {DEFAULT}")
    parser.add_argument("--seed", type=int, default=0, help="of the run that advises")
    parser.add_argument("--all", action="store_true", help="every advised schedule, not triangular alone")
    options = parser.parse_args()
    platform, bad = devices.configure("cpu"), 0
    print("| config | setting | advised | best of the grid | regret |\n|---|---|---|---|---|")
    said = []
    for name in options.task or DEFAULT:
        own = changed(config(name), seed=options.seed)
        result = result_of(own)
        for setting in result.advice.settings:
            if not options.all and setting.schedule != "triangular":
                continue
            row = judged(own, setting, platform)
            print(f"| {name} | {row.name} | {row.rate:.3g} | {row.best} | {row.regret:.3f} |", flush=True)
            bad += setting.schedule == "triangular" and row.regret > GOOD
        said += guesses(name, result)
    print("\n| config | guess | said to lose | regret |\n|---|---|---|---|")
    print("\n".join(said))
    return 1 if bad else 0


def judged(own: Config, setting: Setting, platform: str) -> Row:
    """Train as advised and at every rate of the grid."""
    pasted = YAML(typ="safe").load(setting.yaml)
    schedule = pasted["train"]["schedule"]
    rates = grid(*np.log10([setting.learning_rate / 30, setting.learning_rate * 10]), per_decade=PER_DECADE)
    losses = []
    task = planned(own, schedule)
    shapes = [schedule]
    if setting.schedule == "triangular":
        shapes = [schedule | {"base_factor": base} for base in BASES]
    for shape in shapes:
        losses.append(trained(planned(own, shape), platform, rates))
    advised = trained(task, platform, np.array([pasted["optimizer"]["learning_rate"]]))
    table = np.concatenate([*losses, advised])
    evaluate = training.evaluator(task)
    untrained = np.array([evaluate(*task.objective.model.init(weight_key(SEEDS[0], seed))) for seed in SEEDS])
    regret = lost(table, untrained)
    best = int(np.argmin(regret[:-1]))
    shown = f"{rates[best % len(rates)]:.1e}"
    if len(shapes) > 1:
        shown += f", base factor {BASES[best // len(rates)]:g}"
    name = setting.schedule
    if name == "triangular":
        name += f", base factor {schedule['base_factor']:.3g}"
    if schedule.get("warmup_steps"):
        name += f", {schedule['warmup_steps']} steps of warm-up"
    return Row(name, setting.learning_rate, shown, float(regret[-1]))


def planned(own: Config, schedule: dict[str, Any]) -> plans.Task:
    """The task under another schedule."""
    return plans.make(changed(own, seed=0, train=own.train.model_dump(exclude_unset=True) | {"schedule": schedule}))


def trained(task: plans.Task, platform: str, rates: Any) -> Any:
    """Validation loss, shape (rates, seeds)."""
    cells = [(float(rate), seed) for rate in rates for seed in SEEDS]
    return training.train(task, platform, cells).reshape(len(rates), len(SEEDS))


def guesses(name: str, result: Result) -> list[str]:
    """What was said of the usual guesses, beside the truth of the task."""
    truth, rows = truths.load(name), []
    for each in result.advice.guesses:
        said = each.verdict if each.lost is None else f"{each.lost:.2f}"
        rows.append(f"| {name} | {each.learning_rate:g} | {said} | {truth.regret_of(each.learning_rate):.2f} |")
    return rows


if __name__ == "__main__":
    sys.exit(main())
