"""Text: the shipped book's facts, windows, the contiguous split, and every refusal."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lrfind.core.dataset import Dataset
from lrfind.core.errors import InputError
from lrfind.task.data.sets import TOKENS, read
from lrfind.task.data.sets import text as load


def text(path: Path | None, context: int = 4, loss: str | None = None, **options: Any) -> Dataset:
    given = {"path": None if path is None else str(path), "batch_size": 2, "validation_fraction": 0.25, "title": "mine"}
    return load(SimpleNamespace(**{**given, **options}), context, loss)


@pytest.fixture
def alphabet(tmp_path: Path) -> Path:
    path = tmp_path / "alphabet.txt"
    path.write_bytes(b"abcdefghijklmnopqrstuvwxyz")
    return path


def test_the_shipped_book() -> None:
    book = read(None)
    assert book.dtype == np.uint8
    assert len(book) == 148_410
    assert book.max() < 128
    assert b"\r" not in book.tobytes()
    words = book.tobytes().decode("ascii")
    assert words.split()[:4] == ["ALICE'S", "ADVENTURES", "IN", "WONDERLAND"]
    assert words.count("Alice") == 395
    assert words.rstrip().endswith("THE END")


def test_its_bytes_follow_from_those_before() -> None:
    """A pair of bytes says more of the second than its share in the text does: there is something to learn."""
    book = read(None)
    pairs = np.histogram2d(book[:-1], book[1:], bins=TOKENS, range=[[0, TOKENS], [0, TOKENS]])[0]
    shares = pairs / pairs.sum()

    def entropy(share: Any) -> float:
        return float(-(share[share > 0] * np.log(share[share > 0])).sum())

    alone, given = entropy(shares.sum(axis=0)), entropy(shares) - entropy(shares.sum(axis=1))
    assert alone == pytest.approx(3.1, abs=0.1)
    assert given == pytest.approx(2.35, abs=0.1)


def test_every_token_but_the_first_is_predicted_once(alphabet: Path) -> None:
    found = text(alphabet)
    assert (found.kind, found.outputs, found.name, found.input_shape) == ("text", 256, "mine", (4,))
    held_out = found.validation
    assert held_out is not None
    inputs, targets = (
        np.concatenate([getattr(part, role) for part in (found.train, held_out)]) for role in ("inputs", "targets")
    )
    assert (inputs.dtype, inputs.shape, targets.shape) == (np.uint8, (6, 4), (6, 4))
    assert inputs.tobytes() == b"abcdefghijklmnopqrstuvwx"
    assert targets.tobytes() == b"bcdefghijklmnopqrstuvwxy"


def test_the_end_is_held_out(alphabet: Path) -> None:
    found = text(alphabet)
    assert found.validation is not None
    assert (found.train.rows, found.validation.rows) == (4, 2)
    assert found.validation.inputs[0].tobytes() == b"qrst"
    assert text(alphabet, validation_fraction=0).validation is None


def test_a_whole_window_needs_the_token_after_it(tmp_path: Path) -> None:
    path = tmp_path / "t"
    for size, windows in ((8, 1), (9, 2), (12, 2), (13, 3)):
        path.write_bytes(bytes(range(size)))
        assert text(path, batch_size=1, validation_fraction=0).train.rows == windows


def test_any_bytes_are_tokens(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_bytes(bytes(range(256)))
    assert text(path, 255, validation_fraction=0, batch_size=1).train.targets.max() == 255


def test_refusals(tmp_path: Path, alphabet: Path) -> None:
    (tmp_path / "empty").touch()
    for path, message in (
        (tmp_path / "gone.txt", "there is no file"),
        (tmp_path, "is a directory; name a text file"),
        (tmp_path / "empty", "is empty"),
    ):
        with pytest.raises(InputError, match=message) as caught:
            text(path)
        assert caught.value.key == "data.path"
    with pytest.raises(InputError, match="token by token, which mse cannot judge; use cross_entropy") as caught:
        text(alphabet, loss="mse")
    assert caught.value.key == "loss"
    assert text(alphabet, loss="cross_entropy").train.rows == 4


def test_a_text_that_does_not_fit_into_memory(tmp_path: Path) -> None:
    (tmp_path / "d.txt").touch()
    os.truncate(tmp_path / "d.txt", 2**43)
    with pytest.raises(InputError, match=r"d\.txt takes 8,796\.1 GB, and there is no memory for it; use a shorter"):
        text(tmp_path / "d.txt")


def test_too_short_a_text_says_what_there_is(alphabet: Path) -> None:
    with pytest.raises(InputError) as caught:
        text(alphabet, batch_size=5)
    assert caught.value.key == "data.batch_size"
    assert str(caught.value) == (
        "a batch of 5 needs as many windows of 4 tokens to train on, and there are 4 (26 bytes, of 6 windows 2 held "
        "out); use a smaller batch_size, a smaller context or a longer text"
    )
    with pytest.raises(InputError, match="and there is no whole window "):
        text(alphabet, 1000)
    with pytest.raises(InputError, match="and there is 1 "):
        text(alphabet, 25)
