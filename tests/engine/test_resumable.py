"""A recorded kernel: told again up to any place, it goes on as if it had never stopped, and trains no more than it
must."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lrfind.core.errors import RunError
from lrfind.core.result import Execution
from lrfind.engine.resumable import LazyStates, ResumableTrainLoop, structure
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import FIELDS, Chunk, LaneRun, ReplayLog, Trainer, packed, unpacked
from lrfind.storage.journal import to_json
from tests.support.tasks import SCAN_EACH, SCAN_VMAP, quadratic, quadratic_starts, walk, walk_starts

CHUNK = 4
RATES = np.repeat(np.geomspace(1e-3, 0.1, 10)[:, None], 2, axis=1)


class Memory:
    """Notes in memory: what was written, as JSON, and the states."""

    def __init__(self, lines: Sequence[str] = (), states: Mapping[int, list[Any]] | None = None, *, save: bool = True):
        self.lines, self.left, self.save = list(lines), [json.loads(line) for line in lines], save
        self.states = dict(states or {})
        self.told = {id(line): number for number, line in enumerate(self.left)}
        self.kept = list(self.left)

    def replay(self, kind: str) -> Mapping[str, Any] | None:
        return self.left.pop(0) if self.left else None

    def append(self, line: Mapping[str, Any], state: Sequence[Any] | None = None) -> None:
        if state is not None:
            self.states[len(self.lines)] = list(state)
        self.lines.append(to_json(line))

    def checkpoint_due(self, size: int) -> bool:
        return self.save

    def load_checkpoint(self, line: Mapping[str, Any]) -> list[Any] | None:
        return self.states.get(self.told[id(line)])


class Counting(Trainer):
    """A kernel that counts the steps that it trains."""

    def __init__(self, train_loop: TrainLoop) -> None:
        self.train_loop, self.steps = train_loop, 0

    def train(self, run: LaneRun) -> Iterator[Chunk]:
        for chunk in self.train_loop.train(run):
            self.steps += chunk.loss.shape[1]
            yield chunk


def story(train_loop: Trainer, starts: Sequence[Any]) -> tuple[list[Chunk], list[Any]]:
    """Ten steps, six more from where they ended, and five others from the start; the last states are looked at."""
    chunks = list(train_loop.train(LaneRun(starts, RATES, probe_every=4)))
    chunks += train_loop.train(LaneRun(chunks[-1].states, RATES[:6], start=10, probe_every=4))
    chunks += train_loop.train(
        LaneRun(starts, RATES[:5] / 3, seeds=[1, 0], label={"learning_rate": [1.0, 2.0], "steps": 5})
    )
    return chunks, list(chunks[-1].states)


LONG = 120
"""Legs, of which calls of calls would take two or three levels each."""

DEEP = 200
"""Levels of calls that there may be."""

LENGTHS = [4, 4, 2, 4, 2, 4, 1]


@pytest.fixture(scope="module", params=[SCAN_EACH, SCAN_VMAP], ids=["each", "vmap"])
def trained(request: pytest.FixtureRequest) -> tuple[TrainLoop, Sequence[Any], list[Chunk], list[Any], Memory]:
    execution: Execution = request.param
    train_loop, starts = walk(execution, chunk=CHUNK), walk_starts(2)
    memory = Memory()
    chunks, states = story(ResumableTrainLoop(train_loop, memory, "train", repeated), starts)
    plain, _ = story(train_loop, starts)
    same(chunks, plain)
    return train_loop, starts, chunks, [jax.tree.map(np.array, state) for state in states], memory


def repeated(kind: str, done: int, total: int) -> None:
    assert 0 <= done <= total > 0


def same(found: Sequence[Chunk], expected: Sequence[Chunk], fields: Sequence[str] = FIELDS) -> None:
    assert [chunk.start for chunk in found] == [chunk.start for chunk in expected]
    for one, other in zip(found, expected, strict=True):
        for name in fields:
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def same_states(found: Sequence[Any], expected: Sequence[Any]) -> None:
    for one, other in zip(jax.tree.leaves(list(found)), jax.tree.leaves(list(expected)), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


@pytest.mark.parametrize("told", range(8))
def test_cut_after_any_line_it_goes_on_to_the_same_bits(trained: Any, told: int) -> None:
    train_loop, starts, chunks, states, memory = trained
    for state in (None, *range(told)):
        counting = Counting(train_loop)
        kept = {state: memory.states[state]} if state is not None else {}
        notes = Memory(memory.lines[:told], kept)
        found, ends = story(ResumableTrainLoop(counting, notes, "train", repeated), starts)
        same(found, chunks)
        same_states(ends, states)
        assert notes.lines == memory.lines, "nothing is written twice"
        if state == told - 1 and told != 7:
            assert counting.steps == sum(LENGTHS[told:]), "nothing is trained twice"


def test_steps_since_the_state_are_trained_again_and_no_others(trained: Any) -> None:
    train_loop, starts, *_, memory = trained
    for told, state, again in [(2, 0, 4), (2, None, 8), (4, 3, 0), (4, 2, 4), (4, None, 14), (6, None, 4), (6, 2, 4)]:
        counting = Counting(train_loop)
        kept = {state: memory.states[state]} if state is not None else {}
        story(ResumableTrainLoop(counting, Memory(memory.lines[:told], kept), "train", repeated), starts)
        assert counting.steps == sum(LENGTHS[told:]) + again, (told, state)


def test_states_that_nobody_looks_at_are_not_trained(trained: Any) -> None:
    train_loop, starts, chunks, _, memory = trained
    counting = Counting(train_loop)
    recorded = ResumableTrainLoop(counting, Memory(memory.lines), "train", repeated)
    found = list(recorded.train(LaneRun(starts, RATES, probe_every=4)))
    same(found, chunks[:3])
    assert isinstance(found[-1].states, LazyStates)
    assert (len(found[-1].states), counting.steps) == (2, 0)
    same_states(found[-1].states, jax.tree.map(np.asarray, found[-1].states[:]))
    assert counting.steps == 10


def test_what_is_repeated_is_told_and_may_be_ended(trained: Any) -> None:
    train_loop, starts, *_, memory = trained
    said: list[tuple[str, int, int]] = []

    def repeat(*what: Any) -> None:
        said.append(what)
        if len(said) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        story(ResumableTrainLoop(train_loop, Memory(memory.lines[:3]), "sweep", repeat), starts)
    assert said == [("sweep", 0, 10), ("sweep", 4, 10), ("sweep", 8, 10)]


def test_fields_that_are_not_written_are_not_known(trained: Any) -> None:
    train_loop, starts, chunks, states, _ = trained
    memory = Memory()
    story(ResumableTrainLoop(train_loop, memory, "train", repeated, fields=("loss",)), starts)
    assert all("gradient_norm" not in line for line in memory.lines)
    notes = Memory(memory.lines[:6], {4: memory.states[4]})
    found, ends = story(ResumableTrainLoop(train_loop, notes, "train", repeated, fields=("loss",)), starts)
    same(found, chunks, fields=("loss",))
    assert np.isnan(found[0].gradient_norm).all()
    same_states(ends, states)


def test_trust_is_told_where_it_was_measured() -> None:
    train_loop = quadratic(chunk=CHUNK, probe=True)
    starts, memory = quadratic_starts(2), Memory()
    chunks = list(
        ResumableTrainLoop(train_loop, memory, "sweep", repeated).train(LaneRun(starts, RATES, probe_every=4))
    )
    assert np.isfinite(chunks[0].trust).any()
    assert len(json.loads(memory.lines[0])["trust"][0]) == 1
    same(
        list(
            ResumableTrainLoop(train_loop, Memory(memory.lines), "sweep", repeated).train(
                LaneRun(starts, RATES, probe_every=4)
            )
        ),
        chunks,
    )


def test_a_record_of_other_steps_is_refused(trained: Any) -> None:
    train_loop, starts, *_, memory = trained
    line = json.loads(memory.lines[0])
    others = [
        {**line, "start": 1},
        {**line, "learning_rate": line["learning_rate"][::-1]},
        {**line, "loss": line["loss"][:1]},
        {**line, "loss": [row * 4 for row in line["loss"]]},
        {**line, "loss": ["text"]},
        {**line, "gradient_norm": [[1.0]]},
        {key: line[key] for key in ("kind", "start")},
    ]
    for other in others:
        notes: ReplayLog = Memory([json.dumps(other)])
        with pytest.raises(RunError, match=r"the journal does not fit this run: .* step 0 of the sweep; start anew"):
            next(iter(ResumableTrainLoop(train_loop, notes, "sweep", repeated).train(LaneRun(starts, RATES))))


def test_a_record_that_does_not_repeat_is_refused(trained: Any) -> None:
    train_loop, starts, *_, memory = trained
    line = json.loads(memory.lines[1])
    line["loss"][1][2] = np.nextafter(line["loss"][1][2], 2)
    notes = Memory([memory.lines[0], json.dumps(line)])
    run = ResumableTrainLoop(train_loop, notes, "sweep", repeated).train(LaneRun(starts, RATES, probe_every=4))
    next(run)
    next(run)
    with pytest.raises(RunError, match="steps 4 to 7 of the sweep do not come out as the journal has them"):
        next(run)


def test_first_steps_are_checked_even_where_a_state_is_there(trained: Any) -> None:
    train_loop, starts, chunks, _, memory = trained
    for checked in (3, 99):
        counting = Counting(train_loop)
        run = ResumableTrainLoop(counting, Memory(memory.lines, memory.states), "train", repeated, checked=checked)
        same(story(run, starts)[0], chunks)
        assert counting.steps == min(checked, CHUNK), "once"
    line = json.loads(memory.lines[0])
    line["update_norm"][0][1] = np.nextafter(line["update_norm"][0][1], 2)
    notes = Memory([json.dumps(line), *memory.lines[1:]], memory.states)
    run = ResumableTrainLoop(train_loop, notes, "train", repeated, checked=3).train(
        LaneRun(starts, RATES, probe_every=4)
    )
    with pytest.raises(RunError, match="steps 0 to 2 of the train do not come out as the journal has them"):
        next(run)


def test_a_state_of_another_shape_is_left_aside(trained: Any) -> None:
    train_loop, starts, chunks, _, memory = trained
    for leaves in ([], memory.states[1][:-1], [leaf[..., :0] for leaf in memory.states[1]]):
        counting = Counting(train_loop)
        notes = Memory(memory.lines[:2], {1: leaves})
        same(story(ResumableTrainLoop(counting, notes, "train", repeated), starts)[0], chunks)
        assert counting.steps == sum(LENGTHS[2:]) + 8


def test_types_that_numpy_does_not_write() -> None:
    states = [{"a": jnp.array([1.5, -2.0], jnp.bfloat16), "b": jnp.int32(3), "c": (jnp.ones((2, 0)), True)}]
    leaves = [packed(leaf) for leaf in jax.tree.leaves(states)]
    assert all(leaf.dtype.isbuiltin == 1 for leaf in leaves)
    found = unpacked(leaves, structure(states))
    assert found is not None
    assert found[0]["a"].dtype == jnp.bfloat16
    np.testing.assert_array_equal(found[0]["a"], states[0]["a"])
    assert unpacked([*leaves, leaves[0]], structure(states)) is None
    assert unpacked([leaves[1], *leaves[1:]], structure(states)) is None


def test_a_long_chain_of_legs(trained: Any, request: pytest.FixtureRequest) -> None:
    """As where the loss lowers the rate between chunks: each leg begins where the one before it ends."""
    train_loop, starts, *_ = trained
    limit = sys.getrecursionlimit()
    request.addfinalizer(lambda: sys.setrecursionlimit(limit))
    sys.setrecursionlimit(len(traceback.extract_stack()) + DEEP)

    def chain(runs: Trainer, legs: int) -> Sequence[Any]:
        states = starts
        for leg in range(legs):
            (chunk,) = runs.train(LaneRun(states, RATES[:CHUNK], start=leg * CHUNK))
            states = chunk.states
        return states

    memory = Memory()
    ends = chain(ResumableTrainLoop(train_loop, memory, "train", repeated), LONG)
    counting = Counting(train_loop)
    same_states(chain(ResumableTrainLoop(counting, Memory(memory.lines[:-1]), "train", repeated), LONG), ends)
    assert counting.steps == LONG * CHUNK
    counting = Counting(train_loop)
    notes = Memory(memory.lines[:-1], {LONG - 10: memory.states[LONG - 10]})
    same_states(chain(ResumableTrainLoop(counting, notes, "train", repeated), LONG), ends)
    assert counting.steps == 9 * CHUNK
