"""Lines of a journal: what belongs to it is read back, to the bit, and nothing else is."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lrfind.storage import journal

LINES: list[dict[str, Any]] = [{"kind": "head", "n": 0}, {"kind": "sweep", "loss": [[0.1, 1e-300]]}, {"kind": "end"}]


def written(lines: list[dict[str, Any]]) -> list[bytes]:
    """The texts of lines, each after the one before."""
    found, mark = [], ""
    for line in lines:
        text, mark = journal.to_line(line, mark)
        found.append(text.encode())
    return found


def told(read: journal.Read) -> list[dict[str, Any]]:
    return [{key: value for key, value in line.items() if key != "sum"} for line in read.lines]


def test_what_was_written_is_read() -> None:
    raw = b"".join(written(LINES))
    read = journal.read(raw)
    assert told(read) == LINES
    assert (read.text, read.rejected_lines) == (raw, 0)
    assert [json.loads(line)["sum"] for line in raw.splitlines()] == [line["sum"] for line in read.lines]
    assert [journal.sum_of(line) for line in written(LINES)] == [line["sum"] for line in read.lines]


@given(st.lists(st.floats(), min_size=1), st.lists(st.floats(width=32), min_size=1))
def test_numbers_come_back_to_the_bit(doubles: list[float], singles: list[float]) -> None:
    row = [*doubles, *np.array(singles, np.float32).astype(np.float64).tolist()]
    (line,) = journal.read(b"".join(written([{"kind": "sweep", "loss": row}]))).lines
    found, given_ = np.array(line["loss"], np.float64), np.array(row)
    np.testing.assert_array_equal(found, given_)
    np.testing.assert_array_equal(np.signbit(found[given_ == 0]), np.signbit(given_[given_ == 0]))


@given(st.integers(0, 10**6))
def test_cut_anywhere_whole_lines_are_read(place: int) -> None:
    texts = written(LINES)
    raw = b"".join(texts)
    place %= len(raw) + 1
    read = journal.read(raw[:place])
    whole = sum(len(b"".join(texts[: n + 1])) <= place for n in range(len(texts)))
    assert told(read) == LINES[:whole]
    assert read.rejected_lines == 0
    assert raw.startswith(read.text)


@given(st.integers(0, 10**6), st.integers(1, 255))
@example(4076, 41)  # a space that becomes a tab
def test_a_changed_byte_costs_its_line_and_what_follows(place: int, change: int) -> None:
    texts = written(LINES)
    raw = bytearray(b"".join(texts))
    place %= len(raw)
    raw[place] ^= change
    line = sum(len(b"".join(texts[: n + 1])) <= place for n in range(len(texts)))
    assert told(journal.read(bytes(raw))) == LINES[:line]


@pytest.mark.parametrize(
    "other",
    [b"", b"hello", b"\xff\x00", b'{"kind": "sweep"}', b"[]", b"[" * 10_000, b"1" * 5000, written(LINES)[1].rstrip()],
    ids=["blank", "text", "bytes", "no sum", "list", "deep", "long number", "twice"],
)
def test_a_line_between_others_is_left_out(other: bytes) -> None:
    first, second, third = written(LINES)
    read = journal.read(first + second + other + b"\n" + third)
    assert told(read) == LINES
    assert (read.text, read.rejected_lines) == (first + second + third, 1)


def test_without_a_line_what_follows_means_nothing() -> None:
    first, _, third = written(LINES)
    read = journal.read(first + third)
    assert (told(read), read.rejected_lines) == (LINES[:1], 1)


def test_a_line_of_another_run_does_not_fit() -> None:
    first, second, _ = written(LINES)
    other = written([{"kind": "head", "n": 1}, LINES[1]])[1]
    assert other != second
    assert told(journal.read(first + other)) == LINES[:1]


def test_what_is_not_finite_is_a_string() -> None:
    line = {"kind": "x", "loss": [[math.nan, math.inf], (-math.inf, 1.5)], "deep": {"loss": math.nan}}
    (text,) = written([line])
    assert text.startswith(b'{"kind": "x", "loss": [["nan", "inf"], ["-inf", 1.5]], "deep": {"loss": "nan"}, "sum": "')
