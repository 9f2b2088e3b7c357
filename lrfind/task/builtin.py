"""Built-in parts of a config: data, the loss that fits them, network."""

from __future__ import annotations

from typing import Any

from lrfind.config.schema import Config
from lrfind.config.sections.data import TextData
from lrfind.core.dataset import Dataset
from lrfind.core.errors import InputError
from lrfind.core.registry import DATA, MODELS
from lrfind.task.data.prepare import prepare
from lrfind.task.models.contract import Network


def load(config: Config) -> Dataset:
    """Load, check and split the config's built-in data or file.

    Raises:
        InputError: they cannot be trained on, do not go with the loss, or there is no memory for them.
    """
    section, loss = config.data, config.loss if isinstance(config.loss, str) else None
    read = DATA[section.name].load()
    try:
        if isinstance(section, TextData):
            data: Dataset = read(section, context_of(section, config.model), loss)
            return data
        return prepare(read(section), section, loss)
    except MemoryError:
        raise InputError("there is no memory for the data; take fewer rows, or 'name: npy'", key="data") from None


def loss_of(data: Dataset) -> str:
    """Return the name of the loss that fits the targets."""
    return "mse" if data.kind == "regression" else "cross_entropy"


def network_of(config: Config, input_shape: tuple[int, ...], outputs: int) -> Network:
    """Return the config's built-in network."""
    options = config.model.model_dump(exclude={"name"})
    network: Network = MODELS[config.model.name].load()(options, input_shape, outputs)
    return network


def context_of(section: TextData, model: Any) -> int:
    """Return the tokens per window of text: the config's number, or the largest that the model can read.

    Raises:
        InputError: nobody says, or a window is longer than what the model can see.
    """
    wanted = section.context
    longest: Any = getattr(model, "context", None)
    if wanted is None and longest is None:
        raise InputError(
            f"{model.name} reads numbers, and {section.title} is text, read as tokens; use transformer",
            key="model.name",
        )
    if wanted is not None and longest is not None and wanted > longest:
        raise InputError(f"must be at most the model's context, {longest:,}; got {wanted:,}", key="data.context")
    return int(longest) if wanted is None else wanted
