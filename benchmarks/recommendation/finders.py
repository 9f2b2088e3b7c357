"""The finders: each takes a config and a seed, and says a rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import peers
from peers import PEERS, Floats, Peer

from lrfind.config.schema import Config
from lrfind.config.validate import validate
from lrfind.core.result import Result
from lrfind.engine import devices
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import LaneRun
from lrfind.runs.callbacks import Callback
from lrfind.runs.prepare import Options
from lrfind.runs.sweep import sweep
from lrfind.task import task as plans

CONFIRMS = "confirm" in Config.model_fields
"""Whether this lrfind can confirm a rate by short trainings."""

FIXED = (1e-1, 1e-2, 1e-3)
"""Rates that need no finder."""


@dataclass(frozen=True)
class Found:
    """A finder's answer.

    Attributes:
        rate: None where it declines.
        low: lower end of its interval; None without one.
        high: upper end of its interval; None without one.
    """

    rate: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Finder:
    """One row of the table.

    Attributes:
        name: as shown.
        find: ``(config, seed) -> answer``.
        kind: ``"lrfind"``, ``"peer"`` or ``"fixed"``; the figure draws them apart.
        seeded: whether its answer depends on the seed.
    """

    name: str
    find: Callable[[Config, int], Found]
    kind: str
    seeded: bool = True


def changed(config: Config, **sections: Any) -> Config:
    """A config with some sections or keys replaced."""
    found, problems = validate(config.model_dump(exclude_unset=True) | sections)
    if found is None:
        raise ValueError(f"{problems}")
    return found


def result_of(config: Config) -> Result:
    """What `lrfind sweep` would write, without its files."""
    with TemporaryDirectory() as folder:
        options = Options(out=Path(folder) / "run", device="cpu")
        result, _ = sweep(config, "task", lambda result, context: (result, {}), options, Callback())
    return result


def lrfind(**confirm: Any) -> Callable[[Config, int], Found]:
    """lrfind's own recommendation, under these keys of its section `confirm`."""

    def find(config: Config, seed: int) -> Found:
        sections = {"confirm": confirm} if CONFIRMS else {}
        answer = result_of(changed(config, seed=seed, **sections)).recommendation
        return Found(answer.learning_rate, answer.low, answer.high)

    return find


def suggestions(config: Config, seed: int) -> dict[str, float | None]:
    """What every method of lrfind says of one sweep."""
    sections = {"confirm": {"enabled": False}} if CONFIRMS else {}
    found = result_of(changed(config, seed=seed, **sections)).suggestions
    return {name: suggestion.learning_rate for name, suggestion in found.items()}


@lru_cache(maxsize=1)
def sweeper(config: str, seed: int) -> Callable[[Floats], Floats]:
    """``rates -> losses``, one seed of a config (as JSON) swept from its start; compiled once for all peers."""
    section = {"sweep": {"seeds": 1}}
    task = plans.make(changed(Config.model_validate_json(config), seed=seed, **section))
    platform = devices.configure("cpu")
    train_loop = TrainLoop(task.step, task.batches.feed(), platform, chunk=peers.STEPS + 1, lane_steps=4 * peers.STEPS)
    states = task.starts(platform)

    def run(rates: Floats) -> Floats:
        return np.concatenate([chunk.loss[0] for chunk in train_loop.train(LaneRun(states, rates[:, None]))])

    return run


def of_peer(peer: Peer) -> Callable[[Config, int], Found]:
    """A peer's rule on its own sweep, trained by lrfind's kernel."""

    def find(config: Config, seed: int) -> Found:
        loss = sweeper(config.model_dump_json(exclude_unset=True), seed)(peer.used)
        with np.errstate(all="ignore"):
            return Found(peer.rule(peer.recorded, loss))

    return find


def always(rate: float) -> Callable[[Config, int], Found]:
    """The same rate, whatever the task."""
    return lambda config, seed: Found(rate)


OWN: dict[str, dict[str, Any]] = {
    "lrfind, unconfirmed": {"enabled": False},
    "lrfind, budget 1000": {"enabled": True, "budget": 1000},
    "lrfind, budget 3000": {"enabled": True, "budget": 3000},
    "lrfind, budget 8000": {"enabled": True, "budget": 8000},
}
"""lrfind's section `confirm` by name of the finder."""

if not CONFIRMS:
    OWN = {name: confirm for name, confirm in OWN.items() if not confirm["enabled"]}

FINDERS: dict[str, Finder] = {
    finder.name: finder
    for finder in (
        *(Finder(name, lrfind(**confirm), "lrfind") for name, confirm in OWN.items()),
        *(Finder(name, of_peer(peer), "peer") for name, peer in PEERS.items()),
        *(Finder(f"always {rate:.0e}", always(rate), "fixed", seeded=False) for rate in FIXED),
    )
}
