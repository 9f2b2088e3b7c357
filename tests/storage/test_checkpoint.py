"""`state.npz`: arrays as they were, or nothing."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from lrfind.storage import replay

LEAVES = [np.arange(6, dtype=np.float32).reshape(2, 3), np.array(3), np.zeros((0, 2)), np.array([True]), np.uint16([7])]
LINE = '{"kind": "sweep", "sum": "00000000"}\n'


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "state.npz"
    with path.open("wb") as file:
        replay.save(file, LINE, LEAVES)
    return path


def test_it_comes_back(saved: Path) -> None:
    found = replay.load(saved)
    assert found is not None
    assert found.line == LINE.encode()
    assert len(found.leaves) == len(LEAVES)
    for leaf, was in zip(found.leaves, LEAVES, strict=True):
        assert leaf.dtype == was.dtype
        np.testing.assert_array_equal(leaf, was)


def test_more_than_ten_leaves_keep_their_order(tmp_path: Path) -> None:
    with (tmp_path / "s").open("wb") as file:
        replay.save(file, LINE, [np.array(number) for number in range(25)])
    found = replay.load(tmp_path / "s")
    assert found is not None
    assert [int(leaf) for leaf in found.leaves] == list(range(25))


def test_there_is_none(tmp_path: Path) -> None:
    assert replay.load(tmp_path / "state.npz") is None
    assert replay.load(tmp_path) is None


def test_cut_off_or_changed_it_is_no_state_or_the_right_one(saved: Path) -> None:
    raw = saved.read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(raw), 60):
        saved.write_bytes(raw[:place])
        assert replay.load(saved) is None
    for place in rng.integers(0, len(raw), 200):
        changed = bytearray(raw)
        changed[place] ^= 1 + int(rng.integers(255))
        saved.write_bytes(changed)
        found = replay.load(saved)
        if found is not None and len(found.leaves) == len(LEAVES):  # a byte that means nothing, as a date's
            for leaf, was in zip(found.leaves, LEAVES, strict=True):
                np.testing.assert_array_equal(leaf, was)


def test_pickles_are_not_read(tmp_path: Path) -> None:
    class Boom:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (exec, ("raise SystemExit('unpickled')",))

    path = tmp_path / "state.npz"
    path.write_bytes(pickle.dumps(Boom()))
    assert replay.load(path) is None
    objects = np.empty(1, object)
    objects[0] = Boom()
    np.savez(path, line=np.zeros(3, np.uint8), leaf_0=objects, allow_pickle=True)
    assert replay.load(path) is None
