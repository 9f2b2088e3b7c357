"""What a run that was killed had measured, out of its journal alone and without JAX: the result that an interruption at
that moment would have left, as far as the journal tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from lrfind.analysis.confirmation.horizon_scaling import ignores_gradient_scale
from lrfind.analysis.confirmation.search import Search
from lrfind.analysis.confirmation.summary import trained
from lrfind.analysis.range_test import recommendation as advice
from lrfind.analysis.range_test.curve import divergences, summarize
from lrfind.analysis.range_test.methods import suggestions
from lrfind.analysis.range_test.trust_region import points
from lrfind.config.schema import Config
from lrfind.core.dataset import Floats
from lrfind.core.errors import InputError, NothingToJudge
from lrfind.core.fields import build, checked
from lrfind.core.result import RATE, Confirmation, Evidence, Execution, Facts, Result, Sweep
from lrfind.storage.layout import JOURNAL, read_journal

AGAIN = "start the same command again to carry it on"

DAMAGE = (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError)
"""What reading lines raises that are well-formed and do not hold what they should."""

Line = Mapping[str, Any]


def journal_head(
    name: str, facts: Facts, train_steps: int, assumptions: Sequence[str], probe_every: int = 0
) -> dict[str, Any]:
    """What a journal's head says for `salvage`, beside what the run is known by.

    Args:
        name: the config's.
        facts: of model and data, without a rate.
        train_steps: of the training that the rate is for.
        assumptions: what the config left out, one sentence each.
        probe_every: steps of the sweep between two measurements of the trust-region ratio; 0 for none.
    """
    return {
        "name": name,
        "facts": {key: getattr(facts, key) for key in Facts.__dataclass_fields__},
        "train_steps": train_steps,
        "assumptions": list(assumptions),
        "probe_every": probe_every,
    }


@dataclass(frozen=True)
class Curve:
    """The last climb of a journal.

    Attributes:
        learning_rate: shape (steps,).
        loss: shape (seeds, steps).
        gradient_norm: shape (seeds, steps).
        update_norm: shape (seeds, steps).
        trust: trust-region ratio, shape (seeds, steps); NaN where it was not measured.
        climbs: how many climbs there were.
    """

    learning_rate: Floats
    loss: Floats
    gradient_norm: Floats
    update_norm: Floats
    trust: Floats
    climbs: int


def recover_result(folder: Path) -> tuple[Result, str]:
    """The result of a run directory that has only a journal; and how far the run came, in words.

    Raises:
        NothingToJudge: nothing was measured, or the journal is of a version that does not tell enough.
        InputError: the journal is none of lrfind's, or does not hold what one holds.
    """
    lines = read_journal(folder / JOURNAL).lines
    if not lines or lines[0].get("kind") != "head":
        raise InputError(f"{folder}: its {JOURNAL} is not lrfind's, or torn from its first line on")
    try:
        curve = last_climb(of_kind(lines, "sweep"), lines[0].get("probe_every", 0))
    except DAMAGE as error:
        raise InputError(f"{folder / JOURNAL}: does not hold what a journal of a sweep holds ({error})") from None
    if curve is None:
        raise NothingToJudge(f"{folder}: the run was killed before anything was measured; {AGAIN}")
    confirming = any(line["kind"] in ("swept", "confirm") for line in lines)
    reached = advice.stopped(curve.learning_rate, confirming=confirming)
    if "facts" not in lines[0]:
        raise NothingToJudge(f"{folder}: {reached}, by a version of lrfind whose journals tell no more; {AGAIN}")
    try:
        return build_result(lines, curve, reached), reached
    except (*DAMAGE, ValidationError) as error:
        said = str(error).partition("\n")[0]
        raise InputError(f"{folder / JOURNAL}: does not hold what a journal of a sweep holds ({said})") from None


def with_infinities(result: Result, folder: Path) -> Result:
    """A result with the infinities that its file has as null, where the journal beside it is of the same run."""
    try:
        curve = last_climb(of_kind(read_journal(folder / JOURNAL).lines, "sweep"))
    except DAMAGE:
        return result
    sweep = result.sweep
    if curve is None or not np.array_equal(curve.learning_rate, sweep.learning_rate):
        return result
    rows = {name: getattr(curve, name) for name in ("loss", "gradient_norm", "update_norm")}
    rows["smoothed"] = summarize(curve.learning_rate, curve.loss).smoothed
    for name, row in rows.items():
        if not np.array_equal(np.where(np.isfinite(row), row, np.nan), getattr(sweep, name), equal_nan=True):
            return result
    return replace(result, sweep=replace(sweep, **rows))


def of_kind(lines: Sequence[Line], kind: str) -> list[Line]:
    """The lines of a kind."""
    return [line for line in lines if line["kind"] == kind]


def last_climb(lines: Sequence[Line], probe_every: int = 0) -> Curve | None:
    """The curve of the last climb in the lines of a sweep; None without lines.

    Args:
        lines: in order.
        probe_every: steps between two measurements of the trust-region ratio; 0 leaves it out.

    Raises:
        KeyError, ValueError: they are no such lines.
    """
    starts = [number for number, line in enumerate(lines) if line["start"] == 0]
    if not starts:
        return None
    chunks = lines[starts[-1] :]
    rows = {
        name: np.concatenate([np.array(line[name], np.float64) for line in chunks], axis=1)
        for name in ("loss", "gradient_norm", "update_norm")
    }
    rates = np.concatenate([np.array(line["learning_rate"], np.float64) for line in chunks])
    if any(row.shape[1:] != rates.shape for row in rows.values()):
        raise ValueError("its lines have not as many rates as losses")
    trust = np.full(rows["loss"].shape, np.nan)
    for line in chunks if probe_every else ():
        numbers = line["start"] + np.arange(len(line["loss"][0]))
        where = numbers[numbers % probe_every == 0]
        if "trust" in line:
            trust[:, where] = np.array(line["trust"], np.float64).reshape(len(trust), len(where))
    return Curve(rates, **rows, trust=trust, climbs=len(starts))


def evidence_of(curve: Curve, lines: Sequence[Line]) -> Evidence:
    """What was measured beside the curve."""
    steps, ratio = points(curve.trust)
    told = of_kind(lines, "sharpness")
    found = (told[-1]["found"] if told else None) or {}
    sharpness, limit = (None if found.get(key) is None else float(found[key]) for key in ("sharpness", "limit"))
    return Evidence(steps, ratio, sharpness, limit, found.get("rule"))


def trainings_of(lines: Sequence[Line], seeds: int) -> Confirmation | None:
    """The trainings of a confirmation as far as they are judged; None where none is.

    The heats follow from what was measured, so they are run again with the journal in place of the kernel.

    Args:
        lines: of the journal.
        seeds: lanes that were trained and judged side by side.

    Raises:
        KeyError, TypeError, ValueError: they are no such lines.
    """
    told = of_kind(lines, "race")
    if not told:
        return None
    line, head, judged = told[-1], lines[0], iter(of_kind(lines, "judged"))
    search = Search(
        suggestion=float(line["suggestion"]),
        steps=checked(head["train_steps"], int, "train_steps"),
        budget=float(line["budget"]),
        seeds=seeds,
        untrained=np.array(line["untrained"], np.float64),
        evaluation=float(line["evaluation"]),
        max_exponent=float(line.get("most", 0.0)),
    )
    for rung in search.rungs():
        rows: list[Floats] = [np.empty((2, 0))]
        for group in judged:
            rows.append(np.array([group["loss"], group["train_loss"]], np.float64))
            if sum(row.shape[1] for row in rows) >= rung.trainings:
                break
        loss, train_loss = np.concatenate(rows, axis=1)
        if len(loss) < rung.trainings:
            search.report(rung, loss.tolist(), train_loss.tolist())
            break
        shape = len(rung.rates), rung.seeds
        search.tell(rung, loss.reshape(shape), train_loss.reshape(shape))
    if not search.measured:
        return None
    budget = checked(head["config"]["confirm"]["budget"], int, "confirm.budget")
    spent = float(line["before"]) + search.taken
    return trained(search, judged_on=checked(line["judged_on"], str, "judged_on"), spent=spent, budget=budget)


def build_result(lines: Sequence[Line], curve: Curve, reached: str) -> Result:
    """The result, as `lrfind.runs.build_result` puts that of an interrupted run together."""
    head = lines[0]
    config = Config.model_validate(head["config"])
    reading = summarize(curve.learning_rate, curve.loss)
    method, seeds = config.sweep.method, len(curve.loss)
    found = suggestions(method, reading, curve.loss)
    recommendation = advice.recommend(
        method,
        found[method],
        seeds=seeds,
        schedule=config.train.schedule.name,
        steps=checked(head["train_steps"], int, "train_steps"),
    )
    recommendation = advice.averaged_with_minimum(recommendation, reading)
    first, last = float(curve.learning_rate[0]), float(curve.learning_rate[-1])
    warnings = [
        reached,
        *advice.range_warnings(config.sweep.min_lr, config.sweep.max_lr, first, last, extended_down=curve.climbs > 1),
        *advice.warnings(reading, found[method], seeds=seeds),
    ]
    rate = recommendation.learning_rate
    if rate is None:
        recommendation = replace(recommendation, reason=f"{reached}; what was measured until then shows no rate")
    elif ignores_gradient_scale(
        curve.learning_rate, curve.update_norm, curve.gradient_norm, found[method].learning_rate
    ):
        warnings.append(
            "updates have a size of their own whatever the gradient, so a whole training wants a lower rate than the "
            "sweep suggests, which only the run itself works out"
        )
    facts = build(Facts, head["facts"], "facts")
    if rate is not None:
        facts = replace(facts, optimizer=facts.optimizer.replace(RATE, repr(float(f"{rate:.3g}"))))
    execution = next(iter(of_kind(lines, "execution")), None)
    return Result(
        name=checked(head["name"], str, "name"),
        status="interrupted",
        recommendation=recommendation,
        suggestions=found,
        sweep=Sweep(
            learning_rate=curve.learning_rate,
            loss=curve.loss,
            smoothed=reading.smoothed,
            gradient_norm=curve.gradient_norm,
            update_norm=curve.update_norm,
            diverged_at=divergences(curve.loss),
            seeds=tuple(range(seeds)),
            execution=build(Execution, dict(execution) if execution else {}, "execution"),
        ),
        facts=facts,
        assumptions=tuple(checked(each, str, "assumptions") for each in head["assumptions"]),
        warnings=tuple(warnings),
        config=config.model_dump(mode="json"),
        environment=dict(head["environment"]),
        confirmation=trainings_of(lines, seeds),
        evidence=evidence_of(curve, lines),
    )
