"""The corpus: every task's runs, recorded once and kept in a folder."""

from __future__ import annotations

import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "recommendation"))

from tasks import TASKS, config, half  # noqa: E402
from truths import load  # noqa: E402

FOLDER = HERE / "corpus"


def record_all(folder: Path, names: list[str]) -> None:
    """Record what is missing."""
    from record import record

    from lrfind.engine import devices

    devices.configure("cpu")
    folder.mkdir(exist_ok=True, parents=True)
    for name in names:
        path = folder / f"{name}.npz"
        if path.exists():
            continue
        begin = time.perf_counter()
        truth = load(name)
        low, high = truth.good
        median = truth.loss.T
        best_loss = sorted(median[:, list(truth.rates).index(truth.best)])
        facts = {"task": name, "half": half(name), "best": truth.best, "good": [low, high]}
        facts |= {
            "untrained": float(sorted(truth.untrained)[len(truth.untrained) // 2]),
            "best_loss": float(best_loss[len(best_loss) // 2]),
        }
        facts |= {"rates": truth.rates.tolist(), "regret": truth.regret.tolist()}
        part = path.with_suffix(".part.npz")
        record(config(name), truth.best, part, facts)
        part.replace(path)
        print(f"{name}: {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    wanted = sys.argv[2] if len(sys.argv) > 2 else "all"
    record_all(Path(sys.argv[1]), [name for name in TASKS if wanted in ("all", half(name))])
