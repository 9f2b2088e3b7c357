"""What makes two runs the same to the bit: what a run is known by, how another one differs, and how one that is carried
on is held to what it began with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrfind.config.diff import NO_PART, changes, without
from lrfind.core.errors import RunError
from lrfind.storage.layout import JOURNAL, head_of

if TYPE_CHECKING:
    from lrfind.storage.replay import ReplayJournal
    from lrfind.task.task import Task

KINDS = {"data": "other data", "code": "other code", "machine": "another kind of processor"}
"""What is said of parts that are a hash alone."""

CONDITIONS = ("settings", "environment")
"""Parts whose values can be named."""

MOST = 3
"""Differences that a sentence names."""


def identity(task: Task, config: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that moves the bits of a run's curve.

    Args:
        task: of the run; the user's code is loaded, which may set something of JAX's.
        config: resolved.
    """
    from lrfind.engine import devices

    found = {
        "config": config,
        "data": task.batches.source.digest(),
        "environment": devices.environment(),
        "settings": devices.settings(),
        "machine": devices.machine(),
    }
    return found | ({"code": task.user_code.digest} if task.user_code.digest else {})


def other_run(parts: Mapping[str, Any], folder: Path, no_part: Mapping[str, Any] = NO_PART) -> str:
    """What a folder holds whose run has another fingerprint, in words.

    Args:
        parts: of the run at hand.
        folder: of the other one.
        no_part: of the config what is no part of the fingerprint.
    """
    head = head_of(folder / JOURNAL) or {}
    known = {name: head.get(name) for name in parts}
    if isinstance(known["config"], dict):
        known["config"] = without(known["config"], no_part)
    wanted = {**parts, "config": without(parts["config"], no_part)}
    found = [said for name, said in KINDS.items() if name in parts and parts[name] != known[name]]
    for name in CONDITIONS:
        found += changes(parts[name], known[name] or {})
    same = all(wanted[name] == known[name] for name in parts if name not in (*KINDS, *CONDITIONS))
    if not same or not found:
        return "the run of another config"
    more = f"; {len(found) - MOST} more" if len(found) > MOST else ""
    return f"a run of this config under other conditions ({'; '.join(found[:MOST])}{more})"


def hold(task: Task, states: Sequence[Any], replay: ReplayJournal) -> None:
    """Write down what a run of the user's own code begins with, whose files may change: a checksum of every seed's
    starting state, and of the batches that were looked at. A run that is carried on is held to what its journal says.

    Args:
        task: of the run.
        states: of each seed, before training.
        replay: of the run.

    Raises:
        RunError: the states or batches are others.
    """
    from lrfind.engine.chunk_record import checksum

    if not task.user_code.digest:
        return
    begin = [f"{checksum(state):08x}" for state in states]
    if replay.memoize("start", lambda: {"states": begin})["states"] != begin:
        raise RunError(
            "the starting weights are not those of the run that is carried on; repair what they are made from, or "
            "begin anew with --fresh"
        )
    while (line := replay.replay("batches")) is not None:
        task.batches.source.expect(line)
    for line in task.batches.source.seen(None, None):
        replay.append(line)
