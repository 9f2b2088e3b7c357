"""One measurement: a process from its start to its end, and whether the machine was otherwise idle meanwhile."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

BUSY = 0.1
"""Cores that other processes may use during a run; above it the run is discarded."""


@dataclass(frozen=True)
class Run:
    """What one process cost.

    Attributes:
        wall: seconds from start to end.
        cpu: user and system seconds, children included.
        memory: peak resident set, megabytes.
        others: cores that other processes used meanwhile; None where the system does not tell.
        output: standard output.
    """

    wall: float
    cpu: float
    memory: float
    others: float | None
    output: str

    @property
    def quiet(self) -> bool:
        """Whether the figures can be trusted."""
        return self.others is None or self.others <= BUSY


class Failed(Exception):
    """A measured process that did not do its job."""


def run(command: list[str], environment: dict[str, str], accept: tuple[int, ...] = (0,)) -> Run:
    """Run a command to its end in a new directory, with `environment` on top of this one's less its PYTHON* variables.

    Raises:
        Failed: its exit code was none of `accept`.
    """
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        busy, own = _busy_seconds(), sum(os.times()[:2])
        begin = time.perf_counter()
        process = subprocess.Popen(command, env=inherited | environment, cwd=directory, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        cpu = usage.ru_utime + usage.ru_stime
        own = sum(os.times()[:2]) - own + cpu
        after = _busy_seconds()
        others = None if busy is None or after is None else max(0.0, after - busy - own) / wall
        out.seek(0)
        err.seek(0)
        if process.returncode not in accept:
            last = err.read().decode(errors="replace").strip()[-2000:]
            raise Failed(f"exit code {process.returncode} from: {' '.join(command)}\n{last}")
        return Run(wall, cpu, usage.ru_maxrss / 1024, others, out.read().decode(errors="replace"))


def _busy_seconds() -> float | None:
    """Seconds that all cores together have been busy since boot (all but idle and waiting for disks), if known."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return None
    user, nice, system, _, _, *rest = (int(field) for field in stat.read_text().split("\n", 1)[0].split()[1:9])
    return (user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK")
