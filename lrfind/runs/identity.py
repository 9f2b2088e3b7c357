"""The identity of a run: everything that moves its bits, and how another run differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lrfind.config.variants import NO_PART, changes, without
from lrfind.core.errors import RunError
from lrfind.engine import devices
from lrfind.engine.trainer import checksum
from lrfind.storage.journal import JOURNAL, KIND_BATCHES, KIND_START, head_of
from lrfind.storage.replay import ReplayJournal
from lrfind.task.task import Task

KINDS = {"data": "other data", "code": "other code", "machine": "another kind of processor"}
"""Names of the parts of an identity that are a hash alone."""

CONDITIONS = ("settings", "environment")
"""Parts of an identity whose values can be named."""

MOST = 3
"""Largest number of differences that a sentence names."""


def identity(task: Task, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything that moves the bits of a run's curve, by part.

    Args:
        task: task of the run; the user's code is loaded, which may have changed settings of JAX.
        config: resolved config, plain JSON values.
    """
    parts = {
        "config": config,
        "data": task.batches.source.digest(),
        "environment": devices.environment(),
        "settings": devices.settings(),
        "machine": devices.machine(),
    }
    return parts | ({"code": task.user_code.digest} if task.user_code.digest else {})


def other_run(parts: Mapping[str, Any], folder: Path, no_part: Mapping[str, Any] = NO_PART) -> str:
    """Return in words which run of another fingerprint a folder holds.

    Args:
        parts: identity of the run at hand.
        folder: folder of the other run.
        no_part: keys of the config that are no part of the fingerprint.
    """
    head = head_of(folder / JOURNAL) or {}
    known = {name: head.get(name) for name in parts}
    if isinstance(known["config"], dict):
        known["config"] = without(known["config"], no_part)
    wanted = {**parts, "config": without(parts["config"], no_part)}
    differences = [name for part, name in KINDS.items() if part in parts and parts[part] != known[part]]
    if known["config"] and known["settings"] is None:
        differences = ["recorded by an earlier version of lrfind"]
    else:
        for name in CONDITIONS:
            differences += changes(parts[name], known[name] or {})
    same = all(wanted[name] == known[name] for name in parts if name not in (*KINDS, *CONDITIONS))
    if not same or not differences:
        return "the run of another config"
    more = f"; {len(differences) - MOST} more" if len(differences) > MOST else ""
    return f"a run of this config under other conditions ({'; '.join(differences[:MOST])}{more})"


def hold(task: Task, states: Sequence[Any], replay: ReplayJournal) -> None:
    """Journal checksums of the starting states and batches of the user's own code, whose files may change.

    Args:
        task: task of the run.
        states: training state of each seed before training.
        replay: journal of the run; if it is carried on, the checksums must be the same.

    Raises:
        RunError: the states or batches differ from those of the journal.
    """
    if not task.user_code.digest:
        return
    checksums = [f"{checksum(state):08x}" for state in states]
    if replay.memoize(KIND_START, lambda: {"states": checksums})["states"] != checksums:
        raise RunError(
            "the starting weights are not those of the run that is carried on; repair what they are made from, or "
            "begin anew with --fresh"
        )
    while (line := replay.replay(KIND_BATCHES)) is not None:
        task.batches.source.expect(line)
    for line in task.batches.source.seen(None, None):
        replay.append(line)
