"""`python benchmarks/speed/startup.py`: what judges or shows a finished run, against `python -c "import jax"`.

Each round runs every command once, in shuffled order; a ratio is a command's wall time divided by that of the round's
import. A run during which other processes used more than `measure.BUSY` cores is repeated, up to `--retries` times.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from measure import BUSY, Failed, Run, run
from rounds import in_peace

CONFIG = """\
model: {name: mlp, hidden: [128, 128]}
data: {name: digits}
optimizer: {name: adamw, learning_rate: 1e-2}
train: {steps: 400, schedule: cosine}
"""
"""The network of the README's figure."""

IMPORT = "import jax"


def commands(folder: Path) -> dict[str, list[str]]:
    """Each command by its name in the table."""
    lrfind = [sys.executable, "-m", "lrfind"]
    sweep, training, config = (str(folder / name) for name in ("sweep", "train", "c.yaml"))
    found = {IMPORT: [sys.executable, "-c", IMPORT], "check --run": [*lrfind, "check", config, "--run", sweep]}
    found |= {
        f"report, {form}": [*lrfind, "report", sweep, "--format", form]
        for form in ("text", "markdown", "json", "junit", "github")
    }
    return found | {"report of a training, text": [*lrfind, "report", training]}


def prepare(folder: Path, environment: dict[str, str]) -> None:
    """A confirmed sweep and a training, finished."""
    (folder / "c.yaml").write_text(CONFIG, encoding="utf-8")
    for command in ("sweep", "train"):
        subprocess.run(
            [sys.executable, "-m", "lrfind", command, "c.yaml", "--out", command, "--quiet"],
            cwd=folder,
            env=os.environ | environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--retries", type=int, default=5)
    options = parser.parse_args()
    # Variables of Python's are not passed on, but for where lrfind is taken from.
    environment = {key: os.environ[key] for key in ("PYTHONPATH",) if key in os.environ}
    with TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, environment)
        found = commands(folder)
        for command in found.values():  # The disk's cache, and byte code.
            run(command, environment, accept=(0, 1))
        shuffled, rounds = random.Random(0), list[dict[str, Run]]()
        for _ in range(options.rounds):
            names = shuffled.sample(list(found), len(found))
            rounds.append(
                {name: in_peace(lambda: run(found[name], environment, (0, 1)), options.retries) for name in names}  # noqa: B023
            )
    print(f"{options.rounds} rounds, medians\n")
    print(f"| command | seconds | of `{IMPORT}` | of its CPU seconds |\n|---|---|---|---|")
    for name in found:
        seconds = median(one[name].wall for one in rounds)
        wall = median(one[name].wall / one[IMPORT].wall for one in rounds)
        cpu = median(one[name].cpu / one[IMPORT].cpu for one in rounds)
        print(f"| `{name}` | {seconds:.2f} | {wall:.2f} | {cpu:.2f} |")
    busy = sum(not one[name].quiet for one in rounds for name in found)
    if busy:
        print(f"\n{busy} of {len(rounds) * len(found)} runs had a neighbour that used more than {BUSY} cores.")


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        raise SystemExit(f"error: {error}") from None
