"""Check that a built-in model can read the data."""

from __future__ import annotations

from lrfind.core.dataset import Dataset
from lrfind.core.errors import InputError

OF_IMAGES = frozenset({"cnn", "resnet"})
"""Models that read images."""

OF_TOKENS = frozenset({"transformer"})
"""Models that read tokens."""


def check(model: str, data: Dataset) -> None:
    """Refuse a model that cannot read the data.

    Args:
        model: name of a built-in model.
        data: data set.

    Raises:
        InputError: it cannot; the key is ``"model.name"``.
    """
    others = "linear, mlp, cnn or resnet" if is_image(data.input_shape) else "linear or mlp"
    shape = "x".join(map(str, data.input_shape))
    if data.kind == "text":
        if model not in OF_TOKENS:
            raise InputError(
                f"{model} reads numbers, and {data.name} is text, read as tokens; use transformer", key="model.name"
            )
    elif model in OF_TOKENS:
        raise InputError(
            f"{model} reads tokens, and the inputs of {data.name} are numbers, {shape} to a row; use {others}, or the "
            "data text",
            key="model.name",
        )
    elif model in OF_IMAGES and not is_image(data.input_shape):
        raise InputError(
            f"{model} reads images, (height, width, channels) or (height, width), and a row of inputs of {data.name} "
            f"is of shape {data.input_shape}; use linear or mlp, or give the inputs that shape",
            key="model.name",
        )


def is_image(shape: tuple[int, ...]) -> bool:
    """Return whether a row is (height, width, channels) or (height, width)."""
    return len(shape) in (2, 3)
