"""`--digits`: the regret of every method of lrfind on the four shipped configs, over ten seeds."""

from __future__ import annotations

import numpy as np
from finders import FIXED, suggestions
from tasks import SHIPPED, config
from truth import GOOD
from truths import load

SEEDS = range(10)


def main() -> list[tuple[str, str, list[float]]]:
    """Print the table; returns config, method and regrets."""
    found = []
    for task in SHIPPED:
        truth, section = load(task), config(task)
        own = [suggestions(section, seed) for seed in SEEDS]
        found += [(task, method, [truth.regret_of(one[method]) for one in own]) for method in own[0]]
        found += [(task, f"always {rate:.0e}", [truth.regret_of(rate)]) for rate in FIXED]
    print("| config | method | worst regret | median | share <= 5 % |\n|---|---|---|---|---|")
    for task, method, regrets in found:
        share = np.mean(np.array(regrets) <= GOOD)
        print(f"| {task} | {method} | {max(regrets):.3f} | {np.median(regrets):.3f} | {share:.2f} |")
    return found
