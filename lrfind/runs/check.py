"""Judge a config by the result of its run, without JAX; nothing is read or written."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from lrfind.analysis.gate import judge
from lrfind.config.load import Loaded
from lrfind.config.variants import differences
from lrfind.core.errors import InputError, NothingToJudge
from lrfind.core.result import Result
from lrfind.core.verdicts import Check

MOST = 5
"""Largest number of differing keys that a message names."""


def check(
    loaded: Loaded,
    result: Result,
    *,
    baseline: Result | None = None,
    max_drift: float | None = None,
    warn: Collection[str] = (),
    ignore: Collection[str] = (),
) -> Check:
    """Return the verdicts of the gate on a config's rate and its run.

    Args:
        loaded: config with `optimizer.learning_rate`.
        result: result of its run.
        baseline: earlier result to compare with; None for none.
        max_drift: largest factor between the recommendations of both; None for the default.
        warn: names of verdicts that warn instead of failing.
        ignore: names of verdicts to leave out.
    """
    rate = loaded.config.optimizer.learning_rate
    assert rate is not None
    verdicts = judge.judge(
        result,
        rate,
        loaded.config.check.tolerance,
        baseline=baseline,
        max_drift=judge.MAX_DRIFT if max_drift is None else max_drift,
        warn=warn,
        ignore=ignore,
    )
    return Check(
        name=loaded.name,
        where=loaded.where,
        learning_rate=rate,
        recommendation=result.recommendation,
        verdicts=verdicts,
        ignored=tuple(dict.fromkeys(ignore)),
        positions={key: position for key, position in loaded.positions.items() if key not in loaded.overridden},
    )


def judgeable(result: Result) -> None:
    """Refuse a run that cannot be judged.

    Args:
        result: result of the run.

    Raises:
        NothingToJudge: the run was interrupted or failed, or measured nothing.
        InputError: the rates of its sweep do not rise from above 0.
    """
    if result.status in ("interrupted", "failed"):
        how = "was interrupted" if result.status == "interrupted" else "failed"
        raise NothingToJudge(f"the run {how}, so there is nothing to judge by")
    rates = result.sweep.learning_rate
    if not len(rates) or not len(result.sweep.seeds):
        raise NothingToJudge("the run measured nothing, so there is nothing to judge by")
    if not (np.isfinite(rates).all() and rates[0] > 0 and (np.diff(rates) > 0).all()):
        raise InputError("this lrfind result is damaged: the rates of its sweep do not rise from above 0")


def same_config(loaded: Loaded, result: Result) -> None:
    """Refuse to judge a config by the run of another config.

    Args:
        loaded: config to judge.
        result: result of the run.

    Raises:
        InputError: the configs differ in keys that move the curve.
    """
    changed = differences(loaded.config, result.config)
    if changed:
        more = f"; and {len(changed) - MOST} more keys" if len(changed) > MOST else ""
        raise InputError(
            f"this is the run of another config than {loaded.where}: {'; '.join(changed[:MOST])}{more}; leave out "
            "--run to measure this one"
        )
