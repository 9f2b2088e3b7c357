"""Settings to paste into a config or a script, and the curves of the schedules that they name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from lrfind.analysis.advice import Proposal, proposals
from lrfind.analysis.plateau import factors
from lrfind.analysis.range_test.curve import CurveSummary
from lrfind.analysis.rules_of_thumb import judge
from lrfind.config.optimizer_catalog import OPTIMIZERS
from lrfind.config.schema import Config, TrainSection
from lrfind.core.advice import Advice, Setting
from lrfind.core.dataset import Floats
from lrfind.core.registry import SCHEDULES
from lrfind.core.result import Result
from lrfind.task.optim import optimizers, schedules
from lrfind.task.optim.schedules import unit_schedule
from lrfind.task.optim.source_code import source

STEPS = 300
"""Points of a curve; more than a picture has columns."""

FALLS = ((0.0, 0.3), (0.45, 0.7))
"""Intervals, in shares of the training, in which the synthetic loss of `reduce_on_plateau` falls."""


def curves() -> dict[str, Floats]:
    """Return the rate at peak 1 at every step by name of the schedule, shape (STEPS,) each.

    A plateau schedule sees a loss that falls, stalls and falls again.
    """
    share, drawn = np.arange(STEPS) / STEPS, {}
    fallen = sum((np.clip(share, begin, end) - begin for begin, end in FALLS), np.zeros(STEPS))
    for name in SCHEDULES:
        schedule = TrainSection.model_validate({"steps": STEPS, "schedule": name}).schedule
        unit = unit_schedule(name, STEPS, **schedule.keywords(STEPS))
        lowered = 1.0 if unit.plateau is None else factors(unit.plateau, np.exp(-3 * fallen)[None])[0]
        drawn[name] = unit.factors * lowered
    return drawn


ADAM_LIKE = {"adabelief", "adam", "adamw", "amsgrad", "lamb", "nadam", "nadamw", "yogi"}
"""Optimisers with the b2 of Adam, on which the rule for their warm-up depends."""

_PLAIN = re.compile(r"[A-Za-z_][\w.-]*")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def advise(config: Config, steps: int, reading: CurveSummary, result: Result, mean: float | None) -> Advice:
    """Return the settings to paste and the verdicts on rules of thumb.

    Args:
        config: resolved config of the run.
        steps: length in steps of the training that the rate is for.
        reading: summary of the sweep's curve.
        result: result of the run so far.
        mean: mean of the config's schedule at peak 1; None if the rate does not depend on it, or it on the loss.
    """
    own = config.train.schedule.model_dump(exclude_unset=True, exclude={"name"})
    optimizer, limit = config.optimizer, result.evidence.stability_limit
    b2 = (OPTIMIZERS[optimizer.name].options | optimizer.options).get("b2") if optimizer.name in ADAM_LIKE else None
    known = float(b2) if isinstance(b2, int | float) else None
    proposed = proposals(reading, result.recommendation, options=own, mean=mean, b2=known, limit=limit)
    settings = tuple(setting(config, steps, proposal) for proposal in proposed)
    return Advice(settings, judge(reading, result.recommendation, result.confirmation))


def setting(config: Config, steps: int, proposal: Proposal) -> Setting:
    """Return a proposal as text to paste."""
    length = {"steps": steps} if config.train.epochs is None else {"epochs": config.train.epochs}
    train = length | {"schedule": {"name": proposal.schedule, **proposal.options}}
    optimizer = config.optimizer.model_dump(exclude_unset=True) | {"learning_rate": proposal.learning_rate}
    if not config.optimizer.named:  # The name that stands for the user's own code is not theirs.
        del optimizer["name"]
    return Setting(
        schedule=proposal.schedule,
        learning_rate=proposal.learning_rate,
        basis=proposal.basis,
        source=proposal.source,
        yaml=f"optimizer: {flow(optimizer)}\ntrain: {flow(train)}\n",
        optax=line(config, steps, train, proposal.learning_rate),
    )


def line(config: Config, steps: int, train: Mapping[str, Any], rate: float) -> str:
    """Return the optimiser with its schedule as a line of source; the user's own is given the schedule as well."""
    schedule = TrainSection.model_validate(train).schedule
    keywords = schedule.keywords(steps)
    still = schedule.name in ("constant", "reduce_on_plateau") and not keywords["warmup_steps"]
    along = rate if still else source(schedules.call(schedule.name, rate, steps, **keywords))
    then = schedules.transform(schedule.name, config.optimizer.accumulate, **keywords)
    return optimizers.line(config, along, then)


def flow(value: Any) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{flow(str(key))}: {flow(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(flow, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    if isinstance(value, str):  # JSON would write what is beyond 16 bits as two escapes, which YAML has no pairs of
        return '"' + re.sub(r'[^ -~]|["\\]', lambda match: f"\\U{ord(match[0]):08x}", value) + '"'
    return json.dumps(value)
