"""What every finder says of every task for every seed, and what that costs; two tasks at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context

from finders import FINDERS
from tasks import config
from truths import load

from lrfind.core.errors import LrfindError

WORKERS = 2


@dataclass(frozen=True)
class Answer:
    """One answer of one finder.

    Attributes:
        task: its name.
        finder: its name.
        seed: the finder's.
        rate: None where it declined.
        low: lower end of its interval; None without one.
        high: upper end of its interval; None without one.
        regret: of the rate, in [0, 1]; 1 for none.
    """

    task: str
    finder: str
    seed: int
    rate: float | None
    low: float | None
    high: float | None
    regret: float


def of_task(task: str, finders: Sequence[str], seeds: Sequence[int]) -> list[Answer]:
    """Every finder's answers on one task."""
    section, truth = config(task), load(task)
    found = []
    for seed in seeds:  # The outer loop: what the peers share is compiled once a seed.
        for name in finders:
            try:
                answer = FINDERS[name].find(section, seed)
            except LrfindError as error:
                raise RuntimeError(f"{name} failed on {task}, seed {seed}: {error}") from error
            regret = truth.regret_of(answer.rate)
            found.append(Answer(task, name, seed, answer.rate, answer.low, answer.high, regret))
    return found


def collect(
    tasks: Sequence[str], finders: Sequence[str], seeds: Sequence[int], tell: Callable[[str], None]
) -> list[Answer]:
    """All answers, in the order of tasks.

    Args:
        tasks: their names.
        finders: their names.
        seeds: of the finders.
        tell: told after each task.
    """
    answers: dict[str, list[Answer]] = {}
    with ProcessPoolExecutor(WORKERS, get_context("spawn"), initializer=alone) as pool:
        waiting = {pool.submit(of_task, task, finders, seeds): task for task in tasks}
        for done in as_completed(waiting):
            answers[waiting[done]] = done.result()
            tell(f"{len(answers)} of {len(tasks)}: {waiting[done]}")
    return [answer for task in tasks for answer in answers[task]]


def alone() -> None:
    """One thread to a worker's arithmetic, before its JAX starts: the workers share the cores."""
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
