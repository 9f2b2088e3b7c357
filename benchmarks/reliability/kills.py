"""SIGKILL, uniform over the time between the first and the last journal line; then the same command again."""

from __future__ import annotations

import math
import random
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from command import Ran, end, leftovers, outcome, run, start

from lrfind.storage.journal import read_journal

CONFIG = """\
model: {name: mlp, hidden: [256, 256]}
data: {name: digits}
optimizer: {name: adam}
train: {steps: 1000, schedule: cosine}
sweep: {steps: 1000, seeds: 4}
confirm: {budget: 12000}
"""
"""Some ten seconds, half of them sweep and half confirmation."""


AGAIN = 25
"""After so many kills the run that nobody kills is timed again."""


@dataclass(frozen=True)
class Kill:
    """One kill.

    Attributes:
        phase: of the last line before it: ``"sweep"``, ``"confirm"``, ...
        same: result and curve are those of the run that was not killed.
        kept: every line that was on the disk still is.
        clean: nothing is left behind.
        said: it said where it goes on.
        repeated: steps that were measured again, as a share of all.
    """

    phase: str
    same: bool
    kept: bool
    clean: bool
    said: bool
    repeated: float

    @property
    def good(self) -> bool:
        return self.same and self.kept and self.clean and self.said


def kills(number: int, folder: Path, seed: int = 0) -> Iterator[Kill]:
    """Kill so many runs, one after the other."""
    (folder / "c.yaml").write_text(CONFIG, encoding="utf-8")
    command = ("sweep", "c.yaml", "--no-plot", "--out")
    run(folder, *command, "warm")  # From here on, programs come from the cache.
    span = unharmed(folder, command)
    expected = outcome(folder / "whole")
    total = steps(read_journal(folder / "whole" / "journal.jsonl").lines)
    assert expected is not None, "the run that nobody kills must end"
    rng = random.Random(seed)
    done = 0
    while done < number:
        found = kill(folder, command, rng.random() * span, expected, total)
        shutil.rmtree(folder / "killed", ignore_errors=True)
        if isinstance(found, Kill):
            done += 1
            yield found
        if not isinstance(found, Kill) or done % AGAIN == 0:  # The machine's speed has changed, or may have.
            span = found if isinstance(found, float) else unharmed(folder, command)


def unharmed(folder: Path, command: tuple[str, ...]) -> float:
    """Seconds between the first and the last line of a run that nobody kills."""
    shutil.rmtree(folder / "whole", ignore_errors=True)
    process = start(folder, *command, "whole")
    seconds = watched(process, folder / "whole" / "journal.jsonl", math.inf)
    end(process)
    return seconds


def watched(process: Popen[str], journal: Path, most: float) -> float:
    """Watch a run until it ends, or so long after its journal's first line; returns the seconds between the first line
    and the last."""
    first, last, size = 0.0, 0.0, 0
    while process.poll() is None and not (first and time.monotonic() - first >= most):
        with suppress(OSError):
            if (now := journal.stat().st_size) != size:
                size, last = now, time.monotonic()
                first = first or last
        time.sleep(0.002)
    return last - first


def kill(folder: Path, command: tuple[str, ...], after: float, expected: object, total: int) -> Kill | float:
    """Start a run, kill it so long after its journal's first line, and start it again; where it ended before, the
    seconds between its first line and its last."""
    target = folder / "killed"
    process = start(folder, *command, target.name)
    seconds = watched(process, target / "journal.jsonl", after)
    if process.poll() is not None:
        end(process)
        return seconds
    process.kill()
    end(process)
    before = read_journal(target / "journal.jsonl")
    done = outcome(target) is not None and before.lines[-1]["kind"] == "end"
    ran = run(folder, *command, target.name)
    after_ = read_journal(target / "journal.jsonl")
    measured = any("loss" in line for line in before.lines)
    return Kill(
        phase="after" if done else before.lines[-1]["kind"] if before.lines else "head",
        same=ran.code == 0 and outcome(target) == expected,
        kept=done or after_.text.startswith(before.text),
        clean=not leftovers(target),
        said=done or not measured or "is unfinished; it is carried on at step" in ran.err,
        repeated=repeated(ran) / total,
    )


def steps(lines: tuple[dict[str, object], ...]) -> int:
    """Steps of all lanes in a journal."""
    return sum(len(row) for line in lines if line["kind"] in ("sweep", "confirm") for row in line["loss"])  # type: ignore[attr-defined]


def repeated(ran: Ran) -> int:
    """Steps that a run says it measures again, all lanes of the sweep counted."""
    found = 0
    for line in ran.err.splitlines():
        if "since the last saved state" in line:
            number = line.removeprefix("lrfind: ").split(" step")[0].replace(",", "")
            found += 4 * (1 if number == "a" else int(number))
    return found
