"""Built-in parts of a config: data, the loss that fits them, network."""

from __future__ import annotations

from typing import Any

from lrfind.config.schema import Config
from lrfind.config.sections.data import TextData
from lrfind.core.dataset import Dataset
from lrfind.core.errors import InputError
from lrfind.core.registry import DATA, MODELS
from lrfind.task.data.batches import SPLIT_SEED
from lrfind.task.data.prepare import prepare
from lrfind.task.models.contract import Network


def load(config: Config) -> Dataset:
    """Load, check and split the config's built-in data or file.

    Raises:
        InputError: they cannot be trained on, do not go with the loss, or there is no memory for them.
    """
    try:
        return _load(config)
    except MemoryError:
        raise InputError("there is no memory for the data; take fewer rows, or 'name: npy'", key="data") from None


def _load(config: Config) -> Dataset:
    """Load the data, regardless of memory."""
    section, loss = config.data, config.loss if isinstance(config.loss, str) else None
    read = DATA[section.name].load()
    if isinstance(section, TextData):
        data: Dataset = read(section, context_of(section, config.model), loss)
        return data
    return prepared(section, read(section), loss)


def prepared(section: Any, arrays: Any, loss: str | None, last: int = 0) -> Dataset:
    """Check, split and scale arrays as a data section says.

    Args:
        section: data section of the config.
        arrays: inputs and targets.
        loss: name of a built-in loss; None for the one that fits.
        last: number of last rows to hold out; 0 for the section's share.

    Raises:
        InputError: the arrays cannot be trained on, or do not fit the loss.
    """
    return prepare(
        arrays,
        name=section.title,
        loss=loss,
        validation_fraction=section.validation_fraction,
        batch_size=section.batch_size,
        seed=SPLIT_SEED,
        standardize=section.standardize,
        last=last,
    )


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
