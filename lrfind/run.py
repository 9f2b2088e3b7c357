"""The wiring: config -> plan -> sweep -> reading -> result -> run directory. Prints nothing; whoever watches is
told."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lrfind import store
from lrfind.config.compare import NO_PART
from lrfind.config.schema import Config
from lrfind.errors import InputError
from lrfind.tape import Tape, position
from lrfind.types import Floats, Result
from lrfind.watch import Clock, Watcher

if TYPE_CHECKING:
    from lrfind.climb import Climb
    from lrfind.confirm import Confirmed, Judge
    from lrfind.engine.curvature import Stability
    from lrfind.engine.kernel import Kernel
    from lrfind.plan import Plan


@dataclass(frozen=True)
class Options:
    """What is not part of the config. Of these, only `low`, `high` and `device` move the curve.

    Attributes:
        out: the run directory the user named; None for one under `runs`.
        runs: the folder of all runs.
        fresh: begin anew, and overwrite another config's run in `out`.
        low: the lowest rate the user allows; None leaves it to the extension.
        high: the highest rate the user allows; None leaves it to the extension.
        device: ``"cpu"``, ``"gpu"``, ``"tpu"``, or None for JAX's choice.
        cache: keep compiled programs between processes.
    """

    out: Path | None = None
    runs: Path = Path("lrfind-runs")
    fresh: bool = False
    low: float | None = None
    high: float | None = None
    device: str | None = None
    cache: bool = True


Render = Callable[[Result, Clock], tuple[Result, Mapping[str, bytes]]]
"""Draws a result's files by name; the result comes back with the time that took."""


def sweep(
    config: Config, name: str, render: Render, options: Options, watcher: Watcher, clock: Clock
) -> tuple[Result, list[Path]]:
    """Measure a curve, read it, and leave the files of the run.

    Returns:
        The result, and the files written. Its status is ``"interrupted"`` where a KeyboardInterrupt came after the
        first chunk; a finished run in the same folder then stays, and nothing but the journal is written.

    Raises:
        InputError: data, config or device are wrong.
        RunError: the run failed.
    """
    plan, platform = prepare(config, options, watcher, clock)
    from lrfind.climb import climb
    from lrfind.conclude import conclude, facts
    from lrfind.confirm import begin
    from lrfind.engine import devices
    from lrfind.engine.recorded import Recorded
    from lrfind.evidence import evidence, sharpness
    from lrfind.salvage import preface

    identity = {
        "config": config.model_dump(mode="json"),
        "bounds": [options.low, options.high],
        "groups": list(config.optimizer.groups),  # their order counts, which a hash of keys does not see
        "data": plan.digest,
        "environment": devices.environment(),
        "machine": devices.machine(),
    }
    mark = store.fingerprint(identity | {"config": config.model_dump(mode="json", exclude=NO_PART)})
    folder = options.out or store.default_folder(name, options.runs, mark)
    # What a run that is killed can be told by, without JAX.
    head = identity | preface(config, name, facts(plan, None), plan.train_steps)
    with store.open_run(folder, mark, head, own=options.out is not None, fresh=options.fresh) as directory:
        watcher.folder(folder)
        tape = Tape(directory)
        if (reached := position(directory.recorded)) is not None or directory.strange:
            watcher.resume(reached, directory.strange)
        climbs: list[Climb] = []
        interrupted = False
        race: Confirmed | None = None
        stability: Stability | None = None
        with devices.failures():
            kernel, states, judged = compiled(plan, platform, watcher, clock, tape)
            try:
                with clock("sweep"):
                    watcher.phase("sweep")
                    recorded = Recorded(kernel, tape, "sweep", watcher.repeat)
                    for current in climb(recorded, states, config.sweep, (options.low, options.high), climbs):
                        watcher.climb(current.ladder, current.done, float(np.median(current.chunks[-1].loss[:, -1])))
                rate = begins_at(config, climbs[-1])
                if judged is not None and rate is not None:
                    with clock("confirm"), ThreadPoolExecutor(max_workers=1) as beside:
                        watcher.phase("confirm")
                        curving = beside.submit(remembered, tape, lambda: sharpness(plan, kernel, states[0], platform))
                        swept = tape.once("swept", lambda: {"seconds": clock.spent["sweep"]})
                        race = begin(plan, judged, states, rate, climbs, swept["seconds"])
                        check(plan, kernel, states, race, tape, watcher)
                        stability = curving.result()
            except KeyboardInterrupt:
                if not any(begun.chunks for begun in climbs):
                    raise
                interrupted = True
        watcher.phase("render")
        measured = [begun for begun in climbs if begun.chunks][-1]
        extended = len(climbs) > 1
        result = conclude(
            plan,
            name,
            measured,
            race,
            evidence(measured, stability),
            kernel.execution,
            interrupted=interrupted,
            extended=extended,
            clock=clock,
        )
        result, files = render(result, clock)
        if interrupted and directory.finished:
            directory.end(result.status)
            return result, []
        return result, directory.finish(files, result.status)


def rehearse(config: Config, options: Options, watcher: Watcher, clock: Clock) -> dict[str, Any]:
    """Do everything but the measuring: load, compile, and time one chunk of one climb, in which no rate is above zero.

    Returns:
        Facts by name, for reading: model, data, parameters, memory in bytes, expected seconds.
    """
    plan, platform = prepare(config, options, watcher, clock)
    from lrfind.confirm import expected
    from lrfind.engine import devices
    from lrfind.plan import memory

    with devices.failures():
        kernel, states, judged = compiled(plan, platform, watcher, clock)
        begin = time.perf_counter()
        still = np.zeros((min(kernel.chunk, config.sweep.steps), len(states)))
        next(iter(kernel.run(states, still)))
        seconds = (time.perf_counter() - begin) * config.sweep.steps / len(still)
    trainings = max(0, int(expected(plan, judged))) if judged else 0
    confirming = seconds * trainings / (config.sweep.steps * len(states))
    seconds += min(confirming, config.confirm.max_seconds or confirming)
    return {
        "model": plan.network.describe(),
        "parameters": plan.parameters,
        "frozen": plan.frozen,
        "precision": config.precision,
        "data": plan.describe_data(),
        "loss": plan.loss,
        "lanes": len(states),
        "memory_bytes": memory(plan),
        "sweep_steps": config.sweep.steps,
        "confirm_steps": trainings,
        "train_steps": plan.train_steps,
        "expected_seconds": round(seconds + sum(clock.spent.values()), 2),
    }


def prepare(config: Config, options: Options, watcher: Watcher, clock: Clock) -> tuple[Plan, str]:
    """Import JAX, load the data, build the network; returns the plan and the platform."""
    with clock("import_"):
        watcher.phase("import")
        from lrfind.engine import devices

        platform = devices.configure(options.device, cache=options.cache)
        from lrfind import plan as plans
    with clock("data"):
        watcher.phase("data")
        try:
            plan = plans.make(config)
        except MemoryError:
            raise InputError("there is no memory for the data; take fewer rows, or 'name: npy'", key="data") from None
    return plan, platform


def compiled(
    plan: Plan, platform: str, watcher: Watcher, clock: Clock, tape: Tape | None = None
) -> tuple[Kernel, list[Any], Judge | None]:
    """The compiled kernel, every seed's starting state, and what trainings are judged by if there will be any. A run
    that is carried on keeps its execution."""
    from lrfind.confirm import judge, rehearse_schedules
    from lrfind.engine.host import chunk_within
    from lrfind.engine.kernel import Kernel, chunk_for
    from lrfind.types import Execution

    config = plan.config
    told = tape.next("execution") if tape else None
    rows = config.data.batch_size * config.optimizer.accumulate
    chunk = chunk_within(chunk_for(plan.parameters, rows, config.sweep.steps), plan.step_bytes)
    judged = judge(plan) if config.confirm.enabled else None
    lane_steps = config.sweep.steps * len(plan.seeds)
    kernel = Kernel(
        plan.step,
        plan.feed(),
        platform,
        execution=Execution(told["steps"], told["lanes"], told["compiler"]) if told else None,
        chunk=chunk,
        lane_steps=max(lane_steps, config.confirm.budget) if judged else lane_steps,
    )
    with clock("compile"), ThreadPoolExecutor(max_workers=2) as pool:
        watcher.phase("compile")
        starting = pool.submit(plan.starts, platform)  # XLA compiles outside of Python's lock, so these overlap.
        if judged is not None:
            others = [
                pool.submit(judged.compile, plan.shapes()[0], platform),
                pool.submit(rehearse_schedules, plan, judged),
            ]
        kernel.compile(plan.shapes())
        for other in others if judged else ():
            other.result()
        if tape is not None and told is None:
            tape.add({"kind": "execution", **asdict(kernel.execution)})
        return kernel, starting.result(), judged


def begins_at(config: Config, climb: Climb) -> float | None:
    """Where the trainings begin: the rate that the configured method reads off the curve, or a guess where noise hides
    it."""
    from lrfind.analysis.recommend import guess
    from lrfind.analysis.suggest import suggestions

    found = suggestions(config.sweep.method, climb.reading, climb.loss)[config.sweep.method]
    return guess(climb.reading) if found.learning_rate is None else found.learning_rate


def check(plan: Plan, kernel: Kernel, states: list[Any], begun: Confirmed, tape: Tape, watcher: Watcher) -> None:
    """Train at the candidates, judge and watch."""
    from lrfind.confirm import confirm
    from lrfind.engine.recorded import Recorded

    race, limit = begun.race, plan.config.confirm.max_seconds
    if race.possible:
        watcher.expect(race.budget, race.budget * begun.per_step)
    began = time.monotonic()

    def late() -> bool:
        nonlocal began
        if limit is None:
            return False
        spent = tape.once("time", lambda: {"seconds": time.monotonic() - began})["seconds"]
        began = time.monotonic() - spent  # What was spent before a kill counts as well.
        return bool(spent > limit)

    def judged(group: Sequence[Any]) -> tuple[Floats, Floats]:
        def judge() -> dict[str, Any]:
            loss, train_loss = begun.judge(group)
            return {"loss": loss.tolist(), "train_loss": train_loss.tolist()}

        told = tape.once("judged", judge)
        return np.array(told["loss"], np.float64), np.array(told["train_loss"], np.float64)

    recorded = Recorded(kernel, tape, "confirm", watcher.repeat, fields=("loss",))
    for lap in confirm(plan, recorded, states, judged, race, late):
        watcher.train(len(lap.heat.rates), lap.heat.steps, lap.done, race.budget)


def remembered(tape: Tape, measure: Callable[[], Stability | None]) -> Stability | None:
    """The sharpness, measured once."""
    from lrfind.engine.curvature import Stability

    def found() -> dict[str, Any]:
        stability = measure()
        return {"found": asdict(stability) if stability else None}

    told = tape.once("sharpness", found)["found"]
    return Stability(**told) if told else None
