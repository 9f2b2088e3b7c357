"""`python benchmarks/recommendation/own_code.py`: regret where model, data, loss or step are the user's own code.

The examples of `configs/own`, and four more in `own/` that nothing was tuned on: a recurrent network, inputs of two
kinds under a quantile loss, a variational autoencoder, a train step with an optimiser inside. Each is trained by
`lrfind train` at 4 rates a decade and at what is recommended, with seeds that no sweep sees; regret is as of the other
tasks, of the mean over these seeds.
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from lrfind.analysis.build_result import Peak
from lrfind.config.load import load
from lrfind.runs.callbacks import Callback
from lrfind.runs.prepare import Options
from lrfind.runs.sweep import sweep
from lrfind.runs.train import train
from lrfind.task.user_code.loader import ImportPolicy

HERE = Path(__file__).resolve().parent
CONFIGS = (*sorted((HERE / "own").glob("*.yaml")), *sorted((HERE.parents[1] / "configs" / "own").glob("*.yaml")))
RATES = 10 ** np.arange(-5, 1.01, 0.25)
SEEDS = (1000, 1001, 1002)
FIXED = (0.1, 0.01, 0.001)
BAR = 0.05


def options(source: Path, folder: str) -> Options:
    """A run beside its config's code, in a folder of its own."""
    return Options(out=Path(folder) / "run", device="cpu", policy=ImportPolicy(folders=(source.parent,)))


def recommended(source: Path, seed: int) -> float | None:
    """What `lrfind sweep` says."""
    with TemporaryDirectory() as folder:
        config = load(source, [f"seed={seed}"]).config
        result, _ = sweep(config, "own", lambda found, context: (found, {}), options(source, folder), Callback())
    return result.recommendation.learning_rate


def trained(source: Path, rate: float, seed: int) -> tuple[float, float]:
    """Loss before and after a training, on rows that were held out where any were; inf where it diverged."""
    with TemporaryDirectory() as folder:
        config = load(source, [f"seed={seed}"]).config
        peak = Peak(rate, "the grid")
        done, _ = train(config, "own", peak, lambda found, context: (found, {}), options(source, folder), Callback())
    if done.scores is not None:
        looked = done.scores.loss
        return float(looked[0]), float(looked[-1]) if done.status == "complete" else np.inf
    return float(done.loss[0]), float(np.mean(done.loss[-20:])) if done.status == "complete" else np.inf


def judged(source: Path, finders: int) -> dict[str, Any]:
    """Truth and regret of one config."""
    advised = [recommended(source, seed) for seed in range(finders)]
    rates = [*RATES, *(rate for rate in advised if rate is not None)]
    outcomes = np.array([[trained(source, rate, seed) for seed in SEEDS] for rate in rates])
    before = float(outcomes[..., 0].mean())
    after = np.where(np.isfinite(outcomes[..., 1]), outcomes[..., 1], before).mean(axis=1)
    best = float(after[: len(RATES)].min())
    lost = np.clip((np.minimum(after, before) - best) / (before - best), 0, 1)
    grid, regrets = lost[: len(RATES)], iter(lost[len(RATES) :])
    return {
        "config": source.stem,
        "best": float(RATES[int(np.argmin(grid))]),
        "advised": advised,
        "regret": [1.0 if rate is None else float(next(regrets)) for rate in advised],
        "fixed": [float(np.interp(np.log10(rate), np.log10(RATES), grid)) for rate in FIXED],
    }


def main() -> int:
    """Print the table; 1 where an answer loses more than the bar."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3, help="seeds of the sweeps")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    args = parser.parse_args()
    heads = ["config", "best rate", "recommended", "regret", *(f"always {rate:g}" for rate in FIXED)]
    print(f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|")
    rows = []
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for row in pool.map(judged, CONFIGS, [args.seeds] * len(CONFIGS)):
            rows.append(row)
            advised = ", ".join("none" if rate is None else f"{rate:.1e}" for rate in row["advised"])
            regret = ", ".join(f"{each:.3f}" for each in row["regret"])
            fixed = " | ".join(f"{each:.2f}" for each in row["fixed"])
            print(f"| {row['config']} | {row['best']:.1e} | {advised} | {regret} | {fixed} |", flush=True)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    every = [each for row in rows for each in row["regret"]]
    good = sum(each <= BAR for each in every)
    print(f"\n{good} of {len(every)} answers lose at most {BAR:.0%}; worst {max(every):.3f}")
    return int(max(every) > BAR)


if __name__ == "__main__":
    sys.exit(main())
