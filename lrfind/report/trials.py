"""The confirmation and the evidence as JSON has them, and back, each number checked on the way."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from lrfind.types import Candidate, Confirmation, Evidence, Horizon


def confirmation_document(found: Confirmation | None) -> dict[str, Any] | None:
    """The section ``confirmation``: what each field is, is said at `Confirmation`; `best` has its horizons."""
    if found is None:
        return None
    return {
        "candidates": [asdict(each) for each in found.candidates],
        "horizons": [horizon.steps for horizon in found.horizons],
        "best": [asdict(horizon) for horizon in found.horizons],
        "exponent": found.exponent,
        "untrained": found.untrained,
        "judged_on": found.judged_on,
        "seed_factor": found.seed_factor,
        "spent": found.spent,
        "budget": found.budget,
    }


def read_confirmation(found: dict[str, Any] | None) -> Confirmation | None:
    """The confirmation that `confirmation_document` wrote; None where there was none.

    Raises:
        KeyError: a key is missing.
        TypeError: a value is of the wrong kind.
        OverflowError: a whole number is too large for a float.
        ValueError: the lengths in `horizons` are not those in `best`.
    """
    if found is None:
        return None
    horizons = tuple(
        Horizon(
            steps=_whole(each["steps"], "best.steps"),
            learning_rate=_number(each["learning_rate"], "best.learning_rate"),
            low=_number(each["low"], "best.low"),
            high=_number(each["high"], "best.high"),
        )
        for each in found["best"]
    )
    if list(found["horizons"]) != [horizon.steps for horizon in horizons]:
        raise ValueError("'confirmation.horizons' and 'confirmation.best' differ in their steps")
    return Confirmation(
        candidates=tuple(
            Candidate(
                learning_rate=_number(each["learning_rate"], "candidates.learning_rate"),
                steps=_whole(each["steps"], "candidates.steps"),
                loss=_numbers(each["loss"], "candidates.loss"),
                train_loss=_numbers(each["train_loss"], "candidates.train_loss"),
            )
            for each in found["candidates"]
        ),
        horizons=horizons,
        exponent=_known(found["exponent"], "exponent"),
        untrained=_numbers(found["untrained"], "untrained"),
        judged_on=str(found["judged_on"]),
        seed_factor=_known(found["seed_factor"], "seed_factor"),
        spent=_number(found["spent"], "spent"),
        budget=_whole(found["budget"], "budget"),
    )


def read_evidence(found: dict[str, Any] | None) -> Evidence:
    """The evidence that was written; what is missing was not measured.

    Raises:
        TypeError: a value is of the wrong kind.
        ValueError: there are not as many ratios as steps.
    """
    found = {} if found is None else dict(found)
    rule = found.get("stability_rule")
    steps = tuple(_whole(each, "trust_steps", of="evidence") for each in found.get("trust_steps", ()))
    ratio = _numbers(found.get("trust_ratio", ()), "trust_ratio", of="evidence")
    if len(steps) != len(ratio):
        raise ValueError(f"'evidence.trust_ratio' has {len(ratio)} numbers for {len(steps)} steps")
    return Evidence(
        trust_steps=steps,
        trust_ratio=ratio,
        sharpness=_known(found.get("sharpness"), "sharpness", of="evidence"),
        stability_limit=_known(found.get("stability_limit"), "stability_limit", of="evidence"),
        stability_rule=None if rule is None else str(rule),
    )


def _known(value: Any, key: str, of: str = "confirmation") -> float | None:
    return None if value is None else _number(value, key, of)


def _number(value: Any, key: str, of: str = "confirmation") -> float:
    """A number as it stands there, so that it is written back the same; NaN for null."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"'{of}.{key}' is {value!r}, expected a number or null")
    float(value)  # a whole number may be too large for one
    return value


def _whole(value: Any, key: str, of: str = "confirmation") -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"'{of}.{key}' is {value!r}, expected a whole number")
    return value


def _numbers(values: Any, key: str, of: str = "confirmation") -> tuple[float, ...]:
    if not isinstance(values, list | tuple):
        raise TypeError(f"'{of}.{key}' is {values!r}, expected a list of numbers")
    return tuple(_number(value, key, of) for value in values)
