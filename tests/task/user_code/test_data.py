"""The user's batches for losses and networks that are built in: each oddity has a sentence, or works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from lrfind.core.errors import InputError
from lrfind.task.user_code.data import BatchFactory, Pairs, recognise
from lrfind.task.user_code.streamed import Streamed, hold, streamed

X = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
LABELS = np.array([0, 1, 2, 0, 1, 2])


def source(batches: Any, pairs: Pairs, held_out: Any = None) -> Streamed:
    made = recognise(batches, {}, "batches")
    assert isinstance(made, BatchFactory)
    others = None if held_out is None else recognise(held_out, {}, "others", "data.validation")
    return streamed(made, others, "batches", 0, [pairs])


def test_values_and_labels_have_one_form() -> None:
    mse = Pairs("mse", "mlp")
    (one,), (other,) = (source([(X, each)], mse).stream(0).take(1) for each in (X[:, 0], X[:, :1]))
    np.testing.assert_array_equal(one[1], other[1])
    assert one[1].shape == (6, 1)
    labels = Pairs(None, "mlp")
    (one,), (other,) = (source([(X, each)], labels).stream(0).take(1) for each in (LABELS, LABELS[:, None]))
    np.testing.assert_array_equal(one[1], other[1])
    assert (one[1].shape, one[1].dtype) == ((6,), np.int32)
    assert source([(X, LABELS)], mse).first(6)[1].dtype == np.float32
    held_out = source([(X, X[:, 0])], mse, (X, X[:, 0])).sample("validation", 6)
    assert held_out is not None
    assert held_out[0][1].shape == (6, 1)


@pytest.mark.parametrize(
    ("loss", "network", "batch", "message"),
    [
        (None, "mlp", (X, LABELS - 1), "has label -1; labels must run from 0 to classes - 1"),
        (None, "mlp", (X, np.stack([LABELS, LABELS], 1)), r"has labels int32\[6,2\]; mlp needs one label per row"),
        ("cross_entropy", "mlp", (X, X[:, 0]), r"has targets float32\[6\]; labels must be whole numbers"),
        ("binary_cross_entropy", "mlp", (X, LABELS), "has target 2; targets of binary_cross_entropy must be 0 or 1"),
        ("mse", "mlp", (X, X[:5, 0]), "has 6 rows of inputs and 5 rows of targets"),
        ("mse", "mlp", (X + 1j, X[:, 0]), r"has inputs complex64\[6,4\]; mlp reads real numbers"),
        ("mse", "mlp", (X, X[:, 0] + 1j), r"has targets complex64\[6\]; the built-in losses need real numbers"),
        ("mse", "mlp", (X, X[:, :, None]), r"has targets float32\[6,4,1\]; mlp needs shape \(rows,\) or"),
        ("mse", "mlp", (X, X[:, 0], X), r"a built-in network needs \(inputs, targets\)"),
        ("mse", "mlp", {"x": X, "y": X}, r"a built-in network needs \(inputs, targets\)"),
        ("mse", "cnn", (X, X[:, 0]), r"has inputs float32\[6,4\]; cnn reads images"),
        (None, "transformer", (X, LABELS), "transformer reads tokens"),
        ("mse", "mlp", (X[:0], X[:0, 0]), r"has no rows: \(float32\[0,4\], float32\[0\]\)"),
        ("mse", "mlp", (X.astype(object), X[:, 0]), "holds object at"),
        ("mse", "mlp", (X.astype(str), X[:, 0]), "holds <U32 at"),
        (None, "mlp", (X, LABELS + 2**40), r"holds 1099511627776 at \[1\], which is beyond int32"),
        (None, "mlp", (X, LABELS.astype(np.uint64) + np.uint64(2**63)), "which is beyond uint32"),
        # Of a network of the user's own, batches are only looked at.
        (None, None, (X, LABELS - 1), "has label -1; labels must run from 0"),
        ("mse", None, (X, X[:5, 0]), "has 6 rows of inputs and 5 rows of targets"),
    ],
)
def test_what_no_loss_can_read(loss: str | None, network: str | None, batch: Any, message: str) -> None:
    pairs = Pairs(loss, network)
    with pytest.raises(InputError, match=message) as caught:
        source([batch], pairs)
    assert str(caught.value).startswith("batch 0 of batches ")


def later(change: Callable[[int, Any], Any]) -> Callable[..., Iterator[Any]]:
    """Batches by seed and pass, of which some are changed."""

    def batches(seed: int, epoch: int) -> Iterator[Any]:
        for number in range(3):
            yield change(number + 3 * epoch, (X, LABELS))

    return batches


def test_labels_above_what_the_network_was_built_for() -> None:
    pairs = Pairs(None, "mlp")
    found = source(later(lambda number, batch: (X, LABELS + 4 * (number == 4))), pairs)
    assert pairs.outputs(found.stream(0).take(2)) == 3
    found.stream(0).stack(0, 4, 1)
    with pytest.raises(InputError, match=r"batch 1 of pass 2 of batches.* has label 6, and the network puts out 3"):
        found.stream(0).stack(3, 6, 1)


def test_labels_above_what_an_own_network_puts_out() -> None:
    made = recognise(later(lambda number, batch: (X, LABELS + 9 * (number == 2))), {}, "batches")
    assert isinstance(made, BatchFactory)
    found, pairs = streamed(made, None, "batches", 0), Pairs(None, None)
    hold(pairs, found, 5)
    with pytest.raises(InputError, match="has label 11, and the network puts out 5 numbers, for 0 to 4"):
        found.stream(0).stack(0, 3, 1)
    with pytest.raises(InputError, match="has label 2, and the network puts out 2 numbers"):
        hold(Pairs(None, None), streamed(made, None, "batches", 0), 2)


def test_another_shape_or_type_later() -> None:
    wide = source(later(lambda number, batch: (X.astype(np.int32) if number == 4 else X, LABELS)), Pairs(None, "mlp"))
    with pytest.raises(InputError, match=r"batch 1 of pass 2 of batches is \(int32.*, and the first is \(float32"):
        wide.stream(0).stack(0, 6, 1)


def test_another_shape_for_another_seed() -> None:
    begun: list[int] = []

    def batches(seed: int) -> Iterator[Any]:
        begun.append(seed)
        columns = 4 if seed == begun[0] else 3
        yield X[:, :columns], LABELS

    found = source(batches, Pairs(None, "mlp"))
    with pytest.raises(
        InputError, match=r"batch 0 of batches for seed \d+ is \(float32\[6,3\].*the first is \(float32\[6,4\]"
    ):
        found.stream(1).take(1)[0]


def test_tokens() -> None:
    pairs = Pairs(None, "transformer")
    windows = np.arange(12).reshape(3, 4)
    found = source([(windows, windows - (windows == 11))], pairs)
    assert pairs.outputs(found.stream(0).take(1)) == 12, "a token of the inputs counts as well"
    with pytest.raises(InputError, match="has token 13, and the network puts out 12"):
        pairs((windows + 2, windows), "batch 1", "data.target")
