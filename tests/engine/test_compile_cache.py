"""Entries of the compile cache that are torn, changed, swapped or half written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from jax._src.lru_cache import LRUCache

from lrfind.engine.devices import Sealed

PROGRAM = bytes(range(256)) * 20

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "one byte": lambda content: content[:1],
    "torn": lambda content: content[: len(content) // 2],
    "without its end": lambda content: content[:-1],
    "zeros": lambda content: bytes(len(content)),
    "garbage": lambda content: b"garbage" * 500,
    "a flipped bit": lambda content: bytes([content[0] ^ 1]) + content[1:],
    "more at its end": lambda content: content + b"x",
    "as JAX alone writes it": lambda _: PROGRAM,
}


@pytest.fixture
def cache(tmp_path: Path) -> Sealed:
    return Sealed(LRUCache(str(tmp_path), max_size=2**20), tmp_path)


def test_what_was_put_is_got(cache: Sealed) -> None:
    assert cache.get("a") is None
    cache.put("a", PROGRAM)
    cache.put("a", b"other")
    assert cache.get("a") == PROGRAM


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_entry_is_not_there_and_is_written_anew(name: str, cache: Sealed, tmp_path: Path) -> None:
    cache.put("a", PROGRAM)
    entry = tmp_path / "a-cache"
    whole = entry.read_bytes()
    entry.write_bytes(DAMAGE[name](whole))
    assert cache.get("a") is None
    cache.put("a", PROGRAM)
    assert cache.get("a") == PROGRAM
    assert entry.read_bytes() == whole


def test_swapped_entries_are_not_there(cache: Sealed, tmp_path: Path) -> None:
    cache.put("a", PROGRAM)
    cache.put("b", PROGRAM[1:])
    one, other = (tmp_path / f"{key}-cache" for key in "ab")
    contents = one.read_bytes(), other.read_bytes()
    one.write_bytes(contents[1])
    other.write_bytes(contents[0])
    assert (cache.get("a"), cache.get("b")) == (None, None)


def test_a_kill_between_an_entry_and_its_date_stops_no_other(cache: Sealed, tmp_path: Path) -> None:
    cache.put("a", PROGRAM)
    (tmp_path / "a-atime").unlink()
    cache.put("b", PROGRAM)
    assert (cache.get("a"), cache.get("b")) == (PROGRAM, PROGRAM)


def test_what_cannot_be_read_or_written_is_no_reason_to_fail(cache: Sealed, tmp_path: Path) -> None:
    (tmp_path / "a-cache").mkdir()
    assert cache.get("a") is None
    cache.put("a", PROGRAM)
    (tmp_path / "a-cache").rmdir()
    (tmp_path / "b-atime").mkdir()
    cache.put("b", PROGRAM)
