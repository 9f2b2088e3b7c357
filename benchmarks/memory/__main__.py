"""Peak memory of whole sweeps on files of 100 MB and of 4 GB: ``python benchmarks/memory``.

The files are sparse (all zeros, which take no room on the disk), their labels random. A process's peak is what the
system says when it has ended: `ru_maxrss`, in which mapped pages count.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

SIZES = {"100 MB": 10**8, "4 GB": 4 * 10**9}

CONFIG = """\
model: {{name: mlp, hidden: [128]}}
data: {{name: npy, inputs: {name}-x.npy, targets: {name}-y.npy, batch_size: 64}}
optimizer: {{name: adam}}
"""


def write(folder: Path, name: str, size: int, features: int) -> Path:
    """A config with its files."""
    rows = size // (4 * features)
    np.lib.format.open_memmap(folder / f"{name}-x.npy", "w+", np.float32, (rows, features))
    np.save(folder / f"{name}-y.npy", np.random.default_rng(0).integers(0, 10, rows))
    config = folder / f"{name}.yaml"
    config.write_text(CONFIG.format(name=name), encoding="utf-8")
    return config


def peak(command: list[str]) -> int:
    """Bytes of a process's largest resident set."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if (code := os.waitstatus_to_exitcode(status)) not in (0, 1):
        sys.exit(f"{' '.join(command)} ended with {code}")
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--features", type=int, default=1000, help="numbers of a row, 4 bytes each (default: 1000)")
    parser.add_argument("--effort", default="quick", help="of the sweep (default: quick)")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {}
        for name, size in SIZES.items():
            config = write(Path(folder), name.replace(" ", ""), size, chosen.features)
            command = [sys.executable, "-m", "lrfind", "sweep", str(config), "--effort", chosen.effort]
            found[name] = peak([*command, "--quiet", "--out", str(config.with_suffix(""))])
            print(f"{name:>8}  {found[name] / 1e6:,.0f} MB")
        print(f"   apart  {(found['4 GB'] - found['100 MB']) / 1e6:+,.0f} MB")


if __name__ == "__main__":
    main()
