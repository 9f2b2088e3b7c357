"""The confirmation end to end: what is trained, from where, on what, and what a run says of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from lrfind.analysis.confirmation.search import LOOK, Search, horizons
from lrfind.analysis.range_test import methods
from lrfind.config.schema import Config
from lrfind.core.dataset import Floats
from lrfind.core.registry import SCHEDULES
from lrfind.core.result import Candidate, Result, Suggestion
from lrfind.engine import train_loop as kernels
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import LaneRun
from lrfind.runs import measure as measurements
from lrfind.runs.callbacks import Callback
from lrfind.runs.confirmation import (
    MOST,
    MOST_PRODUCTS,
    STILL,
    RungChunk,
    expected,
    run_rungs,
    sharpness_cost,
    step_budget,
)
from lrfind.runs.evaluator import Evaluator, make_evaluator
from lrfind.runs.prepare import Options, RunContext
from lrfind.runs.sweep import dry_run, sweep
from lrfind.storage import journal as journals
from lrfind.storage import layout
from lrfind.task.data.rows import draw_held_out
from lrfind.task.optim import schedules
from lrfind.task.task import Task, make
from tests.support.journals import journal_lines

BUDGET = 1300
CONFIG: dict[str, Any] = {
    "model": {"name": "linear"},
    "data": {"name": "digits", "batch_size": 64},
    "optimizer": {"name": "adam"},
    "train": {"steps": 400, "schedule": {"name": "cosine", "warmup_steps": 20}},
    "sweep": {"min_lr": 1e-5, "max_lr": 10.0, "steps": 40, "seeds": 3, "extend": False},
    "confirm": {"budget": BUDGET},
}
REGRESSION = {"data": {"name": "friedman", "rows": 300, "batch_size": 20}}
CHUNK = 25


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "chunk_for", lambda *_: CHUNK)


def config(**sections: dict[str, Any]) -> Config:
    """The tiny config with some keys changed; another data set or model takes the place of what was there."""
    merged = {name: changes if "name" in changes else {**CONFIG[name], **changes} for name, changes in sections.items()}
    return Config.model_validate({**CONFIG, **merged})


def npz(folder: Path, inputs: Any, targets: Any, **sections: dict[str, Any]) -> Config:
    """The tiny config with data of its own."""
    np.savez(folder / "d.npz", x=inputs, y=targets)
    own = {"name": "npz", "path": str(folder / "d.npz"), "batch_size": 20}
    return config(**{**sections, "data": own | sections.get("data", {})})


class Watching(Callback):
    """A watcher who remembers, and may press Ctrl-C after some chunks of the heats."""

    def __init__(self, patience: int = 10**6) -> None:
        self.patience = patience
        self.phases: list[str] = []
        self.expected: list[tuple[float, float]] = []
        self.trained: list[tuple[int, int, float, float]] = []

    def phase(self, name: str) -> None:
        self.phases.append(name)

    def on_confirm_start(self, steps: float, seconds: float) -> None:
        self.expected.append((steps, seconds))

    def on_rung_chunk(self, rates: int, horizon: int, done: float, total: float) -> None:
        self.trained.append((rates, horizon, done, total))
        if len(self.trained) >= self.patience:
            raise KeyboardInterrupt


def render(result: Result, context: RunContext) -> tuple[Result, Mapping[str, bytes]]:
    return result, {layout.RESULT: result.status.encode()}


@dataclass(frozen=True)
class Ran:
    """A run, its journal, and who watched it."""

    result: Result
    journal: list[dict[str, Any]]
    callback: Watching

    def lines(self, kind: str) -> list[dict[str, Any]]:
        return [line for line in self.journal if line["kind"] == kind]


def measure(folder: Path, given: Config, patience: int = 10**6) -> Ran:
    """A run in a folder."""
    callback = Watching(patience)
    result, _ = sweep(given, "name", render, Options(out=folder), callback)
    return Ran(result, journal_lines(folder / journals.JOURNAL), callback)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A run of the tiny config."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "chunk_for", lambda *_: CHUNK)
        return measure(tmp_path_factory.mktemp("ran"), config())


@dataclass(frozen=True)
class Raced:
    """The heats of the tiny config, without what is around them."""

    task: Task
    train_loop: TrainLoop
    starts: list[Any]
    judged: Evaluator
    search: Search
    laps: list[RungChunk]

    def lane(self, steps: int, rate: float, seed: int) -> Floats:
        """The losses of a training, step by step."""
        parts = [
            rung_chunk.chunk.loss[lane]
            for rung_chunk in self.laps
            for lane, each in enumerate(zip(rung_chunk.rates, rung_chunk.seeds, strict=True))
            if rung_chunk.rung.steps == steps and each == (rate, seed)
        ]
        return np.concatenate(parts)


@pytest.fixture(scope="module")
def raced() -> Raced:
    task = make(config())
    train_loop = TrainLoop(task.step, task.batches.feed(), "cpu", chunk=CHUNK)
    starts = [jax.tree.map(np.asarray, state) for state in task.starts("cpu")]
    judged = make_evaluator(task)
    untrained, _ = judged(starts)
    train_loop.compile(task.shapes())
    search = Search(0.03, task.train_steps, 1000.0, len(starts), untrained, judged.cost)
    laps = list(run_rungs(task, train_loop, starts, judged, search, lambda: False))
    return Raced(task, train_loop, starts, judged, search, laps)


class TestHeats:
    def test_candidates_of_a_seed_share_starting_weights_and_batches(self, raced: Raced) -> None:
        """Before the first update, every training of a seed has the same loss, to the bit."""
        first: dict[int, set[float]] = {}
        for rung_chunk in raced.laps:
            if rung_chunk.chunk.start == 0:
                for lane, seed in enumerate(rung_chunk.seeds):
                    first.setdefault(seed, set()).add(float(rung_chunk.chunk.loss[lane, 0]))
        assert sorted(first) == [0, 1]
        assert all(len(losses) == 1 for losses in first.values())
        assert first[0] != first[1]

    def test_a_lane_is_a_training_of_its_own_to_the_bit(self, raced: Raced) -> None:
        task = raced.task
        lengths = sorted(raced.search.scores)
        assert len(lengths) == 3
        alone = TrainLoop(task.step, task.batches.feed(), "cpu", raced.train_loop.execution, chunk=40)
        for steps in lengths:
            for rung_chunk in [
                rung_chunk
                for rung_chunk in raced.laps
                if rung_chunk.rung.steps == steps and rung_chunk.chunk.start == 0
            ][:2]:
                for rate, seed in [
                    (rung_chunk.rates[0], rung_chunk.seeds[0]),
                    (rung_chunk.rates[-1], rung_chunk.seeds[-1]),
                ]:
                    rates = (task.schedule(steps).factors * rate)[:, None]
                    chunks = list(alone.train(LaneRun([raced.starts[seed]], rates, seeds=[seed])))
                    loss = np.concatenate([chunk.loss[0] for chunk in chunks])
                    np.testing.assert_array_equal(raced.lane(steps, rate, seed), loss)
                    held_out, trained_on = raced.judged(chunks[-1].states)
                    table, own = raced.search.scores[steps], raced.search.train_scores[steps]
                    assert table[math.log10(rate)][seed] == held_out[0]
                    assert own[math.log10(rate)][seed] == trained_on[0]

    def test_a_heat_runs_as_many_lanes_at_once_as_the_sweep(self, raced: Raced) -> None:
        assert max(len(rung_chunk.seeds) for rung_chunk in raced.laps) == len(raced.starts)
        for steps in raced.search.scores:
            lanes = {
                (rate, seed)
                for rung_chunk in raced.laps
                if rung_chunk.rung.steps == steps
                for rate, seed in zip(rung_chunk.rates, rung_chunk.seeds, strict=True)
            }
            assert len(lanes) == sum(len(row) for row in raced.search.scores[steps].values())

    def test_done_counts_up_to_what_was_spent(self, raced: Raced) -> None:
        done = [rung_chunk.done for rung_chunk in raced.laps]
        assert done == sorted(done)
        assert done[0] > 0
        assert done[-1] <= raced.search.spent <= raced.search.budget

    def test_no_heat_is_begun_after_the_deadline(self, raced: Raced) -> None:
        search = Search(0.3, 400, 1000.0, 3, raced.search.untrained, raced.judged.cost)
        assert list(run_rungs(raced.task, raced.train_loop, raced.starts, raced.judged, search, lambda: True)) == []
        assert search.scores == {}


@pytest.mark.parametrize(("batch", "products"), [(64, 1.0), (8, 32 / 8)])
def test_the_sharpness_costs_two_steps_a_product_of_at_least_32_rows(batch: int, products: float) -> None:
    cost = sharpness_cost(make(config(data={"name": "digits", "batch_size": batch})))
    assert cost == STILL + 2 * MOST_PRODUCTS * products
    assert sharpness_cost(make(config(optimizer={"name": "lion"}))) == 0


class TestSchedule:
    def test_it_is_squeezed_into_the_length(self) -> None:
        task = make(config())
        for horizon, warmup in ((400, 20), (100, 5), (5, 1)):
            found = task.schedule(horizon).factors
            np.testing.assert_array_equal(found, schedules.unit("cosine", horizon, warmup_steps=warmup, end_factor=0.0))
            assert (found[0], found.max(), len(found)) == (0, 1, horizon)
        np.testing.assert_allclose(task.schedule(100).factors, task.schedule(400).factors[::4], atol=1e-6)

    @pytest.mark.parametrize("name", SCHEDULES)
    def test_every_schedule_has_every_length(self, name: str) -> None:
        task = make(config(train={"steps": 50, "schedule": {"name": name, "warmup_steps": 3}}))
        for horizon in (1, 2, 5, 50):
            found = task.schedule(horizon).factors
            assert found.shape == (horizon,)
            assert np.isfinite(found).all()
            assert found.min() >= 0
            assert found.max() == pytest.approx(1, abs=1e-6)

    def test_a_length_is_compiled_once(self) -> None:
        task = make(config(train={"steps": 317}))
        first = task.schedule(13).factors
        assert make(config(train={"steps": 317})).schedule(13).factors is first


class TestRun:
    def test_it_ends_in_a_confirmed_rate(self, ran: Ran) -> None:
        result = ran.result
        rate = result.recommendation
        assert result.status == "complete"
        assert rate.confirmed
        assert rate.learning_rate is not None
        assert rate.low is not None
        assert rate.high is not None
        assert rate.low <= rate.learning_rate <= rate.high
        assert rate.reason.startswith("lowest held-out loss of ")
        assert f"{rate.learning_rate:.3g}" in result.facts.optimizer
        assert result.timing.confirm > 0
        assert ran.callback.phases == ["import", "data", "compile", "sweep", "confirm", "render"]

    def test_the_suggestion_is_a_candidate(self, ran: Ran) -> None:
        suggested = ran.result.suggestions["steepest"].learning_rate
        assert suggested is not None
        first = [each.learning_rate for each in candidates(ran) if each.steps == candidates(ran)[0].steps]
        assert any(math.isclose(rate, suggested, rel_tol=1e-9) for rate in first)
        assert len(first) >= len(LOOK)

    def test_the_journal_holds_every_training_step_by_step(self, ran: Ran) -> None:
        trained = {
            (line["steps"], rate, seed)
            for line in ran.lines("confirm")
            for rate, seed in zip(line["learning_rate"], line["seed"], strict=True)
        }
        assert len(trained) == sum(len(each.loss) for each in candidates(ran))
        for line in ran.lines("confirm"):
            assert len(line["loss"]) == len(line["learning_rate"])
            assert line["start"] % CHUNK == 0
            assert {len(row) for row in line["loss"]} == {min(CHUNK, line["steps"] - line["start"])}

    def test_the_budget_is_kept(self, ran: Ran) -> None:
        steps = sum(len(row) for line in ran.lines("sweep") + ran.lines("confirm") for row in line["loss"])
        confirmation = ran.result.confirmation
        assert confirmation is not None
        assert steps < confirmation.spent <= confirmation.budget == BUDGET
        assert confirmation.spent > 0.7 * BUDGET

    def test_watchers_hear_how_far_it_is(self, ran: Ran) -> None:
        ((steps, seconds),) = ran.callback.expected
        assert 0 < steps <= BUDGET
        assert seconds > 0
        done = [each[2] for each in ran.callback.trained]
        assert done == sorted(done)
        assert done[-1] <= ran.callback.trained[-1][3] == steps
        assert len(done) == len(ran.lines("confirm"))

    def test_twice_the_same_bits(self, ran: Ran, tmp_path: Path) -> None:
        again = measure(tmp_path, config())
        assert again.lines("confirm") == ran.lines("confirm")
        assert again.lines("sweep") == ran.lines("sweep")
        assert again.result.recommendation == ran.result.recommendation
        assert again.result.confirmation == ran.result.confirmation
        assert again.result.warnings == ran.result.warnings

    def test_one_seed(self, tmp_path: Path) -> None:
        found = measure(tmp_path, config(sweep={"seeds": 1})).result
        assert found.confirmation is not None
        assert found.confirmation.seed_factor is None
        assert {len(each.loss) for each in found.confirmation.candidates} == {1}


def by_the_curve(found: Result) -> float:
    """The rate without confirmation: the geometric mean of the steepest descent and 0.4 times the lowest loss's."""
    steepest, tenth = (found.suggestions[name].learning_rate for name in ("steepest", "minimum"))
    assert steepest is not None
    assert tenth is not None
    return math.sqrt(steepest * 4 * tenth)


class TestUnconfirmed:
    """The curve alone makes the recommendation, and a warning says why."""

    @staticmethod
    def unconfirmed(found: Result) -> str:
        rate, suggested = found.recommendation, found.suggestions["steepest"]
        assert not rate.confirmed
        np.testing.assert_allclose(rate.learning_rate, by_the_curve(found))
        assert suggested.learning_rate is not None
        by = by_the_curve(found) / suggested.learning_rate
        ends = [None if end is None else pytest.approx(end * by) for end in (suggested.low, suggested.high)]
        assert [rate.low, rate.high] == ends
        assert rate.learning_rate is not None
        assert found.confirmation is None
        assert found.status == "complete"
        return found.warnings[-1] if found.warnings else ""

    def test_when_it_is_switched_off(self, tmp_path: Path) -> None:
        found = measure(tmp_path, config(confirm={"enabled": False}))
        assert "confirmed" not in self.unconfirmed(found.result)
        assert "confirm" not in found.callback.phases
        assert found.lines("confirm") == []
        assert found.result.timing.confirm == 0

    @pytest.mark.parametrize("budget", [1, 200])
    def test_when_the_budget_is_too_small(self, tmp_path: Path, budget: int) -> None:
        found = measure(tmp_path, config(confirm={"budget": budget}))
        said = self.unconfirmed(found.result)
        assert said.startswith("the suggestion is not confirmed: confirm.budget leaves ")
        assert said.endswith("; raise it")
        assert found.lines("confirm") == []
        assert found.callback.expected == []

    def test_when_the_time_is_too_short(self, tmp_path: Path) -> None:
        found = measure(tmp_path, config(confirm={"max_seconds": 1e-9}))
        said = self.unconfirmed(found.result)
        assert said.startswith("the suggestion is not confirmed: confirm.max_seconds leaves 0 optimiser steps")
        assert found.lines("confirm") == []

    def test_when_there_is_nothing_to_judge_by(self, tmp_path: Path) -> None:
        """One held-out row is so far out that no loss on it is a number."""
        rng = np.random.default_rng(0)
        inputs = rng.normal(size=(200, 4))
        targets = inputs @ rng.normal(size=(4, 1)) + 1
        inputs[draw_held_out(200, None, 0.2, 0)[3]] = 1e30
        said = self.unconfirmed(measure(tmp_path, npz(tmp_path, inputs, targets)).result)
        assert said == (
            "the suggestion is not confirmed: the held-out loss is not finite before training, so there is nothing to "
            "judge by; look for what is far out in the data"
        )


class TestInterrupted:
    @pytest.mark.parametrize("patience", [1, 2])
    def test_in_the_first_heat(self, ran: Ran, tmp_path: Path, patience: int) -> None:
        found = measure(tmp_path, config(), patience)
        self.stopped(found, patience)
        judged = found.result.confirmation
        assert (judged is None) == (patience == 1)
        if judged is not None:  # One group of lanes, which is one rate with all of its seeds.
            assert [len(each.loss) for each in judged.candidates] == [2]
            assert judged.horizons == ()
        assert found.lines("confirm") == ran.lines("confirm")[:patience]

    def test_after_the_first_heat_what_was_found_is_kept(self, ran: Ran, tmp_path: Path) -> None:
        chunks = len(ran.lines("confirm"))
        found = measure(tmp_path, config(), chunks)
        self.stopped(found, chunks)
        confirmation, whole = found.result.confirmation, ran.result.confirmation
        assert confirmation is not None
        assert whole is not None
        assert 0 < len(confirmation.candidates) < len(whole.candidates)
        assert set(confirmation.candidates) <= set(whole.candidates)

    @staticmethod
    def stopped(found: Ran, chunks: int) -> None:
        result = found.result
        assert result.status == "interrupted"
        assert result.warnings[0] == "interrupted during the confirmation"
        assert not result.recommendation.confirmed
        np.testing.assert_allclose(result.recommendation.learning_rate, by_the_curve(result))
        assert found.journal[-1] == {"kind": "end", "status": "interrupted"}
        assert len(found.lines("confirm")) == chunks


class TestData:
    def test_without_held_out_rows_training_loss_decides(self, tmp_path: Path) -> None:
        found = measure(tmp_path, config(data={"validation_fraction": 0.0})).result
        assert found.confirmation is not None
        assert found.confirmation.judged_on == "training loss"
        assert "lowest training loss of " in found.recommendation.reason
        assert "nothing is held out, so the rates were judged by training loss, which rewards over-fitting" in (
            found.warnings
        )
        for each in found.confirmation.candidates:
            assert each.loss == each.train_loss

    @pytest.mark.parametrize("model", [{"name": "linear"}, {"name": "mlp", "hidden": [16]}], ids=lambda m: m["name"])
    def test_shuffled_labels_are_noticed(self, tmp_path: Path, model: dict[str, Any]) -> None:
        rng = np.random.default_rng(0)
        inputs = rng.normal(size=(1000, 5)).astype(np.float32)
        labels = rng.permutation((inputs @ rng.normal(size=(5, 4))).argmax(axis=1))
        found = measure(tmp_path / "run", npz(tmp_path, inputs, labels, model=model)).result
        assert found.confirmation is not None
        if found.recommendation.learning_rate is None:
            assert found.status == "no_recommendation"
            assert found.recommendation.reason.startswith("no training did better than a constant answer")
        else:
            assert any("no training did better than a constant answer so far" in each for each in found.warnings)

    def test_a_loss_that_explodes_at_any_rate(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(0)
        given = npz(tmp_path, 1e6 * rng.normal(size=(200, 4)), rng.normal(size=200), optimizer={"name": "sgd"})
        found = measure(tmp_path / "run", given).result
        assert found.status == "no_recommendation"
        assert found.recommendation.learning_rate is None
        assert found.confirmation is None
        assert "diverged" in found.recommendation.reason or "blew up" in found.recommendation.reason

    def test_trainings_that_all_explode(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The sweep saw a rate; no training survives at any near it."""
        monkeypatch.setattr(measurements, "starting_rate", lambda config, climb: 1e6)
        found = measure(tmp_path, config(**REGRESSION, optimizer={"name": "sgd"})).result
        assert found.status == "no_recommendation"
        assert "every training diverged, at rates from " in found.recommendation.reason
        assert found.confirmation is not None
        assert not any(math.isfinite(loss) for each in found.confirmation.candidates for loss in each.loss)

    def test_trainings_find_a_rate_that_the_sweep_does_not_show(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        none = Suggestion(None, None, None, "noise hides the fall")
        monkeypatch.setattr(methods, "suggest", lambda *_: none)
        found = measure(tmp_path / "a", config()).result
        assert found.suggestions["steepest"] == none
        assert found.status == "complete"
        assert found.recommendation.confirmed
        assert found.warnings[0] == (
            "the sweep alone shows no rate (noise hides the fall); trainings from a guess found this one"
        )
        small = measure(tmp_path / "b", config(confirm={"budget": 1})).result
        assert (small.status, small.recommendation.reason) == ("no_recommendation", none.reason)
        assert small.warnings[-1].startswith("no training was run: confirm.budget leaves 0 optimiser steps")
        stopped = measure(tmp_path / "c", config(), 1).result
        assert stopped.status == "interrupted"
        assert stopped.recommendation.reason == (
            "interrupted during the confirmation; what was measured until then shows no rate"
        )

    @pytest.mark.parametrize("steps", [1, 5, 30])
    def test_a_training_of_few_steps(self, tmp_path: Path, steps: int) -> None:
        short = {"steps": steps, "schedule": {"name": "constant"}}
        found = measure(tmp_path, config(train=short)).result
        assert found.confirmation is not None
        assert max(each.steps for each in found.confirmation.candidates) <= steps
        assert found.recommendation.steps == steps


class TestAllowance:
    def test_what_the_sweep_leaves(self) -> None:
        task = make(config())
        judged = make_evaluator(task)
        assert step_budget(task, 300.5, judged) == BUDGET - 300.5
        assert expected(task, judged) < BUDGET - 3 * 40

    def test_no_more_than_some_whole_trainings(self) -> None:
        task = make(config(train={"steps": 30}, confirm={"budget": 10**6}))
        assert step_budget(task, 100, make_evaluator(task)) == MOST * 30

    def test_the_first_heat_is_let_through(self) -> None:
        task = make(config(train={"steps": 1, "schedule": {"name": "constant"}}, confirm={"budget": 10**6}))
        judged = make_evaluator(task)
        search = Search(0.1, 1, step_budget(task, 100, judged), 3, np.ones(3), judged.cost)
        assert search.possible

    def test_a_rehearsal_knows_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        options = Options(cache=False)
        whole = dry_run(config(), options, Callback())
        task = make(config())
        assert whole["confirm_steps"] == int(expected(task, make_evaluator(task)))
        for changes in ({"enabled": False}, {"budget": 10}):
            assert dry_run(config(confirm=changes), options, Callback())["confirm_steps"] == 0

    def test_the_lengths_that_were_rehearsed_are_the_ones_raced(self, ran: Ran) -> None:
        task = make(config())
        judged = make_evaluator(task)
        confirmation = ran.result.confirmation
        assert confirmation is not None
        raced = tuple(each.steps for each in confirmation.horizons)
        assert raced == horizons(task.train_steps, expected(task, judged), judged.cost)


def candidates(ran: Ran) -> tuple[Candidate, ...]:
    assert ran.result.confirmation is not None
    return ran.result.confirmation.candidates
