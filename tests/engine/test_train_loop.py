"""The kernel against closed forms, against numpy, and against itself."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import jax
import numpy as np
import optax
import pytest

from lrfind.core.dataset import Floats
from lrfind.core.result import Execution
from lrfind.engine.step import GradientStep, Record, TrainState
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import Chunk, LaneRun, StepInputs
from lrfind.task.data.batches import weight_key
from tests.support.reference import train
from tests.support.tasks import (
    BATCHES,
    BOUND,
    INPUTS,
    LABELS,
    LOOP_EACH,
    LOOP_VMAP,
    NETWORK,
    SCAN_EACH,
    SCAN_VMAP,
    closed_form,
    closed_trust,
    compilations,
    constant,
    losses,
    mlp,
    mlp_starts,
    quadratic,
    quadratic_loss,
    quadratic_starts,
    trusts,
    walk,
    walk_starts,
)

LANES, STEPS = 3, 21
RATES = np.repeat(np.geomspace(0.01, 3, STEPS)[:, None], LANES, axis=1)
STEADY = np.repeat(np.geomspace(0.005, 0.1, STEPS)[:, None], LANES, axis=1)


made = cache(lambda make, *given, **others: make(*given, **others))
"""A train loop that is compiled once, for tests that do not count how often one is."""


@pytest.fixture(scope="module")
def square() -> TrainLoop:
    return quadratic()


@pytest.fixture(scope="module")
def scanned() -> TrainLoop:
    return mlp(SCAN_EACH)


@pytest.fixture(scope="module")
def walking() -> TrainLoop:
    return walk()


@pytest.fixture(scope="module")
def curve(scanned: TrainLoop) -> Floats:
    return losses(scanned.train(LaneRun(mlp_starts(LANES), RATES)))


def test_sgd_on_a_quadratic_follows_the_closed_form(square: TrainLoop) -> None:
    rates = np.stack([np.geomspace(1e-3, 0.15, 25), np.full(25, 0.05)], axis=1)
    found = losses(square.train(LaneRun(quadratic_starts(2), rates)))
    expected = np.stack([closed_form(rates[:, 0]), closed_form(rates[:, 1])])
    np.testing.assert_allclose(found, expected, rtol=2e-5)


def test_sgd_on_a_quadratic_diverges_above_two_over_the_curvature(square: TrainLoop) -> None:
    below, at, above = losses(
        square.train(LaneRun(quadratic_starts(3), constant([0.99 * BOUND, BOUND, 1.01 * BOUND], 150)))
    )
    steep = 0.5 * 10  # the steep direction's share of the first loss
    assert below[-1] < 0.1 * steep
    assert at[-1] == pytest.approx(steep, rel=1e-4)
    assert above[-1] > 10 * steep


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_a_network_trains_as_numpy_says(name: str) -> None:
    steps, rates = 8, np.geomspace(0.01, 0.2, 8)
    chunks = list(mlp(optimizer=name).train(LaneRun(mlp_starts(2, name), np.repeat(rates[:, None], 2, axis=1))))
    for lane in range(2):
        layers, _ = NETWORK.init(weight_key(0, lane))
        expected = train(name, layers, INPUTS, LABELS, BATCHES.indices(lane, 0, steps), rates)
        np.testing.assert_allclose(chunks[0].loss[lane], expected.loss, rtol=1e-5)
        np.testing.assert_allclose(chunks[0].gradient_norm[lane], expected.gradient_norm, rtol=1e-5)
        np.testing.assert_allclose(chunks[0].update_norm[lane], expected.update_norm, rtol=1e-5)
        for layer, other in zip(chunks[0].states[lane].params, expected.layers, strict=True):
            np.testing.assert_allclose(layer["weight"], other["weight"], rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(layer["bias"], other["bias"], rtol=1e-4, atol=1e-5)


def test_scan_and_loop_give_the_same_bits(curve: Floats) -> None:
    np.testing.assert_array_equal(losses(made(mlp, LOOP_EACH).train(LaneRun(mlp_starts(LANES), RATES))), curve)


@pytest.mark.parametrize("execution", [SCAN_VMAP, LOOP_VMAP], ids=["scan", "loop"])
def test_vmapped_lanes_agree_before_the_minimum(execution: Execution, curve: Floats) -> None:
    found = losses(made(mlp, execution).train(LaneRun(mlp_starts(LANES), RATES)))
    assert found.shape == curve.shape
    for row, other in zip(found, curve, strict=True):
        stop = int(np.argmin(other)) + 1
        assert stop > 5
        np.testing.assert_allclose(row[:stop], other[:stop], rtol=1e-5)


def test_a_lane_does_not_depend_on_the_others(scanned: TrainLoop, curve: Floats) -> None:
    np.testing.assert_array_equal(losses(scanned.train(LaneRun(mlp_starts(1), RATES[:, :1]))), curve[:1])
    assert not np.array_equal(curve[0], curve[1])


@pytest.mark.parametrize("chunk", [7, 40])
def test_the_chunk_does_not_change_the_bits(chunk: int, walking: TrainLoop) -> None:
    found = losses(walk(chunk=chunk).train(LaneRun(walk_starts(LANES), STEADY)))
    np.testing.assert_array_equal(found, losses(walking.train(LaneRun(walk_starts(LANES), STEADY))))


def test_one_compilation_serves_every_rate_length_and_number_of_lanes() -> None:
    train_loop, states = walk(), walk_starts(LANES)
    with compilations() as first:
        train_loop.compile(states[:1])
    assert len(first) == 1
    with compilations() as more:
        losses(train_loop.train(LaneRun(states, STEADY)))
        losses(train_loop.train(LaneRun(states[:1], STEADY[:7, :1] / 3)))
    assert more == []


def test_shapes_are_enough_to_compile(walking: TrainLoop) -> None:
    train_loop, states = walk(), walk_starts(1)
    train_loop.compile(jax.eval_shape(lambda: states))
    with compilations() as more:
        found = losses(train_loop.train(LaneRun(states, STEADY[:, :1])))
    assert more == []
    np.testing.assert_array_equal(found, losses(walking.train(LaneRun(states, STEADY[:, :1]))))


@pytest.mark.parametrize("cut", [7, 10, 13])
def test_a_run_continues_bit_for_bit(cut: int, walking: TrainLoop) -> None:
    chunks = list(walking.train(LaneRun(walk_starts(LANES), STEADY[:cut])))
    assert [chunk.start for chunk in chunks] == list(range(0, cut, 10))
    rest = list(walking.train(LaneRun(chunks[-1].states, STEADY[cut:], start=cut)))
    assert [chunk.start for chunk in rest] == list(range(cut, STEPS, 10))
    found = np.concatenate([chunk.loss for chunk in [*chunks, *rest]], axis=1)
    np.testing.assert_array_equal(found, losses(walking.train(LaneRun(walk_starts(LANES), STEADY))))


@pytest.mark.parametrize("execution", [SCAN_EACH, LOOP_EACH, SCAN_VMAP, LOOP_VMAP], ids=str)
def test_states_are_those_of_each_lane(execution: Execution) -> None:
    [chunk] = quadratic(execution, chunk=4).train(LaneRun(quadratic_starts(2), constant([0.01, 0.02], 4)))
    assert (chunk.start, chunk.loss.shape, len(chunk.states)) == (0, (2, 4), 2)
    for rate, state in zip((0.01, 0.02), chunk.states, strict=True):
        expected = np.array([3.0, 1.0]) * (1 - rate * np.array([1.0, 10.0])) ** 4
        np.testing.assert_allclose(state.params, expected, rtol=1e-5)


def test_nothing_but_the_next_rows_is_computed_that_nobody_asks_for() -> None:
    train_loop = quadratic()
    asked: list[tuple[int, int, int]] = []
    draw = train_loop.feed.draw

    def noted(lane: int, begin: int, stop: int) -> StepInputs:
        asked.append((lane, begin, stop))
        return draw(lane, begin, stop)

    train_loop.feed = replace(train_loop.feed, draw=noted)
    train_loop.compile(quadratic_starts(1))
    asked.clear()
    run = train_loop.train(LaneRun(quadratic_starts(2), RATES[:, :2]))
    assert asked == []
    next(run)
    run.close()
    drawn_ahead = [(0, 10, 20), (1, 10, 20)]
    assert sorted(asked) == sorted([(0, 0, 10), (1, 0, 10), *drawn_ahead])


@pytest.mark.parametrize("execution", [SCAN_EACH, LOOP_EACH, SCAN_VMAP, LOOP_VMAP], ids=str)
def test_a_lost_lane_does_not_disturb_the_others(execution: Execution) -> None:
    train_loop = made(quadratic, execution)
    calm = losses(train_loop.train(LaneRun(quadratic_starts(3), constant([0.01, 0.02, 0.03], 12))))
    beside = losses(train_loop.train(LaneRun(quadratic_starts(3), constant([0.01, 1e30, 0.03], 12))))
    assert not np.isfinite(beside[1, -1])
    np.testing.assert_array_equal(beside[[0, 2]], calm[[0, 2]])


@pytest.mark.parametrize("execution", [SCAN_EACH, LOOP_EACH, SCAN_VMAP], ids=str)
def test_the_callers_states_are_left_alone(execution: Execution) -> None:
    states = quadratic_starts(1) + [jax.tree.map(jax.device_put, state) for state in quadratic_starts(1)]
    train_loop = made(quadratic, execution)
    first, second = (losses(train_loop.train(LaneRun(states, constant([0.1, 0.1], 12)))) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    for state in states:
        np.testing.assert_array_equal(state.params, [3, 1])


@pytest.mark.parametrize(("platform", "expected"), [("cpu", SCAN_EACH), ("gpu", SCAN_VMAP)])
def test_a_kernel_chooses_by_its_platform(platform: str, expected: Execution, square: TrainLoop) -> None:
    chosen = TrainLoop(GradientStep(quadratic_loss, optax.sgd), square.feed, platform)
    with pytest.raises(AssertionError, match="compile first"):
        _ = chosen.execution
    chosen.compile(quadratic_starts(2))
    assert chosen.execution == expected


TWO_DEVICES = """
import jax, numpy as np
from lrfind.engine.trainer import LaneRun
from tests.support.tasks import closed_form, constant, losses, quadratic, quadratic_starts
assert jax.device_count() == 2
found = losses(quadratic().train(LaneRun(quadratic_starts(3), constant([0.01, 0.02, 0.03], 12))))
expected = [closed_form(np.full(12, rate)) for rate in (0.01, 0.02, 0.03)]
np.testing.assert_allclose(found, expected, rtol=1e-5)
"""


def test_two_devices_do_no_harm() -> None:
    tests = str(Path(__file__).parents[1])
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu", "PYTHONPATH": tests}
    done = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES], env={**os.environ, **flags}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


EVERY = 4
EXECUTIONS = [SCAN_EACH, LOOP_EACH, SCAN_VMAP, LOOP_VMAP]
MEASURED = np.arange(STEPS) % EVERY == 0


@pytest.fixture(scope="module")
def probing() -> TrainLoop:
    return mlp(SCAN_EACH, probe=True)


@pytest.fixture(scope="module")
def trust(probing: TrainLoop) -> Floats:
    return trusts(probing.train(LaneRun(mlp_starts(LANES), STEADY, probe_every=EVERY)))


@pytest.mark.parametrize("execution", EXECUTIONS, ids=str)
def test_trust_on_a_quadratic_follows_the_closed_form(execution: Execution) -> None:
    rates = np.stack([np.geomspace(1e-3, 0.15, STEPS), np.full(STEPS, 0.05)], axis=1)
    found = trusts(made(quadratic, execution, probe=True).train(LaneRun(quadratic_starts(2), rates, probe_every=EVERY)))
    expected = np.stack([closed_trust(rates[:, 0]), closed_trust(rates[:, 1])])
    assert found.dtype == np.float64
    np.testing.assert_allclose(found[:, MEASURED], expected[:, MEASURED], atol=2e-3)
    assert np.isnan(found[:, ~MEASURED]).all()


@pytest.mark.parametrize("execution", [LOOP_EACH, SCAN_VMAP, LOOP_VMAP], ids=str)
def test_all_executions_measure_the_same(execution: Execution, trust: Floats) -> None:
    assert np.isfinite(trust[:, MEASURED]).all()
    found = trusts(made(mlp, execution, probe=True).train(LaneRun(mlp_starts(LANES), STEADY, probe_every=EVERY)))
    np.testing.assert_allclose(found, trust, atol=1e-3)


def test_one_program_measures_and_does_not(trust: Floats) -> None:
    train_loop, states = mlp(SCAN_EACH, probe=True), mlp_starts(LANES)
    train_loop.compile(states)
    with compilations() as more:
        chunks = {every: list(train_loop.train(LaneRun(states, STEADY, probe_every=every))) for every in (0, 1, EVERY)}
    assert more == []
    never, always, some = (trusts(iter(each)) for each in chunks.values())
    assert np.isnan(never).all()
    assert np.isfinite(always).all()
    np.testing.assert_array_equal(some, trust)
    np.testing.assert_array_equal(some[:, MEASURED], always[:, MEASURED])
    for each in (1, EVERY):
        np.testing.assert_array_equal(losses(iter(chunks[each])), losses(iter(chunks[0])))


def test_a_loop_has_a_program_for_measured_steps() -> None:
    train_loop, states = mlp(LOOP_EACH, probe=True), mlp_starts(LANES)
    train_loop.compile(states)
    with compilations() as more:
        never = losses(train_loop.train(LaneRun(states, STEADY)))
        always = losses(train_loop.train(LaneRun(states, STEADY, probe_every=1)))
    assert more == []
    np.testing.assert_allclose(always, never, rtol=1e-5)
    np.testing.assert_array_equal(never, losses(made(mlp, LOOP_EACH).train(LaneRun(states, STEADY))))


def test_steps_are_measured_by_their_number(probing: TrainLoop, trust: Floats) -> None:
    cut = 7
    first = list(probing.train(LaneRun(mlp_starts(LANES), STEADY[:cut], probe_every=EVERY)))
    rest = list(probing.train(LaneRun(first[-1].states, STEADY[cut:], start=cut, probe_every=EVERY)))
    np.testing.assert_array_equal(trusts(iter([*first, *rest])), trust)


@pytest.mark.parametrize("execution", EXECUTIONS, ids=str)
def test_a_step_without_trust_enters_as_it_is(execution: Execution) -> None:
    def own(state: TrainState, batch: object, rate: jax.Array, key: object) -> tuple[TrainState, Record]:
        weights = state.params - rate * batch * state.params
        return state._replace(params=weights), Record(quadratic_loss(state.params, (), batch, key, True)[0], rate, rate)

    train_loop = TrainLoop(own, quadratic().feed, "cpu", execution, chunk=10)
    chunks = list(train_loop.train(LaneRun(quadratic_starts(2), constant([0.01, 0.02], 12), probe_every=1)))
    np.testing.assert_allclose(losses(iter(chunks))[1], closed_form(np.full(12, 0.02)), rtol=1e-5)
    found = trusts(iter(chunks))
    assert (found.shape, found.dtype, np.isnan(found).all()) == ((2, 12), np.dtype(np.float64), True)


@pytest.mark.parametrize("execution", EXECUTIONS, ids=str)
def test_a_step_that_is_not_measured_goes_forward_once(execution: Execution) -> None:
    calls: list[None] = []

    def loss(params: object, state: object, batch: object, key: object, train: bool) -> object:
        jax.debug.callback(lambda value: calls.append(None), batch)
        return quadratic_loss(params, state, batch, key, train)

    train_loop = TrainLoop(GradientStep(loss, optax.sgd, probe=True), quadratic().feed, "cpu", execution, chunk=10)
    counts = {}
    for every in (0, EVERY):
        calls.clear()
        list(train_loop.train(LaneRun(quadratic_starts(2), constant([0.01, 0.02], 12), probe_every=every)))
        jax.effects_barrier()
        counts[every] = len(calls)
    assert counts[EVERY] / counts[0] == (12 + 12 / EVERY) / 12


@pytest.mark.parametrize("execution", EXECUTIONS, ids=str)
def test_a_lost_lane_has_no_trust_and_takes_none_from_others(execution: Execution) -> None:
    run = quadratic(execution, probe=True).train(
        LaneRun(quadratic_starts(2), constant([1e30, 0.03], 12), probe_every=1)
    )
    found = trusts(run)
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1]).all()


def test_chunks_hold_double_precision(square: TrainLoop) -> None:
    chunk: Chunk = next(square.train(LaneRun(quadratic_starts(1), constant([0.1], 3))))
    assert {chunk.loss.dtype, chunk.gradient_norm.dtype, chunk.update_norm.dtype} == {np.dtype(np.float64)}
