"""Batches of the user's own, by number."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfind.core.errors import InputError, OwnCodeError
from lrfind.task.user_code.batch_cache import MemoryBudget, Stream
from lrfind.task.user_code.data import BatchFactory, UserArrays, recognise
from lrfind.task.user_code.streamed import streamed


def passes(*lengths: int, rows: int = 4) -> Any:
    """A loader whose passes have so many batches, each of one number that tells pass and place."""

    def start(epoch: int) -> Iterator[Any]:
        for place in range(lengths[min(epoch, len(lengths) - 1)]):
            yield {"x": np.full((rows, 2), 100 * epoch + place), "weight": 1.0}

    return start


def places(stacked: Any) -> list[int]:
    return stacked["x"].reshape(-1, stacked["x"].shape[-2] * 2)[:, 0].tolist()


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 6)), max_size=8), st.sampled_from([0, 200, 10**6]))
def test_any_batch_in_any_order(asked: list[tuple[int, int]], room: int) -> None:
    """However little is kept, number n is always the same batch."""
    stream = Stream(passes(3), "loader", MemoryBudget(room), "k")
    for start, count in asked:
        wanted = [100 * (n // 3) + n % 3 for n in range(start, start + count)]
        assert places(stream.stack(start, start + count, 1)) == wanted


def test_shapes_and_types() -> None:
    stream = Stream(passes(5), "loader", MemoryBudget(), "k")
    stacked = stream.stack(1, 4, 1)
    assert stacked["x"].shape == (3, 4, 2)
    assert stacked["x"].dtype == np.int32, "what JAX has no type for becomes what it has"
    assert stacked["weight"].shape == (3,)
    assert stacked["weight"].dtype == np.float32
    grouped = stream.stack(1, 3, 2)
    assert grouped["x"].shape == (2, 2, 4, 2)
    assert places(grouped) == [2, 3, 4, 100]


def test_lanes_side_by_side_see_the_same_and_one_pass_is_made() -> None:
    begun: list[int] = []

    def start(epoch: int) -> Any:
        begun.append(epoch)
        return passes(100)(epoch)

    stream = Stream(start, "loader", MemoryBudget(0), "k")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: places(stream.stack(0, 50, 1)), range(8)))
    assert found == [list(range(50))] * 8
    assert begun == [0]


def test_what_is_kept_is_not_asked_for_again() -> None:
    rng = np.random.default_rng(0)
    stream = Stream(lambda epoch: [rng.normal(size=(2, 2)) for _ in range(6)], "shuffler", MemoryBudget(), "k")
    first = stream.stack(0, 20, 1)
    np.testing.assert_array_equal(stream.stack(5, 10, 1), first[5:10])
    np.testing.assert_array_equal(stream.stack(0, 20, 1), first)


@pytest.mark.parametrize("rows", [(3, 4), (4, 3), (3, 2)])
def test_a_batch_with_other_rows_in_one_of_its_arrays_is_refused(rows: tuple[int, int]) -> None:
    odd = np.zeros((rows[0], 2)), np.zeros(rows[1])
    whole = np.zeros((4, 2)), np.zeros(4)
    batches = Stream(lambda epoch: [whole, whole, odd if epoch else whole], "loader", MemoryBudget(), "data.target")
    with pytest.raises(InputError, match="batch 2 of pass 2 of loader is "):
        batches.stack(0, 6, 1)


def test_smaller_batches_are_left_out() -> None:
    ragged = [np.zeros((4, 2)), np.ones((4, 2)), np.ones((3, 2))]
    stream = Stream(lambda epoch: ragged, "loader", MemoryBudget(), "k")
    assert stream.stack(0, 4, 1)[:, 0, 0].tolist() == [0, 1, 0, 1]
    assert (stream.per_pass, stream.skipped, stream.count()) == (2, 1, 2)


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([np.zeros((4, 2)), np.zeros((4, 3))], r"batch 1 of loader is float32\[4,3\], and the first is float32\[4,2\]"),
        ([np.zeros((4, 2)), {"x": np.zeros((4, 2))}], r"batch 1 of loader is \{'x': float32\[4,2\]\}"),
        ([np.zeros((4, 2)), np.zeros((3, 2)), np.zeros((3, 2))], "most batches of loader are smaller than its first"),
        ([np.zeros((4, 2)), np.array(["a"] * 4)], "batch 1 of loader holds <U1"),
        ([{"x": "text"}], r"batch 0 of loader holds a str at \['x'\]"),
        ([1.0, 2.0], "loader gives float32"),
        ([], "loader gave no batch"),
    ],
)
def test_batches_that_will_not_do(batches: list[Any], message: str) -> None:
    stream = Stream(lambda epoch: batches, "loader", MemoryBudget(), "data.target")
    with pytest.raises(InputError, match=message) as caught:
        stream.stack(0, 3, 1)
    assert caught.value.key == "data.target"


def test_a_loader_that_raises() -> None:
    def start(epoch: int) -> Iterator[Any]:
        yield np.zeros((2, 2))
        raise OSError("the file is gone")

    with pytest.raises(
        OwnCodeError, match=r"loader raised OSError: the file is gone\n  .*test_batch_cache.py:.*, in start"
    ) as caught:
        Stream(start, "loader", MemoryBudget(), "k").stack(0, 2, 1)
    assert isinstance(caught.value.__cause__, OSError)


def test_a_loader_that_runs_once() -> None:
    once = iter([np.zeros((2, 2))])
    with pytest.raises(InputError, match="gave no batch when it was begun again"):
        Stream(lambda epoch: once, "loader", MemoryBudget(), "k").stack(0, 2, 1)


def test_data_without_an_end_has_no_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrfind.task.user_code.batch_cache.MOST", 20)
    stream = Stream(lambda epoch: repeat(np.zeros((2, 2))), "loader", MemoryBudget(), "k")
    with pytest.raises(InputError, match=r"more than 20 batches and did not end; give train\.steps") as caught:
        stream.count()
    assert caught.value.key == "train.epochs"


X, Y = np.arange(12.0).reshape(6, 2), np.arange(6)


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ((X, Y), UserArrays),
        (X, UserArrays),
        ({"a": X, "b": (Y, Y)}, UserArrays),
        ({"train": (X, Y), "validation": (X, Y)}, UserArrays),
        (lambda: (X, Y), UserArrays),
        (lambda rows=3: (X[:rows], Y[:rows]), UserArrays),
        ([(X, Y), (X, Y)], BatchFactory),
        (lambda: [(X, Y)], BatchFactory),
        (lambda: iter([(X, Y)]), BatchFactory),
        (lambda seed: iter([(X, Y)]), BatchFactory),
        (lambda epoch: [(X, Y)], BatchFactory),
    ],
)
def test_what_data_is(found: Any, kind: type) -> None:
    assert isinstance(recognise(found, {}, "batches"), kind)


def test_a_seed_makes_a_difference_and_a_warning_where_it_makes_none() -> None:
    def batches(seed: int, scale: float) -> Iterator[Any]:
        rng = np.random.default_rng(seed)
        while True:
            yield scale * rng.normal(size=(3, 2)), np.zeros(3)

    made = recognise(batches, {"scale": 2.0}, "batches")
    assert isinstance(made, BatchFactory)
    source = streamed(made, None, "batches", seed=0)
    assert source.notes == ()
    assert not np.array_equal(source.stream(0).take(1)[0][0], source.stream(1).take(1)[0][0])
    again = streamed(made, None, "batches", seed=0)
    np.testing.assert_array_equal(source.stream(1).take(1)[0][0], again.stream(1).take(1)[0][0])
    assert source.digest() == again.digest() != streamed(made, None, "batches", seed=1).digest()
    plain = recognise([(X, Y)] * 3, {}, "batches")
    assert isinstance(plain, BatchFactory)
    same = streamed(plain, None, "batches", seed=0)
    assert same.stream(0) is same.stream(1)
    assert "gives every seed the same batches in the same order" in same.notes[0]


def test_what_is_held_out() -> None:
    made = recognise([(X, Y)] * 3, {}, "batches")
    assert isinstance(made, BatchFactory)
    none = streamed(made, None, "batches", 0)
    assert none.sample("validation", 10) is None
    assert len(none.sample("train", 12) or []) == 2
    assert len(none.sample("train", 1000) or []) == 3, "no more than a pass has"
    held_out = recognise((np.zeros((20, 2)), np.zeros(20, int)), {}, "others")
    rows = streamed(made, held_out, "batches", 0)
    assert [len(part[0]) for part in rows.sample("validation", 14) or []] == [6, 6]
    with pytest.raises(InputError, match="they must agree but for the rows") as caught:
        streamed(made, recognise((np.zeros((20, 3)), np.zeros(20, int)), {}, "others"), "batches", 0)
    assert caught.value.key == "data.validation"
