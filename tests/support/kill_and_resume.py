"""Kills runs: one process imports everything once, and forks a child for every run.

``python kill_and_resume.py CONFIG FOLDER KILLS`` prints a line of JSON per kill.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax  # noqa: F401  (before the fork, and without starting a backend)
import optax  # noqa: F401

from lrfind.config.load import load
from lrfind.core.result import Result
from lrfind.engine import train_loop
from lrfind.report.sweep import result_json
from lrfind.runs import (
    range_test,  # noqa: F401
    sweep,
)
from lrfind.runs.callbacks import Callback
from lrfind.runs.prepare import Options, RunContext
from lrfind.storage import journal as journals
from lrfind.storage import layout, run_directory
from lrfind.task import task  # noqa: F401

CHUNK = 7


def main(config: str, target: str, kills: int) -> None:
    warnings.simplefilter("ignore")  # JAX warns of forks; no backend runs yet.
    rng = random.Random(0)
    whole = Path(target) / "whole"
    end(child(lambda: measure(config, whole)))
    expected = outcome(whole)
    size = (whole / journals.JOURNAL).stat().st_size
    for number in range(kills):
        place = Path(target) / str(number)
        journal = place / journals.JOURNAL
        wanted = (number + rng.random()) / kills * size  # One in each part of the journal.
        process = child(lambda place=place: measure(config, place))
        while not ended(process) and (not journal.exists() or journal.stat().st_size < wanted):
            time.sleep(0.001)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        before = journals.read_journal(journal)
        end(child(lambda place=place: measure(config, place)))
        after = journals.read_journal(journal)
        print(
            json.dumps(
                {
                    "lines": len(before.lines),
                    "of": len(after.lines),
                    "last": before.lines[-1]["kind"] if before.lines else "",
                    "kept": after.text.startswith(before.text) or before.lines[-1]["kind"] == "end",
                    "same": outcome(place) == expected,
                    "left": sorted(path.name for path in place.iterdir()),
                }
            ),
            flush=True,
        )


def measure(config: str, place: Path) -> None:
    """A run, with small chunks and a state after each."""
    train_loop.chunk_for = lambda *_: CHUNK
    run_directory.STATE_EVERY = run_directory.STATE_SHARE = 0

    def render(result: Result, context: RunContext) -> tuple[Result, Mapping[str, bytes]]:
        return result, {
            layout.CURVE: result_json.to_csv(result).encode(),
            layout.RESULT: result_json.to_json(result).encode(),
        }

    sweep.sweep(load(config).config, "c", render, Options(out=place), Callback())


def outcome(place: Path) -> tuple[dict[str, Any], bytes]:
    result = json.loads((place / layout.RESULT).read_text(encoding="utf-8"))
    return {key: value for key, value in result.items() if key != "timing"}, (place / layout.CURVE).read_bytes()


def child(work: Callable[[], None]) -> int:
    process = os.fork()
    if process == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
    return process


def ended(process: int) -> bool:
    """Whether it has; who has is left for `os.waitpid`."""
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def end(process: int) -> None:
    _, status = os.waitpid(process, 0)
    assert status == 0


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
