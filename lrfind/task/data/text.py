"""`text`: a text's bytes as tokens; the shipped book, or a file of the user's.

The book is "Alice's Adventures in Wonderland" by Lewis Carroll (Charles Lutwidge Dodgson, 1832-1898), London 1865: in
the public domain. Typed as in `alice29.txt` of the Canterbury corpus (Arnold & Bell 1997, "A corpus for the evaluation
of lossless compression algorithms"), without the line that names an edition, and with plain line ends.
"""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Dataset, Split
from lrfind.core.errors import InputError
from lrfind.task.data.files import check_room, opened
from lrfind.task.data.targets import LABEL_LOSSES

TOKENS = 256
"""Number of different bytes."""


def load(section: Any, context: int, loss: str | None) -> Dataset:
    """Return adjacent windows of tokens; each token's target is the next token, so all but the first are targets once.

    Args:
        section: ``path``, None for the shipped book; ``batch_size``; ``validation_fraction``, held out at the end.
        context: number of tokens of a window.
        loss: a name of `LOSSES`; None to take what fits.

    Returns:
        Inputs and targets of shape (windows, context), uint8.

    Raises:
        InputError: no such file, too short a text, or a loss that tokens do not go with.
    """
    if loss is not None and loss not in LABEL_LOSSES:
        raise InputError(
            f"text is predicted token by token, which {loss} cannot judge; use cross_entropy, or leave loss out",
            key="loss",
        )
    tokens = read(section.path)
    rows = (len(tokens) - 1) // context
    held_out = round(section.validation_fraction * rows)
    kept = rows - held_out
    if kept < section.batch_size:
        have = "is no whole window" if kept < 1 else f"{'is' if kept == 1 else 'are'} {kept:,}"
        raise InputError(
            f"a batch of {section.batch_size} needs as many windows of {context:,} tokens to train on, and there "
            f"{have} ({len(tokens):,} bytes, of {rows:,} windows {held_out:,} held out); use a smaller batch_size, a "
            "smaller context or a longer text",
            key="data.batch_size",
        )
    inputs, targets = (tokens[at : at + rows * context].reshape(rows, context) for at in (0, 1))
    return Dataset(
        section.title,
        Split(inputs[:kept], targets[:kept]),
        Split(inputs[kept:], targets[kept:]) if held_out else None,
        "text",
        TOKENS,
    )


def read(path: str | None) -> NDArray[np.uint8]:
    """Return all bytes of a file, or of the shipped book where the path is None.

    Raises:
        InputError: the file cannot be read, is empty, or does not fit into memory.
    """
    if path is None:
        return np.frombuffer((files("lrfind.task.data") / "alice.txt").read_bytes(), np.uint8)
    with opened(Path(path), "data.path", "a text file") as file:
        try:
            check_room(os.fstat(file.fileno()).st_size, path, "data.path", "use a shorter text")
            content = file.read()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}", key="data.path") from None
    if not content:
        raise InputError(f"{path} is empty", key="data.path")
    return np.frombuffer(content, np.uint8)
