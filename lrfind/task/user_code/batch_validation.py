"""Check a user's batches against a built-in loss and network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lrfind.core.errors import InputError
from lrfind.task.data.targets import BINARY_LOSSES, LABEL_LOSSES
from lrfind.task.models.layers import OF_IMAGES, OF_TOKENS, is_image
from lrfind.task.user_code.pytrees import Tree, is_pair
from lrfind.task.user_code.sources import Streamed
from lrfind.task.user_code.tracebacks import shape_of


@dataclass
class Pairs:
    """Check of batches ``(inputs, targets)`` against the loss.

    Attributes:
        loss: name of a built-in loss; None for what fits the targets.
        network: name of a built-in network; None for a user's, which reads any pytree of inputs as it is.
        limit: outputs of the network, above all labels and tokens; None while unknown.
        counted: number of batches in which the outputs were counted.
    """

    loss: str | None
    network: str | None
    limit: int | None = None
    counted: int = 0

    def __call__(self, batch: Tree, what: str, key: str) -> Tree:
        """Return the batch, converted for a built-in network: labels of shape (rows,), values of (rows, outputs).

        Args:
            batch: arrays.
            what: name in messages.
            key: config key of the reference.

        Raises:
            InputError: the loss, or the network, cannot read it.
        """
        try:
            return self._read(batch)
        except InputError as error:
            raise InputError(f"{what} {error}", key=error.key or key) from None

    def is_labels(self, targets: Any) -> bool:
        """Return whether targets are labels to the loss."""
        return self.loss in LABEL_LOSSES or (self.loss is None and targets.dtype.kind in "biu")

    def outputs(self, batches: list[Tree]) -> int:
        """Return the number of outputs that a network needs for some batches, and set `limit`."""
        self.counted = len(batches)
        _, targets = batches[0]
        if not self.is_labels(targets) or targets.dtype.kind not in "biu":
            return int(targets.shape[-1]) if targets.ndim > 1 else 1
        read = [array for pair in batches for array in (pair if self.network in OF_TOKENS else pair[1:])]
        self.limit = max(int(array.max()) for array in read) + 1
        return self.limit

    def _read(self, batch: Tree) -> Tree:
        """Return the batch as `__call__` does; errors say what it is or has, and leave out its name."""
        arrays = batch if self.network is not None else batch[1:] if is_pair(batch) else ()
        if not (is_pair(batch) and all(hasattr(array, "dtype") and array.ndim > 0 for array in arrays)):
            if self.network is None:
                return batch  # Refused, if at all, where the network is looked at.
            raise InputError(
                f"is {shape_of(batch)}; a built-in network needs (inputs, targets), one array each, with one row per "
                "example"
            )
        inputs, targets = batch
        if getattr(inputs, "shape", targets.shape)[:1] != targets.shape[:1]:
            raise InputError(
                f"has {_rows(inputs)} of inputs and {_rows(targets)} of targets: {shape_of(batch)}; both need one row "
                "per example"
            )
        if self.network is not None and inputs.dtype.kind == "c":
            raise InputError(f"has inputs {shape_of(inputs)}; {self.network} reads real numbers")
        if self.network in OF_IMAGES and not is_image(inputs.shape[1:]):
            raise InputError(
                f"has inputs {shape_of(inputs)}; {self.network} reads images, of shape (rows, height, width) or "
                "(rows, height, width, channels); use linear or mlp, or give them that shape",
                key="model.name",
            )
        read = self._labels if self.is_labels(targets) else self._values
        return inputs, read(inputs, targets)

    def _labels(self, inputs: Any, targets: Any) -> Any:
        """Return targets that are labels: for a built-in network int32, of shape (rows,) unless it reads tokens."""
        if targets.dtype.kind not in "biu":
            raise InputError(
                f"has targets {shape_of(targets)}; labels must be whole numbers (for values use 'loss: mse')"
            )
        if self.network is not None:
            targets = targets.astype(np.int32)
        if self.network in OF_TOKENS:
            if inputs.dtype.kind not in "iu" or inputs.ndim != 2 or inputs.shape != targets.shape:
                raise InputError(
                    f"is {shape_of((inputs, targets))}; {self.network} reads tokens: whole numbers of shape "
                    "(rows, tokens), inputs and targets alike"
                )
            self._within(inputs, "token")
        elif self.network is not None:
            targets = targets[:, 0] if targets.shape[1:] == (1,) else targets
            if targets.ndim != 1:
                raise InputError(
                    f"has labels {shape_of(targets)}; {self.network} needs one label per row, shape (rows,)"
                )
        self._within(targets, "label")
        return targets

    def _within(self, numbers: Any, noun: str) -> None:
        """Refuse what no output of the network stands for."""
        if numbers.size == 0 or numbers.dtype.kind == "b":
            return
        lowest, highest = int(numbers.min()), int(numbers.max())
        if lowest < 0:
            raise InputError(f"has {noun} {lowest}; {noun}s must run from 0 to classes - 1")
        if self.limit is not None and highest >= self.limit:
            known = f"the network puts out {self.limit} numbers, for 0 to {self.limit - 1}"
            if self.network is not None:
                known += f", the highest of the first {self.counted} batches; let one of them hold the highest of all"
            raise InputError(f"has {noun} {highest}, and {known}")

    def _values(self, inputs: Any, targets: Any) -> Any:
        """Return targets that are numbers, float32 of shape (rows, outputs) for a built-in network."""
        del inputs
        if self.network in OF_TOKENS:
            raise InputError(f"has targets {shape_of(targets)}; {self.network} predicts tokens")
        if targets.dtype.kind == "c":
            raise InputError(f"has targets {shape_of(targets)}; the built-in losses need real numbers")
        if self.loss in BINARY_LOSSES and not ((targets == 0) | (targets == 1)).all():
            bad = targets[(targets != 0) & (targets != 1)].ravel()[0]
            raise InputError(f"has target {bad}; targets of {self.loss} must be 0 or 1")
        if self.network is None:
            return targets
        if targets.ndim > 2:
            raise InputError(f"has targets {shape_of(targets)}; {self.network} needs shape (rows,) or (rows, outputs)")
        return (targets[:, None] if targets.ndim == 1 else targets).astype(np.float32)


def hold(pairs: Pairs, batches: Streamed, outputs: int) -> None:
    """Hold the user's batches against a network of their own: those that were looked at, and all that come.

    Args:
        pairs: check of the batches.
        batches: the user's batches.
        outputs: number of outputs of the network.

    Raises:
        InputError: one does not fit.
    """
    if pairs.is_labels(batches.example[1]):
        pairs.limit = outputs
    for number, batch in enumerate(batches.stream(0).take(max(1, pairs.counted))):
        pairs(batch, f"batch {number} of {batches.title}", "data.target")
    batches.fits.append(pairs)


def _rows(array: Any) -> str:
    """Return the number of rows of an array in words."""
    count = array.shape[0] if array.ndim else 0
    return "1 row" if count == 1 else f"{count:,} rows"
